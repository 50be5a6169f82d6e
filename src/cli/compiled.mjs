import { mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Modules are kept compiled, for the next start: a command takes half the time then, a peer two thirds, and 10 MB less memory.
 * In a folder of this very person, not in the common temporary one: what lies there is run. Where there is none it goes on without.
 */
export function keepCompiled() {
  try {
    const folder = join(cacheFolder(), 'gavelring')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    enableCompileCache(folder)
  } catch {
    // Slower, and nothing else.
  }
}

function cacheFolder() {
  const { env, platform } = process
  if (platform === 'win32') return env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return isAbsolute(env.XDG_CACHE_HOME ?? '') ? env.XDG_CACHE_HOME : join(homedir(), '.cache')
}
