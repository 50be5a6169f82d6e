import type { PaneConfig } from '../app/config.ts'
import type { RunningPeer, StartHooks } from '../app/start.ts'
import { Failure } from '../core/failure.ts'
import type { Call, Command } from './command.ts'
import { usageError } from './errors.ts'
import { shortPeer } from './output.ts'
import { loggedNews } from './pane/news.ts'
import { createScreen, type Screen } from './pane/screen.ts'
import { createProgress } from './progress.ts'
import { comeInText, foundingBox } from './room-text.ts'

/** How long leaving in good order may take, in milliseconds. */
const leaveMillis = 5_000
/** Of it, what is kept for sockets and files that do not close by themselves. */
const closeMillis = 500

export const peer: Command = {
  name: 'peer',
  summary: 'run a peer: find the room, or found it, and take part until Ctrl-C',
  operands: ['LINK?'],
  options: [
    { name: 'room', value: 'NAME', text: 'the room (default classroom)' },
    { name: 'create', text: 'found the room at once, without looking for it' },
    { name: 'join', text: 'wait for the room, and never found it; also where LINK, --bootstrap or --refetch is given' },
    { name: 'wait', value: 'SECONDS', text: 'how long to wait for the room; then end with exit code 3 (default: no end)' },
    { name: 'currency', value: 'EUR', text: 'of a room that is founded here' },
    { name: 'deposits', value: 'open|host', text: 'who may deposit in a room that is founded here (default open)' },
    {
      name: 'code',
      value: 'CODE',
      text: 'the room code; without it nobody can connect. new: make one, for a room that is founded here',
    },
    { name: 'name', value: 'YOU', text: 'your name, for the others' },
    { name: 'profile', value: 'DIR', text: 'folder for key and log' },
    { name: 'listen', value: 'ADDR', many: true, text: 'where to listen (default 0.0.0.0:0 and [::]:0)' },
    { name: 'bootstrap', value: 'ADDR|LINK', many: true, text: 'dial this address or join link, where mDNS is blocked' },
    { name: 'no-mdns', text: 'do not look for peers on the local network' },
    { name: 'refetch', text: 'put the log here aside and fetch it anew from the other members' },
    { name: 'http', value: 'HOST:PORT|off', text: 'where the API answers (default 127.0.0.1:0, any free port)' },
    { name: 'gateway', value: 'HOST:PORT', text: 'for thin clients; comes with a later version' },
    { name: 'log-format', value: 'json|text', text: 'of log lines (default text); with json what happens is said there' },
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
    'GAVELRING_ROOM=evening gavelring peer --profile /var/lib/gavelring --log-format json',
  ],
  details:
    'Looks 3 s for the room, then founds it, and says so; never beside a room of its name that is in sight, with another code or\n' +
    'version, unless --create is given. A peer with --join, a LINK or --bootstrap waits, and says for whom and why.\n' +
    'Each option is a variable too: --log-format is GAVELRING_LOG_FORMAT. Ctrl-C or `gavelring leave` leaves in good order.',
  async run(call) {
    const { readPaneConfig, readPeerConfig } = await import('../app/config.ts')
    const [link] = call.operands
    const config = readPeerConfig({ ...call.flags, ...(link !== undefined && { join: link }) }, call.env)
    if (!config.ok) throw usageError(config.error.message, 'See `gavelring peer --help`.')
    const paneConfig = readPaneConfig(call.flags, call.env)
    if (!paneConfig.ok) throw usageError(paneConfig.error.message, 'See `gavelring peer --help`.')
    const { beginRoomCode } = await import('../app/room-code.ts')
    beginRoomCode(config.value.room, config.value.code)
    const [{ startPeer }, { openPane }] = await Promise.all([import('../app/start.ts'), import('./pane/pane.ts')])
    const format = config.value.logFormat
    const screen = createScreen(call.terminal)
    const stopping = onStopSignal()
    const starting = startPeer(config.value, hooksOf(call, screen, stopping, format, paneConfig.value))
    const patience = config.value.refetch ? leaveMillis : leaveMillis / 5
    const started = starting.catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'stopping') return undefined
      exitAfter(closeMillis, 3)
      throw error
    })
    const running = await Promise.race([started, stopping.then(() => within(patience, started))])
    if (running === undefined) {
      call.terminal.note('Stopped before the room was found.')
      // A start that is in the middle of a long log cannot be called off; nothing was acknowledged yet, and what is on disk is safe.
      process.exit(0)
    }
    tellStart(call, running, config.value.code, paneConfig.value.quiet)
    const pane = openPane(running, { ...paneConfig.value, format, isBeside: call.json, terminal: call.terminal, screen })
    const stopped = running.stopped
    const cause = await Promise.race([stopping, stopped.then(() => undefined)])
    pane.still()
    if (cause !== undefined) {
      call.terminal.note('Leaving the ring; once more to stop at once.')
      exitAfter(leaveMillis, 0)
      await running.stop(leaveMillis - closeMillis)
    }
    const { reason, hasLeft } = await stopped
    pane.end()
    call.terminal.note(`Stopped: ${reason}.`)
    const exitCode = cause !== undefined || hasLeft ? 0 : 3
    exitAfter(closeMillis, exitCode)
    return exitCode
  },
}

