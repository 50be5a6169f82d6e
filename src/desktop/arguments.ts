import { parseArgs } from 'node:util'
import { namesRoom } from '../app/config.ts'
import type { Environment, Flags } from '../app/flags.ts'
import { profileFolder } from '../app/flags.ts'
import { isJoinLink } from '../core/join-link.ts'

/** What the app was started with. */
export interface AppArguments {
  /** As `gavelring peer` has them; others, such as Chromium's own switches, are left out. Where nobody names a room, `--last`. */
  readonly flags: Flags
  /** The folder of key and log; Electron's own files are in `window` in it. */
  readonly profile: string
  /** A join link, as the system hands it over: not parsed yet. */
  readonly link: string | undefined
}

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const flag = { type: 'boolean' } as const

const options = {
  ...{ room: text, currency: text, deposits: text, code: text, name: text, profile: text, http: text, wait: text },
  ...{ listen: texts, bootstrap: texts },
  ...{ create: flag, join: flag, 'no-mdns': flag, refetch: flag, last: flag },
}

export function readArguments(args: readonly string[], env: Environment): AppArguments {
  // Not strict: the system and Chromium add words of their own to the app's command line.
  const { values } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true })
  const flags: Record<string, string | string[] | boolean> = {}
  for (const [name, { type }] of Object.entries(options)) {
    const value = (values as Record<string, unknown>)[name]
    const parts = Array.isArray(value) ? value : [value]
    if (parts.some((part) => typeof part !== type)) continue
    flags[name] = value as string | string[] | boolean
  }
  if (!namesRoom(flags, env)) flags.last = true
  return { flags, profile: profileFolder(flags, env), link: linkAmong(args) }
}

/** For a start that is not the first: it goes back to the room that the person was in last, unless a variable names one. */
export function laterFlags(flags: Flags, env: Environment): Flags {
  if (namesRoom({}, env)) return flags
  const { room: _room, code: _code, create: _create, join: _join, wait: _wait, refetch: _refetch, ...rest } = flags
  const { currency: _currency, deposits: _deposits, bootstrap, ...kept } = rest
  const addresses = (Array.isArray(bootstrap) ? bootstrap : []).filter((text: string) => !isJoinLink(text))
  return { ...kept, ...(addresses.length > 0 && { bootstrap: addresses }), last: true }
}

/** The system puts the link that was clicked among the words of a second start. */
export const linkAmong = (args: readonly string[]): string | undefined => args.find((word) => isJoinLink(word))
