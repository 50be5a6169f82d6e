import { flushCompileCache } from 'node:module'
import type { PaneConfig } from '../app/config.ts'
import type { RunningSeat, StartHooks } from '../app/start.ts'
import { Failure } from '../core/failure.ts'
import { isJoinLink } from '../core/join-link.ts'
import { helpHint } from './args.ts'
import type { Call, Command } from './command.ts'
import { usageError } from './errors.ts'
import { shortPeer } from './output.ts'
import { loggedNews } from './pane/news.ts'
import { createScreen, type Screen } from './pane/screen.ts'
import { createProgress } from './progress.ts'
import { comeInText, foundingBox } from './room-text.ts'
import { type Cause, createWayOut } from './way-out.ts'

type Peer = NonNullable<RunningSeat['seat']['peer']>
type SeatState = ReturnType<RunningSeat['seat']['rooms']>['state']

export const peer: Command = {
  name: 'peer',
  summary: 'run a peer: find the room, or found it, and take part until Ctrl-C',
  operands: ['LINK?'],
  options: [
    { name: 'room', value: 'NAME', text: 'the room (default classroom)' },
    { name: 'create', text: 'found the room at once, without looking for it' },
    {
      name: 'join',
      value: 'LINK?',
      isValue: isJoinLink,
      text: 'wait for the room, and never found it; also where LINK, --bootstrap or --refetch is given',
    },
    {
      name: 'last',
      text: 'go into the room that this profile was in last; into none where there was none, or it was left for none',
    },
    { name: 'wait', value: 'SECONDS', text: 'how long to wait for the room; then end with exit code 3 (default: no end)' },
    { name: 'currency', value: 'EUR', text: 'of a room that is founded here' },
    { name: 'deposits', value: 'open|host', text: 'who may deposit in a room that is founded here (default open)' },
    {
      name: 'code',
      value: 'CODE',
      text: 'the room code; without it nobody can connect. new: make one, for a room that is founded here',
    },
    { name: 'code-file', value: 'FILE', text: 'the same from a file, as secrets are handed to services' },
    {
      name: 'founder',
      value: 'NAME',
      text: 'of peers that are started alike: who of this --name founds the room, where it is not there; the others wait for it',
    },
    { name: 'name', value: 'YOU', text: 'your name, for the others' },
    { name: 'profile', value: 'DIR', text: 'folder for key and log' },
    { name: 'listen', value: 'ADDR', many: true, text: 'where to listen (default 0.0.0.0:0 and [::]:0)' },
    { name: 'bootstrap', value: 'ADDR|LINK', many: true, text: 'dial this address or join link, where mDNS is blocked' },
    { name: 'no-mdns', text: 'do not look for peers on the local network' },
    {
      name: 'refetch',
      text: 'put the log here aside and fetch it anew from the other members; as a variable once, until a start without it',
    },
    { name: 'http', value: 'HOST:PORT|off', text: 'where the API answers (default 127.0.0.1:0, any free port)' },
    {
      name: 'gateway',
      value: 'HOST:PORT',
      text: 'serve thin clients there, as 127.0.0.1:5000; whoever reaches it can use every account of this peer',
    },
    { name: 'gateway-language', value: 'pt|es|en', text: 'what the gateway answers in (default pt)' },
    {
      name: 'log-format',
      value: 'json|text',
      text: 'of log lines (default text); with json all is said there, and nothing beside them',
    },
    { name: 'log-level', value: 'LEVEL', text: 'error, warn, info (default) or debug, until `gavelring log-level` says another' },
    { name: 'quiet', text: 'say alarms and results only' },
    { name: 'verbose', short: 'v', text: 'say everything: other people’s money, refused operations, steps of the ring' },
    { name: 'watch', text: 'show the ring as a picture: the token, who waits for it, the last blocks' },
  ],
  examples: [
    'gavelring peer',
    'gavelring peer --room evening --code "old lamp" --name Ana --create',
    'gavelring peer --join --wait 30 --room evening --code "old lamp"',
    'gavelring peer "gavelring://join?room=evening&at=192.168.1.20:4001"',
    'gavelring peer --no-mdns --bootstrap 192.168.1.20:4001',
    'gavelring peer --watch',
    'gavelring peer --last',
    'gavelring peer --gateway 127.0.0.1:5000',
    'GAVELRING_ROOM=evening gavelring peer --profile /var/lib/gavelring --log-format json',
  ],
  details:
    'Looks 3 s for the room, then founds it, and says so; never beside a room of its name that is in sight, with another code or\n' +
    'version, unless --create is given. A peer with --join, a LINK or --bootstrap waits, and says for whom and why.\n' +
    'Each option is a variable too: --log-format is GAVELRING_LOG_FORMAT. Ctrl-C or `gavelring leave` leaves in good order.',
  async run(call) {
    const { readPaneConfig, readPeerConfig } = await import('../app/config.ts')
    const [link] = call.operands
    if (link !== undefined && typeof call.flags.join === 'string') throw usageError('LINK is given twice.', helpHint(peer))
    const config = readPeerConfig({ ...call.flags, ...(link !== undefined && { join: link }) }, call.env)
    if (!config.ok) throw usageError(config.error.message, 'See `gavelring peer --help`.')
    const paneConfig = readPaneConfig(call.flags, call.env)
    if (!paneConfig.ok) throw usageError(paneConfig.error.message, 'See `gavelring peer --help`.')
    const { isLast, room, code, logFormat: format } = config.value
    const isLogged = format === 'json'
    if (!isLast) (await import('../app/room-code.ts')).beginRoomCode(room, code)
    const [{ startSeat }, { openPane }] = await Promise.all([import('../app/start.ts'), import('./pane/pane.ts')])
    const { terminal } = call
    const { quiet } = paneConfig.value
    const screen = createScreen(terminal)
    let pane: ReturnType<typeof openPane> | undefined
    let end: { readonly cause: Cause['kind']; readonly state: SeatState | undefined } | undefined
    const wayOut = createWayOut(terminal, ({ kind }) => {
      end = { cause: kind, state: running?.seat.rooms().state }
      pane?.still()
      if (kind === 'unheard') terminal.note('Nobody reads what this peer says any more, so it stops.')
      if (kind !== 'signal' || end.state !== 'in') return
      if (isLogged) running?.log.info('peer-leaving')
      else terminal.note('Leaving the ring; once more to stop at once.')
    })
    let running: RunningSeat | undefined
    try {
      running = await startSeat(config.value, hooksOf(call, screen, isLogged, paneConfig.value))
    } catch (error) {
      wayOut.take({ kind: 'failed', error })
      throw error
    }
    wayOut.guard(running)
    neverEntered(call, running, isLast).catch((error: unknown) => wayOut.take({ kind: 'failed', error }))

    const { seat, log, apiUrl, gateway, stopped } = running
    let shown: Peer | undefined
    const follow = (): void => {
      const { peer } = seat
      if (peer === shown) return
      pane?.end()
      pane = undefined
      shown = peer
      if (peer === undefined) return isLogged ? log.info('room-left') : terminal.note('Left the room.')
      if (isLogged) log.info('peer-started', startFacts(peer, { apiUrl, gateway }))
      if (call.json || !isLogged) tellStart(call, { apiUrl, gateway }, peer, quiet)
      pane = openPane({ peer, log }, { ...paneConfig.value, format, isBeside: call.json, terminal, screen })
      // By now all is loaded. Otherwise it is kept compiled when the process ends in good order, and a peer may run for weeks and lose
      // its power; whoever starts before then strips types anew, and keeps what does that in memory: 10 MB.
      setImmediate(flushCompileCache)
    }
    seat.onChange(follow)
    follow()
    if (seat.rooms().state === 'none') {
      if (isLogged) log.info('room-left')
      if (call.json || !isLogged) tellNone(call, running)
    }

    const exitCode = await wayOut.ended.finally(() => pane?.end())
    const { reason } = await stopped
    const why = end?.cause === 'bug' ? 'a bug' : reason
    if (isLogged) log.info('peer-ended', { reason: why, exitCode })
    else terminal.note(end?.state === 'entering' ? 'Stopped before the room was found.' : `Stopped: ${why}.`)
    return exitCode
  },
}

