import { homedir, hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { currencyText, nameText } from '../api/schemas.ts'

/** How one peer runs: from flags, then `GAVELRING_…` variables, then what is usual (PRODUCT, Command line). */
export interface PeerConfig {
  readonly room: string
  /** Found the room at once, without looking for it. */
  readonly create: boolean
  readonly currency: string
  readonly deposits: 'open' | 'host'
  /** The room code; empty: the classroom's. */
  readonly code: string
  readonly name: string
  readonly profile: string
  /** Multiaddrs. */
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly mdns: boolean
  readonly refetch: boolean
  /** Port of the API on 127.0.0.1, 0 for any that is free; `undefined`: off. */
  readonly httpPort: number | undefined
  readonly logFormat: 'json' | 'text'
}

/** A value, or a named error with its sentence. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } }

const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value })
const refused = (code: string, message: string): Parsed<never> => ({ ok: false, error: { code, message } })

/** A flag's text by its name, as `room`; several for `listen` and `bootstrap`; `true` for a switch. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>
export type Environment = Readonly<Record<string, string | undefined>>

/** The first thing that is wrong, with the flag's or the variable's name. */
export function readPeerConfig(flags: Flags, env: Environment): Parsed<PeerConfig> {
  const source = readSource(flags, env)
  if (source.text('gateway') !== undefined) {
    return refused('gateway-not-yet', '--gateway comes with a later version: there is no gateway for thin clients yet.')
  }
  const fields = {
    room: checked(source, 'room', parseName, 'classroom'),
    create: source.flag('create'),
    currency: checked(source, 'currency', parseCurrency, 'EUR'),
    deposits: checked(source, 'deposits', parseDeposits, 'open'),
    code: checked(source, 'code', parseCode, ''),
    name: checked(source, 'name', parseName, ownName()),
    profile: parsed(profileFolder(flags, env)),
    listen: all(source, 'listen', parseAddress, ['/ip4/0.0.0.0/tcp/0']),
    bootstrap: all(source, 'bootstrap', parseAddress, []),
    mdns: negated(source.flag('no-mdns')),
    refetch: source.flag('refetch'),
    httpPort: checked(source, 'http', parseHttp, '127.0.0.1:0'),
    logFormat: checked(source, 'log-format', parseLogFormat, 'text'),
  }
  if (fields.create.ok && fields.create.value && fields.refetch.ok && fields.refetch.value) {
    return refused('refetch-alone', 'A room that is founded has nothing to fetch: --create or --refetch, not both.')
  }
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<Parsed<unknown>>(fields)) {
    if (!field.ok) return field
    values[name] = field.value
  }
  return parsed(values as unknown as PeerConfig)
}

/** `--profile`, `GAVELRING_PROFILE`, or the place where programs of this system keep their data. */
export function profileFolder(flags: Flags, env: Environment): string {
  const given = readSource(flags, env).text('profile')
  return given === undefined ? defaultProfile(env) : resolve(given)
}

function defaultProfile(env: Environment): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Gavelring')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Gavelring')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'gavelring')
}

interface Source {
  text(name: string): string | undefined
  texts(name: string): readonly string[] | undefined
  flag(name: string): Parsed<boolean>
  /** How the person called it: `--log-format` or `GAVELRING_LOG_FORMAT`. */
  calledBy(name: string): string
}

function readSource(flags: Flags, env: Environment): Source {
  const variable = (name: string): string => `GAVELRING_${name.toUpperCase().replaceAll('-', '_')}`
  // An empty variable counts as none: shells and service files leave them behind. An empty flag was typed.
  const text = (name: string): string | undefined => {
    const flag = flags[name]
    if (typeof flag === 'string') return flag
    return env[variable(name)] || undefined
  }
  return {
    text,
    texts: (name) => {
      const flag = flags[name]
      if (Array.isArray(flag)) return flag
      return text(name)
        ?.split(',')
        .map((part) => part.trim())
    },
    flag: (name) => {
      const flag = flags[name]
      return typeof flag === 'boolean' ? parsed(flag) : parseSwitch(text(name), variable(name))
    },
    calledBy: (name) => (flags[name] === undefined ? variable(name) : `--${name}`),
  }
}

