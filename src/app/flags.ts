import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { Failure } from '../core/failure.ts'

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
  return given === undefined ? defaultProfile(env) : resolved(given)
}

function defaultProfile(env: Environment): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? join(home(), 'AppData', 'Roaming'), 'Gavelring')
  if (process.platform === 'darwin') return join(home(), 'Library', 'Application Support', 'Gavelring')
  const data = env.XDG_DATA_HOME ?? ''
  // One that depends on where it is called from is to be ignored (XDG Base Directory Specification).
  return join(isAbsolute(data) ? data : join(home(), '.local', 'share'), 'gavelring')
}

/** A service or a container may run as a user that the system does not know. */
function home(): string {
  for (const find of [homedir, () => userInfo().homedir]) {
    try {
      const folder = find()
      if (isAbsolute(folder)) return folder
    } catch {
      // Neither a variable nor the system's table says it.
    }
  }
  throw new Failure('path-missing', 'This user has no home folder, so that there is no usual place for the folder of a peer.')
}

function resolved(path: string): string {
  try {
    return resolve(path)
  } catch (error) {
    throw new Failure('path-missing', 'The folder in which this command was started is gone.', { path }, { cause: error })
  }
}
