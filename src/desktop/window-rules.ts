import type { WebPreferences } from 'electron'

/**
 * What a window of the app may do. A refusal is told as its reason, for the log; `undefined`: nothing is wrong with it. The numbers
 * are those of Electron's security checklist (electronjs.org/docs/latest/tutorial/security); `test/desktop/checklist.test.ts` has all 20.
 */

export const appScheme = 'app'
const appOrigin = `${appScheme}://gavelring`
export const appPage = `${appOrigin}/`

/** Points 1, 13, 18: a window shows our own pages, and is never led anywhere else. */
export function ignoreNavigation(to: string): string | undefined {
  return isOwnPage(to) ? undefined : 'not a page of this app'
}

/** Points 14, 15: no page opens a window, and no address of a page is handed to another program. */
export const refuseNewWindow = (): { readonly action: 'deny' } => ({ action: 'deny' })

/** Full screen is the projector's; writing to the clipboard copies links and receipts. */
const permissionsGranted: ReadonlySet<string> = new Set(['fullscreen', 'clipboard-sanitized-write'])

/** Points 5 and 20. */
export function ignorePermission(permission: string, page: string): string | undefined {
  if (!isOwnPage(page)) return 'not a page of this app'
  return permissionsGranted.has(permission) ? undefined : 'not a permission that this app needs'
}

/** Who sent a message to the main process; each `undefined` where it is gone meanwhile. */
export interface Sender {
  readonly url: string | undefined
  readonly isMainFrame: boolean
  /** Whether its window is one that this app opened. */
  readonly isOwnWindow: boolean
}

/** Point 17: ports and words are for the top page of our own windows. */
export function ignoreSender({ url, isMainFrame, isOwnWindow }: Sender): string | undefined {
  if (!isOwnWindow) return 'not a window of this app'
  if (!isMainFrame) return 'a frame within a page'
  return url !== undefined && isOwnPage(url) ? undefined : 'not a page of this app'
}

/** Points 2, 3, 4, 6, 8, 9, 10, 11, 12: each of these is Electron's default too, and is said here so that it stays so. */
export function webPreferencesOf(preload: string, isPackaged: boolean): WebPreferences {
  return {
    preload,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    contextIsolation: true,
    sandbox: true,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    enableBlinkFeatures: '',
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    devTools: !isPackaged,
  }
}

function isOwnPage(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === `${appScheme}:` && url.host === 'gavelring'
}
