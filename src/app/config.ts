import { hostname, userInfo } from 'node:os'
import { nameText } from '../api/schemas.ts'
import { type AddressUse, parseAddress } from '../core/address.ts'
import { parseCurrency } from '../core/currency.ts'
import { isJoinLink, type JoinLink, parseJoinLink } from '../core/join-link.ts'
import { codeCharsMax } from '../core/limits.ts'
import { type LogLevel, logLevels } from '../core/log-events.ts'
import { type Parsed as ParsedAs, parsed, refused } from '../core/result.ts'
import { type Language, languages } from '../gateway/texts.ts'
import { newRoomCode } from '../io/new-room-code.ts'
import type { Entry } from '../peer/search.ts'
import { readCodeFile } from './code-file.ts'
import { type Environment, type Flags, flagText, profileFolder, variableOf } from './flags.ts'

/** The room where nothing else is said. */
export const usualRoom = 'classroom'

/** How one peer runs: from flags, then `GAVELRING_…` variables, then what is usual (PRODUCT, Command line). */
export interface PeerConfig {
  /** It starts in the room that its profile was in last, or in none, and `room`, `code` and `entry` say nothing. */
  readonly isLast: boolean
  readonly room: string
  /** How it comes into the room, where its disk knows none. */
  readonly entry: Entry
  /** How long to wait for the room where it is not founded, in milliseconds; `undefined`: without end. */
  readonly waitMillis: number | undefined
  readonly currency: string
  readonly deposits: 'open' | 'host'
  /** The room code; empty: the classroom's. */
  readonly code: string
  /** The code was made just now: nobody else can know it, so that the room has to be new as well. */
  readonly isNewCode: boolean
  /** `undefined`: the one that the profile keeps, or else {@link usualName}. */
  readonly name: string | undefined
  readonly profile: string
  /** Multiaddrs. */
  readonly listen: readonly string[]
  readonly bootstrap: readonly string[]
  readonly mdns: boolean
  /** `once`: a variable says so, which stands at every start of a service, until one without it. */
  readonly refetch: boolean | 'once'
  /** Port of the API on 127.0.0.1, 0 for any that is free; `undefined`: off. */
  readonly httpPort: number | undefined
  /** Where thin clients are served; absent: nowhere. */
  readonly gateway?: GatewayPlace | undefined
  readonly logFormat: 'json' | 'text'
}

export interface GatewayPlace {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Of its answers. */
  readonly language: Language
}

/** Options have codes of their own, beside those of the parsers. */
type Parsed<T> = ParsedAs<T, string>

/**
 * The first thing that is wrong, with the flag's or the variable's name. A join link, in `join` or among the `bootstrap`
 * addresses, names room and code, so that neither need be said.
 */
