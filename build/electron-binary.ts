import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasDisplay } from '../src/app/browser.ts'
import { root } from './processes.ts'

/**
 * Electron's executable, where it has been fetched (`npx install-electron`); `undefined`: it has not. The package itself is not
 * asked: it would start to fetch.
 */
export function electronBinary(
  env: NodeJS.ProcessEnv = process.env,
  folder = join(root, 'node_modules', 'electron'),
): string | undefined {
  const name = join(folder, 'path.txt')
  const program = existsSync(name) ? readFileSync(name, 'utf8') : 'electron'
  const path = join(env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), program)
  return existsSync(path) ? path : undefined
}

/** Whether a window can be shown at all; `undefined`: it can. */
export function whyNoWindow(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string | undefined {
  return hasDisplay(platform, env) ? undefined : 'There is no display here'
}
