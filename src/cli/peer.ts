import type { StatusView } from '../api/views.ts'
import { readPeerConfig } from '../app/config.ts'
import type { RunningPeer } from '../app/start.ts'
import type { Call, Command } from './command.ts'
import { usageError } from './errors.ts'
import { printable, shortPeer } from './output.ts'
import { createProgress } from './progress.ts'

/** How long leaving in good order may take, in milliseconds. */
const leaveMillis = 5_000
/** Of it, what is kept for sockets and files that do not close by themselves. */
const closeMillis = 500

export const peer: Command = {
  name: 'peer',
  summary: 'run a peer: find the room, or found it, and take part until Ctrl-C',
  operands: [],
  options: [
    { name: 'room', value: 'NAME', text: 'the room (default classroom)' },
    { name: 'create', text: 'found the room at once, without looking for it' },
    { name: 'currency', value: 'EUR', text: 'of a room that is founded here' },
    { name: 'deposits', value: 'open|host', text: 'who may deposit in a room that is founded here (default open)' },
    { name: 'code', value: 'CODE', text: 'the room code; without it nobody can connect' },
    { name: 'name', value: 'YOU', text: 'your name, for the others' },
    { name: 'profile', value: 'DIR', text: 'folder for key and log' },
    { name: 'listen', value: 'ADDR', many: true, text: 'where to listen (default /ip4/0.0.0.0/tcp/0)' },
    { name: 'bootstrap', value: 'ADDR', many: true, text: 'dial this address, where mDNS is blocked' },
    { name: 'no-mdns', text: 'do not look for peers on the local network' },
    { name: 'refetch', text: 'put the log here aside and fetch it anew from the other members' },
    { name: 'http', value: 'HOST:PORT|off', text: 'where the API answers (default 127.0.0.1:0, any free port)' },
    { name: 'gateway', value: 'HOST:PORT', text: 'for thin clients; comes with a later version' },
    { name: 'log-format', value: 'json|text', text: 'of log lines (default text)' },
  ],
  examples: [
    'gavelring peer',
    'gavelring peer --room evening --code "old lamp" --name Ana',
    'gavelring peer --no-mdns --bootstrap 192.168.1.20:4001',
    'GAVELRING_ROOM=evening gavelring peer --profile /var/lib/gavelring --log-format json',
  ],
  details: 'Each option is a variable too: --log-format is GAVELRING_LOG_FORMAT. Ctrl-C leaves the ring in good order.',
  async run(call) {
    const config = readPeerConfig(call.flags, call.env)
    if (!config.ok) throw usageError(config.error.message, 'See `gavelring peer --help`.')
    const { startPeer } = await import('../app/start.ts')
    const stopping = onStopSignal()
    const progress = createProgress(call.terminal)
    const starting = startPeer(config.value, {
      onProgress: (what, done, total) => progress(what === 'check' ? 'checking' : 'replaying', done, total),
      write: (line) => call.terminal.note(line.trimEnd()),
    })
    const running = await Promise.race([starting, stopping.then(() => startedSoon(starting))])
    if (running === undefined) {
      call.terminal.note('Stopped before the room was found.')
      // A start cannot be called off; nothing was acknowledged yet, and what is on disk is safe.
      process.exit(0)
    }
    tellStart(call, running, config.value.code)
    const stopped = running.stopped
    const cause = await Promise.race([stopping, stopped.then(() => undefined)])
    if (cause !== undefined) {
      call.terminal.note('Leaving the ring; once more to stop at once.')
      exitAfter(leaveMillis, 0)
      await running.stop(leaveMillis - closeMillis)
    }
    const reason = await stopped
    call.terminal.note(`Stopped: ${printable(reason)}.`)
    const exitCode = cause === undefined ? 3 : 0
    exitAfter(closeMillis, exitCode)
    return exitCode
  },
}

/** Whatever still holds the process then: a person who said stop is not kept waiting. What is acknowledged is on disk. */
function exitAfter(millis: number, exitCode: number): void {
  setTimeout(() => process.exit(exitCode), millis).unref()
}

/** Asked to stop in the middle of starting: a start that is nearly done is waited for, so that the peer can leave. */
function startedSoon(starting: Promise<RunningPeer>): Promise<RunningPeer | undefined> {
  return Promise.race([starting, new Promise<undefined>((resolve) => setTimeout(resolve, leaveMillis / 5, undefined))])
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

function tellStart(call: Call, running: RunningPeer, code: string): void {
  const status = running.peer.status()
  const { room, self, addresses } = status
  const address = addresses.find((one) => !one.includes('/127.')) ?? addresses[0]
  if (call.json) {
    const started: Pick<StatusView, 'self' | 'name'> & object = { self, name: status.name }
    call.terminal.line(JSON.stringify({ ...started, room: { id: room.id, name: room.name }, addresses, api: running.apiUrl }))
    return
  }
  const { line } = call.terminal
  const count = status.members.length
  const members = `${count} ${count === 1 ? 'member' : 'members'}${status.membersAsOfLog ? ' as of its log' : ''}`
  const place = status.members.includes(self) ? members : 'joining it'
  line(`Room ${printable(room.name)} (${room.id.slice(0, 8)}), ${place}. You are ${printable(status.name)} (${shortPeer(self)}).`)
  for (const one of addresses) line(`Listening at ${one}`)
  if (running.apiUrl !== undefined) line(`API at ${running.apiUrl}, its token in the profile folder`)
  const words = [`--room ${quoted(room.name)}`, ...(code === '' ? [] : ['--code CODE']), `--bootstrap ${address ?? 'ADDR'}`]
  line(`Others join with: gavelring peer ${words.slice(0, -1).join(' ')} (where mDNS is blocked: ${words.at(-1)})`)
}

/** As a shell would need it. */
const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
