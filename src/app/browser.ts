import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './flags.ts'

/** The interface of a running peer: its token goes in the fragment, which no browser sends to anybody. */
export const pageAddress = ({ url, token }: { readonly url: string; readonly token: string }): string => `${url}/#token=${token}`

/** Whether this machine has a screen to show a page on, as far as the environment tells. */
export const hasDisplay = (platform: NodeJS.Platform, env: Environment): boolean =>
  platform === 'win32' || platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)

/**
 * Opens an address that nobody else may know with the system's opener. Everyone on a machine can see what programs are started
 * with, so it goes by a page in the profile folder that only its owner can read. Resolves with why it did not work, or with
 * `undefined` as soon as the opener has done its work or is busy for longer than it should be.
 */
export async function openInBrowser(address: string, profile: string, env: Environment): Promise<string | undefined> {
  const page = join(profile, pageFile)
  // A link in its place would be followed.
  rmSync(page, { force: true })
  writeFileSync(page, `<!doctype html><meta http-equiv="refresh" content="0; url=${address}">\n`, { mode: 0o600, flag: 'wx' })
  const opener = openers[process.platform] ?? 'xdg-open'
  const child = spawn(opener, [page], { stdio: 'ignore', detached: true, env })
  child.unref()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  child.on('error', () => resolve(`${opener} cannot be started`))
  // Windows’ own opener ends with 1 whatever it has done.
  child.on('exit', (code) => resolve(code === 0 || process.platform === 'win32' ? undefined : `${opener} ended with ${code}`))
  const timer = setTimeout(resolve, patienceMillis, undefined)
  return promise.finally(() => clearTimeout(timer))
}

/** Takes the page away, once it is good for nothing any more. */
export const removePage = (profile: string): void => rmSync(join(profile, pageFile), { force: true })

const pageFile = 'open.html'
/** Some openers stay for as long as the browser does. */
const patienceMillis = 3_000

const openers: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'open',
  win32: 'explorer.exe',
}