function hooksOf(
  { terminal }: Call,
  screen: Screen,
  stopping: Promise<unknown>,
  logFormat: 'json' | 'text',
  { quiet, verbose }: PaneConfig,
): StartHooks {
  const progress = createProgress(terminal)
  const search = new AbortController()
  void stopping.then(() => search.abort())
  return {
    signal: search.signal,
    onProgress: (what, done, total) => progress(what === 'check' ? 'checking' : 'replaying', done, total),
    write: (line) => screen.note(line.trimEnd()),
    level: quiet ? 'warn' : verbose ? 'debug' : 'info',
    // People are told once: by the pane and the founding box.
    shown: logFormat === 'json' ? new Set() : new Set([...loggedNews, 'room-founded']),
    onWaiting({ room, why }) {
      if (logFormat === 'json') return
      const start = `Waiting for the room “${room}”:`
      const [first = ''] = why
      if (why.length === 1) terminal.note(`${start} ${ended(first)}`)
      else for (const line of [start, ...why.map((one) => `  ${ended(one)}`)]) terminal.note(line)
    },
  }
}

const ended = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`)

/** Whatever still holds the process then: a person who said stop is not kept waiting. What is acknowledged is on disk. */
function exitAfter(millis: number, exitCode: number): void {
  setTimeout(() => process.exit(exitCode), millis).unref()
}

/** `undefined` where it takes longer: a start that is nearly done is waited for, so that the peer can leave. */
function within<T>(millis: number, task: Promise<T>): Promise<T | undefined> {
  return Promise.race([task, new Promise<undefined>((resolve) => setTimeout(resolve, millis, undefined))])
}

/** Resolves on the first Ctrl-C or termination; the second one ends the process at once. */
function onStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(signal === 'SIGINT' ? 130 : 143)
      asked = true
      resolve(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  })
}

function tellStart(call: Call, running: RunningPeer, code: string, quiet: boolean): void {
  const { terminal } = call
  const status = running.peer.status()
  const { room, self, name, addresses, link, entered } = status
  if (call.json) {
    terminal.json({ self, name, room: { id: room.id, name: room.name }, entered, addresses, link, api: running.apiUrl })
    return
  }
  const { line } = terminal
  const count = status.members.length
  const members = `${count} ${count === 1 ? 'member' : 'members'}${status.membersAsOfLog ? ' as of its log' : ''}`
  const place = status.members.includes(self) ? members : 'joining it'
  if (entered === 'founded') for (const row of foundingBox(status, code)) line(row)
  if (quiet) return
  line(`Room ${room.name} (${room.id.slice(0, 8)}), ${place}. You are ${name} (${shortPeer(self)}).`)
  for (const one of addresses) line(`Listening at ${one}`)
  if (running.apiUrl !== undefined) line(`API at ${running.apiUrl}, its token in the profile folder`)
  line(`Link: ${link}`)
  line(`Others join with: ${comeInText(status, code === '' ? '' : 'CODE')}`)
}
