/**
 * What is decided at the Redis server, so that bridges of one room agree, however many there are and whenever one stops: each script
 * is one step that nothing comes between. Times are milliseconds. A bridge holds the room for a while and says so again and again; only
 * the holder takes commands and tells notices.
 */

/**
 * Takes or keeps the room, where nobody else has it; with `wants` 0 gives it back. `known`: the last block that this bridge knows to be
 * told; it counts where the server knows none, being new to the room, or having lost its memory.
 *
 * Keys: holder, last. Arguments: bridge, for how long, known, wants. Answers the holder and the last block, each '' where there is none.
 */
export const hold = `
local holder = redis.call('GET', KEYS[1])
if ARGV[4] == '0' then
  if holder == ARGV[1] then redis.call('DEL', KEYS[1]); holder = false end
elseif not holder or holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  holder = ARGV[1]
end
local last = redis.call('GET', KEYS[2])
if not last and holder == ARGV[1] and ARGV[3] ~= '' then
  redis.call('SET', KEYS[2], ARGV[3])
  last = ARGV[3]
end
return { holder or '', last or '' }`

/**
 * Tells the notices of a block, with the names that lots have from it on, and that it is told: all at once, and once.
 *
 * Keys: holder, last, products. Arguments: bridge, last block before, this block, channel of bridges, what is said there, channel of
 * notices, how many names, then field and value of each, then the notices. Answers whether the bridge held the room, and the last block.
 */
export const tell = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return { 0, redis.call('GET', KEYS[2]) or '' } end
local last = redis.call('GET', KEYS[2])
if last ~= ARGV[2] then return { 1, last or '' } end
redis.call('SET', KEYS[2], ARGV[3])
local at = 8
for _ = 1, tonumber(ARGV[7]) do
  redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
  at = at + 2
end
for index = at, #ARGV do redis.call('PUBLISH', ARGV[6], ARGV[index]) end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return { 1, ARGV[3] }`

/**
 * Takes one command, as the holder: the other bridges forget it, and it is kept until it is settled. A command with an id of its own is
 * its peer's for a day, since only that one finds it in the log by its request.
 *
 * Keys: holder, open commands, products, the id. Arguments: bridge, entry, its text, channel of bridges, what is said there, peer or ''
 * (no id), for how long the id is kept, field and value of the lot's name or ''. Answers `mine`, `elsewhere` (another peer had the id)
 * or `no` (another bridge holds the room).
 */
export const claim = `
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 'mine' end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'no' end
redis.call('PUBLISH', ARGV[4], ARGV[5])
if ARGV[6] ~= '' then
  local owner = redis.call('GET', KEYS[4])
  if owner and owner ~= ARGV[6] then return 'elsewhere' end
  redis.call('SET', KEYS[4], ARGV[6], 'PX', ARGV[7])
end
if ARGV[8] ~= '' then redis.call('HSET', KEYS[3], ARGV[8], ARGV[9]) end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 'mine'`

/**
 * A command is done with. What is said about it is said once: by whoever finds it open, or, where it asks for the first time, by a
 * bridge whose server has lost its memory.
 *
 * Keys: open commands. Arguments: entry, channel of notices, notice or '', whether this may have run before.
 */
export const settle = `
local was = redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[3] ~= '' and (was == 1 or ARGV[4] == '0') then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return was`

/**
 * Refuses a command that nobody has taken in its time, where no bridge holds the room.
 *
 * Keys: holder. Arguments: channel of bridges, what is said there, channel of notices, notice. Answers 1 if it was refused here.
 */
export const refuse = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('PUBLISH', ARGV[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1`
