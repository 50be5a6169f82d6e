import { randomUUID } from 'node:crypto'
import type { Language } from '../../gateway/texts.ts'
import { createIntake } from './intake.ts'
import { openPeerLink, type PeerLink } from './peer-link.ts'
import { commandChannel, createPost, holdMillis, type Post, readWord } from './post.ts'
import { openRedis, RedisRefused } from './redis.ts'
import { createTeller, type Teller } from './teller.ts'
import { bridgeTextsOf } from './texts.ts'

/**
 * Joins a room and a Redis server: commands of the channel `comando-leilao` go into the room, and what happens to its lots is told on
 * `notificacao-leilao`. It holds nothing that is not in the log or at the server, so that it can be ended at any time and started again;
 * of several of one room one does the work, and the others stand by.
 */
export interface Bridge {
  /** Of the Redis server, without its password. */
  readonly address: string
  readonly room: string
  counters(): BridgeCounters
  /** Rejects, with a `RedisRefused`, where it can go on no more. Never resolves. */
  readonly failed: Promise<never>
  /** Takes no more commands, settles those that it took, and gives the room to the next one. */
  stop(): Promise<void>
}

export interface BridgeCounters {
  /** Messages of the channel; those that another bridge took are among them. */
  readonly commands: number
  readonly done: number
  readonly refused: number
  /** There were too many at once: nobody was told. */
  readonly dropped: number
  readonly notices: number
}

/** `working`: this bridge does the work; `standing-by`: another one does. */
export type BridgeState = 'working' | 'standing-by' | 'redis-gone' | 'redis-back' | 'peer-gone' | 'peer-back'

export interface BridgeOptions {
  readonly url: string
  /** Folder of the running peer. */
  readonly profile: string
  readonly language: Language
  /** Whose account it is where a command names none. */
  readonly account: string | undefined
  onState(state: BridgeState): void
}

/** So often, in milliseconds, a bridge says that it is there, and looks whether another one is. */
const tickMillis = holdMillis / 5
const backOffMillisMin = 200
const backOffMillisMax = 3_000
/** How long what was begun may take at the end, in milliseconds. */
const endMillis = 4_000

