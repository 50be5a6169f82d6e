import type { Bridge, BridgeState } from '../app/bridge/bridge.ts'
import { profileFolder } from '../app/flags.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { accountWord, chosenAccount } from './words.ts'

const bridgeRedis: Command = {
  name: 'bridge redis',
  summary: 'let programs of a classic auction on Redis take part, until Ctrl-C',
  operands: [],
  options: [
    { name: 'url', value: 'URL', text: 'the Redis server, as redis://127.0.0.1:6379; also GAVELRING_REDIS_URL' },
    {
      name: 'account',
      value: 'ACCOUNT',
      text: 'your account that bids, or is paid, where a command names none (default: that of `account use`)',
    },
    { name: 'language', value: 'pt|es|en', text: 'what notices are written in (default pt)' },
    profileOption,
  ],
  examples: [
    'gavelring bridge redis --url redis://127.0.0.1:6379',
    'gavelring bridge redis --url redis://127.0.0.1 --account 1111111111',
    'GAVELRING_REDIS_URL=rediss://room:secret@redis.example:6380 gavelring bridge redis',
  ],
  details:
    'Takes commands from the channel comando-leilao and tells what happens to lots on notificacao-leilao. Whoever can publish there can\n' +
    'use every account of this peer. A password belongs into the variable GAVELRING_REDIS_URL: flags are seen by whoever lists processes.\n' +
    'It waits for a peer or a server that is gone; of several bridges of one room one does the work, and the others stand by.',
  async run(call) {
    const url = readUrl(call)
    const language = readLanguage(call)
    const given = textFlag(call, 'account')
    const account = given === undefined ? chosenAccount(call) : accountWord(given, '--account')
    // What is wrong with the peer is said as by every other command.
    await withPeer(call, (api) => api.status())
    const { startBridge } = await import('../app/bridge/bridge.ts')
    const signals = listenForSignals()
    try {
      const bridge = await startBridge({
        ...{ url, account, language, profile: profileFolder(call.flags, call.env) },
        onState: (state) => tellState(call, state),
      }).catch((error: unknown): never => {
        throw toCliError(error, url)
      })
      return await follow(call, bridge, url, signals.first)
    } finally {
      signals.forget()
    }
  },
}

export const bridgeCommands: readonly Command[] = [bridgeRedis]

async function follow(call: Call, bridge: Bridge, url: string, signal: Promise<void>): Promise<number> {
  const { terminal } = call
  const { address, room } = bridge
  if (call.json) terminal.json({ state: 'open', address, room })
  else terminal.line(`The bridge between room ${room} and Redis at ${address} is open.`)
  try {
    await Promise.race([signal, terminal.closed, bridge.failed])
  } catch (error) {
    throw toCliError(error, url)
  } finally {
    await bridge.stop()
    const counters = bridge.counters()
    if (call.json) terminal.json({ state: 'closed', ...counters })
    else {
      const { commands, done, refused, dropped, notices } = counters
      const lost = dropped === 0 ? '' : `, ${dropped} dropped in a flood`
      terminal.note(`Closed: ${commands} commands heard, ${done} done, ${refused} refused${lost}; ${notices} notices told.`)
    }
  }
  return 0
}

const stateTexts: Readonly<Record<BridgeState, string>> = {
  working: 'At work: commands go into the room, and its notices to Redis.',
  'standing-by': 'Standing by: another bridge is at work, or the room has no quorum.',
  'redis-gone': 'Redis is gone: waiting for it.',
  'redis-back': 'Redis is back.',
  'peer-gone': 'The peer is gone, or went into another room: waiting for it.',
  'peer-back': 'The peer is back.',
}

function tellState({ terminal, json }: Call, state: BridgeState): void {
  if (json) terminal.json({ state })
  else terminal.note(stateTexts[state])
}

/** The text may have a password in it: it is never shown, whatever is wrong with it. */
function readUrl(call: Call): string {
  const text = textFlag(call, 'url') ?? (call.env.GAVELRING_REDIS_URL || undefined)
  if (text === undefined) throw usageError('--url: the address of the Redis server is needed.', urlHint)
  let url: URL
  try {
    url = new URL(text)
    decodeURIComponent(`${url.username}${url.password}`)
  } catch {
    throw usageError('--url: this is no address.', urlHint)
  }
  const isRedis = url.protocol === 'redis:' || url.protocol === 'rediss:'
  if (!isRedis || url.hostname === '') throw usageError('--url: this is no address of a Redis server.', urlHint)
  if (!/^(?:\/\d{0,4})?$/.test(url.pathname))
    throw usageError('--url: behind the port only the number of a database can stand.', urlHint)
  return text
}

const urlHint = 'One looks like redis://127.0.0.1:6379, or rediss://NAME:PASSWORD@HOST:6380 with TLS.'

function readLanguage(call: Call): 'pt' | 'es' | 'en' {
  const text = textFlag(call, 'language') ?? 'pt'
  if (text === 'pt' || text === 'es' || text === 'en') return text
  throw usageError('--language: pt, es or en is expected.')
}

/** By its name: its class comes with the Redis client, which is loaded only here. */
function toCliError(error: unknown, url: string): unknown {
  if (!(error instanceof Error)) return error
  const { hostname, port } = new URL(url)
  if (error.name === 'RedisUnreachable')
    return new CliError(3, 'redis-not-reachable', error.message, 'Start it, or name another one with --url.')
  if (error.name !== 'RedisRefused') return error
  const [word = ''] = error.message.split(' ')
  const why = refusals[word] ?? error.message.replace(/\.+$/, '')
  const message = `The Redis server at ${hostname}:${port || '6379'} refuses this bridge: ${why}.`
  return new CliError(3, 'redis-refused', message, 'Look after the user and the password in --url, and what that user may do.')
}

/** First words of the server's refusals that people meet. */
const refusals: Readonly<Record<string, string>> = {
  NOAUTH: 'it wants a password',
  WRONGPASS: 'the user or the password is wrong',
  NOPERM: 'this user may not use the channels, scripts and keys that the bridge needs',
}

/** The first one ends the bridge in order; a second one ends the process as ever. */
function listenForSignals(): { readonly first: Promise<void>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const onSignal = (): void => {
    forget()
    resolve()
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const forget = (): void => {
    for (const name of names) process.off(name, onSignal)
  }
  for (const name of names) process.on(name, onSignal)
  return { first: promise, forget }
}