/**
 * Rejects where the room that the peer was started for was not entered. With `--last` that is said, and it goes on in no room; so it
 * does where somebody called it off, who wants another room, or none.
 */
function neverEntered({ terminal }: Call, { entered }: RunningSeat, isLast: boolean): Promise<never> {
  return new Promise((_, reject) => {
    entered.catch((error: unknown) => {
      if (error instanceof Failure && (error.code === 'called-off' || error.code === 'stopping')) return
      if (isLast && error instanceof Failure) terminal.note(`${error.message} In no room now.`)
      else reject(error)
    })
  })
}

function hooksOf({ terminal }: Call, screen: Screen, isLogged: boolean, { level }: PaneConfig): StartHooks {
  const progress = createProgress(terminal)
  return {
    onProgress: (what, done, total) => progress(what === 'check' ? 'checking' : 'replaying', done, total),
    write: (line) => screen.note(line.trimEnd()),
    level,
    // People are told once: by the pane and the founding box.
    shown: isLogged ? new Set() : new Set([...loggedNews, 'room-founded']),
    onWaiting({ room, why }) {
      if (isLogged) return
      const start = `Waiting for the room “${room}”:`
      const [first = ''] = why
      if (why.length === 1) terminal.note(`${start} ${ended(first)}`)
      else for (const line of [start, ...why.map((one) => `  ${ended(one)}`)]) terminal.note(line)
    },
  }
}