/** Rejects where there is no peer, or no server, or either lets us not in: later on it waits for both. */
export async function startBridge({ url, profile, language, account, onState }: BridgeOptions): Promise<Bridge> {
  const texts = bridgeTextsOf(language)
  const id = randomUUID()
  const counters = { commands: 0, done: 0, refused: 0, dropped: 0, notices: 0 }
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted

  const redis = await openRedis(url)
  redis.refused.catch(failed.reject)
  let link: PeerLink | undefined
  let post: Post
  let teller: Teller
  try {
    link = await openPeerLink(profile)
    post = createPost(redis, link.room.id, id)
  } catch (error) {
    redis.close()
    throw error
  }
  const room = link.room.name
  /** The last block of this room that is known to be told. */
  let told: number | undefined
  let hasQuorum = false
  /** All that holders before took was heard of. */
  let hasBegun = false
  let state: 'working' | 'standing-by' | undefined

  const show = (now: typeof state): void => {
    if (now !== undefined && now !== state) onState(now)
    state = now
  }
  const pause = (): void => {
    hasBegun = false
    intake.pause()
    teller.pause()
  }
  const onLost = (): void => {
    pause()
    show('standing-by')
  }
  const onFailed = (error: unknown): void => {
    if (error instanceof RedisRefused) failed.reject(error)
    // The peer is gone, or about to be found so; whatever it was, the next start of both reads on from what is told.
    else link?.close()
  }
  const intake = createIntake({ texts, account, counters, link: () => link, post: () => post, onLost, onFailed })

  const onWord = (text: string): void => {
    const word = readWord(text)
    if (word === undefined) return
    if ('taken' in word) {
      if (word.by !== id) intake.forget(word.taken)
    } else if ('told' in word) told = Math.max(told ?? 0, word.told)
    else if (word.begins === id && state === 'working' && !hasBegun) {
      hasBegun = true
      intake.begin()
    }
  }

  /** Everything of one start of the peer. */
  const enter = (now: PeerLink): void => {
    hasQuorum = now.hasQuorum
    teller = createTeller({
      ...{ link: now, post, texts, onLost, onFailed },
      onTold(block, notices) {
        told = block
        counters.notices += notices
      },
    })
    now.onNews((news) => {
      if (news === 'gap' || 'block' in news) teller.hear(news)
      else {
        hasQuorum = news.quorum
        void tick()
      }
    })
  }

  let isTicking = false
  const tick = async (): Promise<void> => {
    if (isTicking) return
    isTicking = true
    try {
      if (!redis.isThere) return
      const now = link
      const wants = now !== undefined && hasQuorum && !isStopping()
      const { holds, last } = await post.hold(told ?? now?.commit, wants)
      if (!holds && state !== 'standing-by') onLost()
      if (holds && state !== 'working' && now !== undefined && now === link && last !== undefined) {
        show('working')
        teller.begin(last, told ?? last)
      }
      if (state === 'working' && !hasBegun) await post.say({ begins: id })
      if (!holds && last !== undefined) told = last
      await intake.sweep()
    } catch (error) {
      if (!isStopping()) onFailed(error)
    } finally {
      isTicking = false
    }
  }

  const stayWithPeer = async (): Promise<void> => {
    while (!isStopping()) {
      await Promise.race([link?.gone, aborted(stopping.signal)])
      if (isStopping()) return
      pause()
      link = undefined
      state = undefined
      onState('peer-gone')
      void tick()
      const next = await comeBack(profile, stopping.signal)
      if (next === undefined) return
      const before = post
      const fresh = createPost(redis, next.room.id, id)
      if (fresh.channel !== before.channel) {
        post = fresh
        told = undefined
        await Promise.all([redis.unsubscribe(before.channel), redis.subscribe(fresh.channel, onWord)])
      }
      link = next
      enter(next)
      onState('peer-back')
      void tick()
    }
  }

  redis.onState((isThere) => {
    if (isStopping()) return
    onState(isThere ? 'redis-back' : 'redis-gone')
    // What was said meanwhile was not heard: the room is taken anew.
    pause()
    state = undefined
    if (isThere) void tick()
  })
  enter(link)
  let ticker: NodeJS.Timeout | undefined
  try {
    await redis.subscribe(post.channel, onWord)
    await redis.subscribe(commandChannel, (message) => intake.receive(message))
    await tick()
  } catch (error) {
    link.close()
    redis.close()
    throw error
  }
  ticker = setInterval(() => void tick(), tickMillis)
  const staying = stayWithPeer().catch(onFailed)

  return {
    address: redis.address,
    room,
    counters: () => ({ ...counters }),
    failed: failed.promise,
    async stop() {
      clearInterval(ticker)
      stopping.abort()
      const ended = (async () => {
        await redis.unsubscribe(commandChannel)
        await intake.end(endMillis)
        await teller.idle()
        pause()
        await post.hold(undefined, false)
      })()
      // A server that is gone holds nobody.
      await Promise.race([ended.catch(() => {}), new Promise((resolve) => setTimeout(resolve, endMillis + 500).unref())])
      link?.close()
      redis.close()
      await staying
    },
  }
}

/** The peer again, as soon as it is there; `undefined`: nobody waits for it any more. */
async function comeBack(profile: string, signal: AbortSignal): Promise<PeerLink | undefined> {
  for (let millis = backOffMillisMin; !signal.aborted; millis = Math.min(backOffMillisMax, 2 * millis)) {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, millis)), aborted(signal)])
    if (signal.aborted) return undefined
    try {
      return await openPeerLink(profile)
    } catch {
      // Not there yet, or in no room yet.
    }
  }
  return undefined
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