function checked<T>(source: Source, name: string, parse: (text: string) => Parsed<T>, usual: string): Parsed<T> {
  const result = parse(source.text(name) ?? usual)
  return result.ok ? result : refused(`${name}-invalid`, `${source.calledBy(name)}: ${result.error.message}`)
}

function all(
  source: Source,
  name: string,
  parse: (text: string) => Parsed<string>,
  usual: readonly string[],
): Parsed<readonly string[]> {
  const values: string[] = []
  for (const text of source.texts(name) ?? usual) {
    const result = parse(text)
    if (!result.ok) return refused(`${name}-invalid`, `${source.calledBy(name)}: ${result.error.message}`)
    values.push(result.value)
  }
  return parsed(values)
}

const negated = (flag: Parsed<boolean>): Parsed<boolean> => (flag.ok ? parsed(!flag.value) : flag)

function parseSwitch(text: string | undefined, variable: string): Parsed<boolean> {
  if (text === undefined || ['0', 'false', 'no', 'off'].includes(text)) return parsed(false)
  if (['1', 'true', 'yes', 'on'].includes(text)) return parsed(true)
  return refused('switch-invalid', `${variable}: 1 or 0 is expected.`)
}

interface Schema {
  safeParse(
    value: unknown,
  ): { success: true; data: string } | { success: false; error: { issues: readonly { message: string }[] } }
}

const bySchema =
  (schema: Schema, code: string) =>
  (text: string): Parsed<string> => {
    const result = schema.safeParse(text)
    return result.success ? parsed(result.data) : refused(code, result.error.issues[0]?.message ?? 'It cannot be read.')
  }
const parseName = bySchema(nameText, 'name-invalid')
const parseCurrency = bySchema(currencyText, 'currency-invalid')

function parseDeposits(text: string): Parsed<'open' | 'host'> {
  return text === 'open' || text === 'host' ? parsed(text) : refused('deposits-invalid', 'open or host is expected.')
}

function parseLogFormat(text: string): Parsed<'json' | 'text'> {
  return text === 'json' || text === 'text' ? parsed(text) : refused('log-format-invalid', 'json or text is expected.')
}

function parseCode(text: string): Parsed<string> {
  return text.length <= 128 && !/\p{Cc}/u.test(text)
    ? parsed(text)
    : refused('code-invalid', 'A room code is at most 128 characters without control characters.')
}

/** A multiaddr, or `HOST:PORT` for people. Whether a multiaddr means something here is the transport's to say. */
function parseAddress(text: string): Parsed<string> {
  if (/^(\/[^/\s]+)+$/.test(text)) return parsed(text)
  const [, ip4, port] = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text) ?? []
  if (ip4 !== undefined && Number(port) <= 65_535) return parsed(`/ip4/${ip4}/tcp/${port}`)
  return refused('address-invalid', 'An address looks like /ip4/192.168.1.20/tcp/4001 or 192.168.1.20:4001.')
}

/** The API gives its token away in clear text, so it answers on this machine only. */
function parseHttp(text: string): Parsed<number | undefined> {
  if (text === 'off') return parsed(undefined)
  const [, host, port] = /^(?:(127\.0\.0\.1|localhost):)?(\d{1,5})$/.exec(text) ?? []
  if (port !== undefined && Number(port) <= 65_535) return parsed(Number(port))
  const reason = host === undefined && /:\d+$/.test(text) ? 'The API answers on this machine only: ' : ''
  return refused('http-invalid', `${reason}127.0.0.1:PORT or off is expected.`)
}

function ownName(): string {
  const candidates = [userName(), hostname(), 'somebody']
  return candidates.find((name) => parseName(name).ok) ?? 'somebody'
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return ''
  }
}
