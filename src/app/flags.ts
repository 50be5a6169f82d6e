import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** A flag's text by its name, as `room`; several for `listen` and `bootstrap`; `true` for a switch. */
export type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>
export type Environment = Readonly<Record<string, string | undefined>>

/** `--log-format` as a variable: `GAVELRING_LOG_FORMAT`. */
export const variableOf = (flag: string): string => `GAVELRING_${flag.toUpperCase().replaceAll('-', '_')}`

/** A flag's text, or its variable's. An empty variable counts as none: shells and service files leave them behind. An empty flag was typed. */
export function flagText(flags: Flags, env: Environment, name: string): string | undefined {
  const flag = flags[name]
  if (typeof flag === 'string') return flag
  return env[variableOf(name)] || undefined
}

/** `--profile`, `GAVELRING_PROFILE`, or the place where programs of this system keep their data. */
export function profileFolder(flags: Flags, env: Environment): string {
  const given = flagText(flags, env, 'profile')
  return given === undefined ? defaultProfile(env) : resolve(given)
}

function defaultProfile(env: Environment): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Gavelring')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Gavelring')
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'gavelring')
}