const ended = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`)

/** For programs, what a peer says as it comes into a room; the link is without the room's code. */
function startFacts(peer: Peer, { apiUrl, gateway }: Doors) {
  const { room, self, name, addresses, link, entered } = peer.status()
  const doors = { api: apiUrl, gateway: gateway?.address }
  return { self, name, room: { id: room.id, name: room.name }, entered, addresses, link, ...doors }
}

/** What a peer says as it comes into a room. */
function tellStart(call: Call, { apiUrl, gateway }: Doors, peer: Peer, quiet: boolean): void {
  const { terminal } = call
  if (call.json) return terminal.json(startFacts(peer, { apiUrl, gateway }))
  const status = peer.status()
  const { room, self, name, addresses, link, entered } = status
  const { line } = terminal
  const count = status.members.length
  const members = `${count} ${count === 1 ? 'member' : 'members'}${status.membersAsOfLog ? ' as of its log' : ''}`
  const place = status.members.includes(self) ? members : 'joining it'
  if (entered === 'founded') for (const row of foundingBox(status, peer.code())) line(row)
  if (quiet) return
  line(`Room ${room.name} (${room.id.slice(0, 8)}), ${place}. You are ${name} (${shortPeer(self)}).`)
  for (const one of addresses) line(`Listening at ${one}`)
  tellDoors(call, { apiUrl, gateway })
  line(`Link: ${link}`)
  line(`Others join with: ${comeInText(status, room.hasCode ? 'CODE' : '')}`)
}

function tellNone(call: Call, { seat, apiUrl, gateway }: RunningSeat): void {
  const { terminal } = call
  const { self, name } = seat.rooms()
  if (call.json) return terminal.json({ self, name, api: apiUrl, gateway: gateway?.address })
  terminal.line(`In no room. You are ${name} (${shortPeer(self)}).`)
  tellDoors(call, { apiUrl, gateway })
  terminal.line('Enter a room with: gavelring join LINK|ADDRESS|ROOM')
}

type Doors = Pick<RunningSeat, 'apiUrl' | 'gateway'>

function tellDoors({ terminal }: Call, { apiUrl, gateway }: Doors): void {
  if (apiUrl !== undefined) terminal.line(`API at ${apiUrl}, its token in the profile folder`)
  if (gateway === undefined) return
  const isNear = /^(?:127\.|\[::1\])/.test(gateway.address)
  const warning = isNear ? '' : ': whoever reaches it can use every account of this peer'
  terminal.line(`Gateway for thin clients at ${gateway.address}${warning}`)
}