export function readPeerConfig(flags: Flags, env: Environment): Parsed<PeerConfig> {
  const source = readSource(flags, env)
  const link = readLink(source)
  if (!link.ok) return link
  const create = source.flag('create')
  const join = source.flag('join')
  const refetch = source.flag('refetch')
  const addresses = all(source, 'bootstrap', 'dial', [])
  const wait = optional(source, 'wait', parseWait)
  const founder = readFounder(source, link.value)
  const fields = {
    room: checked(source, 'room', parseName, link.value?.room ?? usualRoom),
    entry: entryOf({ create, join, refetch, wait, addresses, founder }, link.value),
    waitMillis: wait,
    currency: checked(source, 'currency', parseCurrency, 'EUR'),
    deposits: checked(source, 'deposits', parseDeposits, 'open'),
    code: readCode(source, link.value?.code ?? ''),
    name: optional(source, 'name', parseName),
    isLast: readLast(source, link.value),
    profile: parsed(profileFolder(flags, env)),
    listen: all(source, 'listen', 'listen', ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']),
    bootstrap: addresses.ok ? parsed([...(link.value?.addresses ?? []), ...addresses.value]) : addresses,
    mdns: negated(source.flag('no-mdns')),
    refetch: refetch.ok && refetch.value && !source.isTyped('refetch') ? parsed('once') : refetch,
    httpPort: checked(source, 'http', parseHttp, '127.0.0.1:0'),
    gateway: readGateway(source),
    logFormat: checked(source, 'log-format', parseLogFormat, 'text'),
  }
  const values: Record<string, unknown> = {}
  for (const [name, field] of Object.entries<Parsed<unknown>>(fields)) {
    if (!field.ok) return field
    values[name] = field.value
  }
  const config = withNewCode(source, { ...values, isNewCode: false } as unknown as PeerConfig)
  return link.value === undefined || !config.ok ? config : agreed(source, config.value, link.value)
}

/** `--last` says which room it is already. */
function readLast(source: Source, link: JoinLink | undefined): Parsed<boolean> {
  const last = source.flag('last')
  if (!last.ok || !last.value) return last
  const other = roomFlag(source) ?? (link && 'bootstrap')
  if (other === undefined) return last
  return refused('last-alone', `The room is the last one, or another: --last or ${source.calledBy(other)}, not both.`)
}

/** Whether the person, or a variable, says which room is meant; otherwise it is for `--last` to say. */
export function namesRoom(flags: Flags, env: Environment): boolean {
  const source = readSource(flags, env)
  return roomFlag(source) !== undefined || (source.texts('bootstrap') ?? []).some(isJoinLink)
}

/** The first flag that says which room it is, and how to come into it. */
function roomFlag(source: Source): string | undefined {
  const isOn = (name: string): boolean => {
    const flag = source.flag(name)
    return flag.ok ? flag.value : true
  }
  return (
    ['room', 'code', 'code-file', 'founder', 'currency', 'deposits', 'wait'].find((name) => source.text(name) !== undefined) ??
    ['create', 'join', 'refetch'].find(isOn)
  )
}

/** `--code new`: one that nobody guesses, for a room that is founded with it. */
function withNewCode(source: Source, config: PeerConfig): Parsed<PeerConfig> {
  if (config.code !== 'new') return parsed(config)
  if (config.entry.kind !== 'create') {
    return refused('new-code-alone', `${source.calledBy('code')}: a new code is for a new room: add --create.`)
  }
  return parsed({ ...config, code: newRoomCode(), isNewCode: true })
}

/** How much of the room is told on the screen of whoever runs the peer. */
export interface PaneConfig {
  /** Results without what is usual: nothing about addresses, doors and links. */
  readonly quiet: boolean
  /** What is told at the start: `warn` alarms and results only, `debug` everything, the ring's steps too. */
  readonly level: LogLevel
  /** The ring as a picture. */
  readonly watch: boolean
}

/** From flags, then variables; the first thing that is wrong. */
export function readPaneConfig(flags: Flags, env: Environment): Parsed<PaneConfig> {
  const source = readSource(flags, env)
  const [quiet, verbose, watch] = [source.flag('quiet'), source.flag('verbose'), source.flag('watch')]
  if (!quiet.ok) return quiet
  if (!verbose.ok) return verbose
  if (!watch.ok) return watch
  if (quiet.value && verbose.value) return refused('quiet-alone', 'Little or everything is told: --quiet or --verbose, not both.')
  const level = optional(source, 'log-level', parseLogLevel)
  if (!level.ok) return level
  if (level.value !== undefined && (quiet.value || verbose.value)) {
    const other = source.calledBy(quiet.value ? 'quiet' : 'verbose')
    return refused('log-level-alone', `How much is told is said twice: ${source.calledBy('log-level')} or ${other}, not both.`)
  }
  const usual = quiet.value ? 'warn' : verbose.value ? 'debug' : 'info'
  return parsed({ quiet: quiet.value, level: level.value ?? usual, watch: watch.value })
}

/** The link in `--join` or `--bootstrap`; several may only say the same room and code, and their addresses add up. */
function readLink(source: Source): Parsed<JoinLink | undefined> {
  let found: JoinLink | undefined
  for (const name of ['join', 'bootstrap']) {
    for (const text of source.texts(name) ?? []) {
      if (!isJoinLink(text)) continue
      const link = parseJoinLink(text)
      if (!link.ok) return refused(`${name}-invalid`, `${source.calledBy(name)}: ${link.error.message}`)
      const { room, code, roomId } = link.value
      if (found !== undefined && (room !== found.room || code !== found.code || roomId !== found.roomId)) {
        return refused('link-conflict', `${source.calledBy(name)}: the links are for different rooms: give one.`)
      }
      found = { ...link.value, addresses: [...(found?.addresses ?? []), ...link.value.addresses] }
    }
  }
  return parsed(found)
}

/** A room or code that is said beside a link must be the link's. */
function agreed(source: Source, config: PeerConfig, link: JoinLink): Parsed<PeerConfig> {
  if (config.room !== link.room) {
    return refused('link-conflict', `${source.calledBy('room')}: the link is for the room “${link.room}”, not “${config.room}”.`)
  }
  if (link.code !== undefined && config.code !== link.code) {
    return refused('link-conflict', `${source.calledBy(codeFlag(source) ?? 'code')}: the link has another room code.`)
  }
  return parsed(config)
}

/** Which of the two says the code: what is typed, before a variable. `undefined`: both do, and neither comes first. */
function codeFlag(source: Source): 'code' | 'code-file' | undefined {
  if (source.text('code-file') === undefined) return 'code'
  if (source.text('code') === undefined) return 'code-file'
  if (source.isTyped('code') === source.isTyped('code-file')) return undefined
  return source.isTyped('code') ? 'code' : 'code-file'
}

function readCode(source: Source, usual: string): Parsed<string> {
  const flag = codeFlag(source)
  if (flag === 'code') return checked(source, 'code', parseCode, usual)
  if (flag === 'code-file') return checked(source, 'code-file', parseCodeFile, '')
  const [code, file] = [source.calledBy('code'), source.calledBy('code-file')]
  return refused('code-twice', `The room code is said, or the file that holds it: ${code} or ${file}, not both.`)
}

/**
 * Of peers that are started alike the one that founds their room: whoever has this name. `undefined`: it is not said; otherwise
 * whether it is this peer.
 */
function readFounder(source: Source, link: JoinLink | undefined): Parsed<boolean | undefined> {
  const founder = optional(source, 'founder', parseName)
  if (!founder.ok || founder.value === undefined) return founder.ok ? parsed(undefined) : founder
  const called = source.calledBy('founder')
  if (source.text('name') === undefined) {
    return refused('founder-alone', `${called}: it is held against the name of this peer: add --name.`)
  }
  for (const other of ['create', 'join']) {
    const flag = source.flag(other)
    if (!flag.ok) return flag
    if (flag.value)
      return refused('founder-alone', `${called}: it says who founds the room: not beside ${source.calledBy(other)}.`)
  }
  if (link !== undefined) return refused('founder-alone', `${called}: it says who founds the room: not beside a link.`)
  return parsed(founder.value === source.text('name'))
}

interface Wishes {
  readonly create: Parsed<boolean>
  readonly join: Parsed<boolean>
  readonly refetch: Parsed<boolean>
  readonly wait: Parsed<number | undefined>
  readonly addresses: Parsed<readonly string[]>
  readonly founder: Parsed<boolean | undefined>
}

/** Who names an address or a link means a room that is there: nothing is founded then, unless it is asked for. */
function entryOf(wishes: Wishes, link: JoinLink | undefined): Parsed<Entry> {
  const { create, join, refetch, wait, addresses, founder } = wishes
  for (const wish of [create, join, refetch, wait, addresses, founder]) if (!wish.ok) return wish
  const isTrue = (wish: Parsed<boolean | undefined>): boolean => wish.ok && wish.value === true
  const isGiven = addresses.ok && addresses.value.length > 0
  if (!isTrue(create)) {
    // It looks at the addresses first: where its disk was lost, the room is there already.
    if (isTrue(founder) && !isTrue(refetch)) return parsed({ kind: 'look' })
    const isOther = founder.ok && founder.value === false
    const joins = link !== undefined || isTrue(join) || isTrue(refetch) || isGiven || isOther
    return parsed(joins ? { kind: 'join', room: link?.roomId } : { kind: 'look' })
  }
  if (isTrue(refetch)) {
    return refused('refetch-alone', 'A room that is founded has nothing to fetch: --create or --refetch, not both.')
  }
  if (isTrue(join)) return refused('join-alone', 'A room is founded or joined: --create or --join, not both.')
  if (link !== undefined) return refused('join-alone', 'A link is for a room that is there: --create or a link, not both.')
  if (wait.ok && wait.value !== undefined) {
    return refused('wait-alone', 'A room that is founded is not waited for: --create or --wait, not both.')
  }
  return parsed({ kind: 'create' })
}

interface Source {
  text(name: string): string | undefined
  texts(name: string): readonly string[] | undefined
  flag(name: string): Parsed<boolean>
  /** On the command line, not by its variable. */
  isTyped(name: string): boolean
  /** How the person called it: `--log-format` or `GAVELRING_LOG_FORMAT`. */
  calledBy(name: string): string
}

function readSource(flags: Flags, env: Environment): Source {
  const text = (name: string): string | undefined => flagText(flags, env, name)
  const isTyped = (name: string): boolean => flags[name] !== undefined
  const calledBy = (name: string): string => (isTyped(name) ? `--${name}` : variableOf(name))
  return {
    text,
    isTyped,
    texts: (name) => {
      const flag = flags[name]
      if (Array.isArray(flag)) return flag
      return text(name)
        ?.split(',')
        .map((part) => part.trim())
    },
    flag: (name) => {
      const flag = flags[name]
      if (typeof flag === 'boolean') return parsed(flag)
      const given = text(name)
      // Whoever gives a link to join by joins.
      return name === 'join' && given !== undefined && isJoinLink(given) ? parsed(true) : parseSwitch(given, calledBy(name))
    },
    calledBy,
  }
}

function checked<T>(source: Source, name: string, parse: (text: string) => Parsed<T>, usual: string): Parsed<T> {
  const result = parse(source.text(name) ?? usual)
  return result.ok ? result : refused(`${name}-invalid`, `${source.calledBy(name)}: ${result.error.message}`)
}

function optional<T>(source: Source, name: string, parse: (text: string) => Parsed<T>): Parsed<T | undefined> {
  return source.text(name) === undefined ? parsed(undefined) : checked(source, name, parse, '')
}

/** Addresses, but for links among them. */
function all(source: Source, name: string, use: AddressUse, usual: readonly string[]): Parsed<readonly string[]> {
  const values: string[] = []
  for (const text of source.texts(name) ?? usual) {
    if (isJoinLink(text)) {
      if (use === 'dial') continue
      const where = 'A join link says where others are: it goes to --join or --bootstrap.'
      return refused(`${name}-invalid`, `${source.calledBy(name)}: ${where} An own address is expected, as 0.0.0.0:4001.`)
    }
    const result = parseAddress(text, use)
    if (!result.ok) return refused(`${name}-invalid`, `${source.calledBy(name)}: ${result.error.message}`)
    values.push(result.value)
  }
  return parsed(values)
}

const negated = (flag: Parsed<boolean>): Parsed<boolean> => (flag.ok ? parsed(!flag.value) : flag)

function parseSwitch(text: string | undefined, calledBy: string): Parsed<boolean> {
  if (text === undefined || ['0', 'false', 'no', 'off'].includes(text)) return parsed(false)
  if (['1', 'true', 'yes', 'on'].includes(text)) return parsed(true)
  return refused('switch-invalid', `${calledBy}: ${calledBy === '--join' ? 'a join link' : '1 or 0'} is expected.`)
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

function parseDeposits(text: string): Parsed<'open' | 'host'> {
  return text === 'open' || text === 'host' ? parsed(text) : refused('deposits-invalid', 'open or host is expected.')
}

function parseLogFormat(text: string): Parsed<'json' | 'text'> {
  return text === 'json' || text === 'text' ? parsed(text) : refused('log-format-invalid', 'json or text is expected.')
}

function parseLogLevel(text: string): Parsed<LogLevel> {
  const level = logLevels.find((one) => one === text)
  return level === undefined ? refused('log-level-invalid', `One of ${logLevels.join(', ')} is expected.`) : parsed(level)
}

function parseCode(text: string): Parsed<string> {
  return text.length <= codeCharsMax && !/\p{Cc}/u.test(text)
    ? parsed(text)
    : refused('code-invalid', `A room code is at most ${codeCharsMax} characters without control characters.`)
}

function parseCodeFile(path: string): Parsed<string> {
  const code = readCodeFile(path)
  return code.ok ? parseCode(code.value) : code
}

/** `30`, `90s`, `1.5m` or `1h`, in milliseconds; a bare number is seconds. */
function parseWait(text: string): Parsed<number> {
  const [, number, unit = 's'] = /^(\d{1,6}(?:\.\d{1,3})?)\s?([smh])?$/.exec(text) ?? []
  const millis = Number(number) * (unit === 's' ? 1_000 : unit === 'm' ? 60_000 : 3_600_000)
  return number !== undefined && millis >= 1
    ? parsed(Math.round(millis))
    : refused('wait-invalid', 'A time is expected, as 30, 90s, 2m or 1h.')
}

/** The API gives its token away in clear text, so it answers on this machine only. */
function parseHttp(text: string): Parsed<number | undefined> {
  if (text === 'off') return parsed(undefined)
  const [, host, port] = /^(?:(127\.0\.0\.1|localhost):)?(\d{1,5})$/.exec(text) ?? []
  if (port !== undefined && Number(port) <= 65_535) return parsed(Number(port))
  const reason = host === undefined && /:\d+$/.test(text) ? 'The API answers on this machine only: ' : ''
  return refused('http-invalid', `${reason}127.0.0.1:PORT or off is expected.`)
}

/** Thin clients show no password: so it is on this machine only, unless another host is named. */
function readGateway(source: Source): Parsed<GatewayPlace | undefined> {
  const language = checked(source, 'gateway-language', parseLanguage, 'pt')
  if (!language.ok) return language
  const place = optional(source, 'gateway', parseGateway)
  if (!place.ok || place.value === undefined) return place.ok ? parsed(undefined) : place
  return parsed({ ...place.value, language: language.value })
}

function parseGateway(text: string): Parsed<Pick<GatewayPlace, 'host' | 'port'> | undefined> {
  if (text === 'off') return parsed(undefined)
  const [, zoned, plain, digits] = /^(?:(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9.-]+)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  if (digits !== undefined && port <= 65_535) return parsed({ host: zoned ?? plain ?? '127.0.0.1', port })
  return refused('gateway-invalid', 'A place to listen at is expected, as 127.0.0.1:5000, or off.')
}

function parseLanguage(text: string): Parsed<Language> {
  const found = languages.find((language) => language === text)
  return found === undefined ? refused('language-invalid', `${languages.join(', ')}: one of these is expected.`) : parsed(found)
}

/** What the person at this machine is called, as far as the system knows. */
export function usualName(): string {
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
