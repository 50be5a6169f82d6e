import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../build/processes.ts'
import { contentSecurityPolicy } from '../../src/api/pages.ts'
import { channels } from '../../src/desktop/messages.ts'
import {
  appPage,
  ignoreNavigation,
  ignorePermission,
  ignoreSender,
  refuseNewWindow,
  webPreferencesOf,
} from '../../src/desktop/window-rules.ts'

// Electron's security checklist, all 20 points (electronjs.org/docs/latest/tutorial/security). What only Electron can do is looked
// for in the source: that main.ts hands the rule to it.

const desktop = join(root, 'src', 'desktop')
const sources = new Map(
  readdirSync(desktop)
    .filter((name) => /\.c?ts$/.test(name))
    .map((name) => [name, readFileSync(join(desktop, name), 'utf8')]),
)
const main = sources.get('main.ts') ?? ''
const everything = [...sources.values()].join('\n')
const packaging = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
const preferences = webPreferencesOf('preload.cjs', true)
const policy = contentSecurityPolicy('n', [])

const points: Record<string, () => void> = {
  '1 only secure content is loaded': () => {
    expect(ignoreNavigation('http://example.org/')).toBeDefined()
    expect(main.match(/loadURL\([^)]*\)/g)).toEqual(['loadURL(appPage)'])
    expect(appPage).toBe('app://gavelring/')
  },
  '2 no Node.js in pages': () => {
    expect(preferences).toMatchObject({
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
    })
  },
  '3 contexts are isolated': () => expect(preferences.contextIsolation).toBe(true),
  '4 processes are sandboxed': () => {
    expect(preferences.sandbox).toBe(true)
    expect(main).toContain('app.enableSandbox()')
  },
  '5 permissions are asked for': () => {
    expect(ignorePermission('media', appPage)).toBeDefined()
    expect(main).toContain('setPermissionRequestHandler')
    expect(main).toContain('setPermissionCheckHandler')
  },
  '6 web security stays on': () => expect(preferences.webSecurity).toBe(true),
  '7 there is a content security policy': () => {
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|\*/)
  },
  '8 no insecure content': () => expect(preferences.allowRunningInsecureContent).toBe(false),
  '9 no experimental features': () => expect(preferences.experimentalFeatures).toBe(false),
  '10 no Blink features': () => expect(preferences.enableBlinkFeatures).toBe(''),
  '11 no pop-ups of webviews': () => expect(everything).not.toContain('allowpopups'),
  '12 no webviews': () => {
    expect(preferences.webviewTag).toBe(false)
    expect(main).toMatch(/will-attach-webview', \(event\) => event\.preventDefault\(\)/)
  },
  '13 navigation is limited': () => {
    expect(ignoreNavigation('https://example.org/')).toBeDefined()
    for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect']) expect(main).toContain(`'${event}', refuse`)
  },
  '14 no page opens a window': () => {
    expect(refuseNewWindow()).toEqual({ action: 'deny' })
    expect(main).toContain('setWindowOpenHandler(refuseNewWindow)')
  },
  '15 nothing of a page is opened outside': () => expect(everything).not.toContain('openExternal'),
  '16 Electron is a current one': () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      devDependencies: Record<string, string>
    }
    // Electron keeps its three newest majors in repair; raise this with each of ours.
    expect(Number(devDependencies.electron?.split('.')[0])).toBeGreaterThanOrEqual(45)
  },
  '17 senders are checked': () => {
    expect(ignoreSender({ url: 'https://example.org/', isMainFrame: true, isOwnWindow: true })).toBeDefined()
    expect(everything).not.toContain('ipcMain.handle')
    const handlers = main.split('ipcMain.on(').slice(1)
    expect(handlers).toHaveLength(3)
    for (const handler of handlers) expect(handler.slice(0, 500)).toContain('senderOf(event.sender, event.senderFrame)')
  },
  '18 no file:// pages': () => {
    expect(everything).not.toMatch(/loadFile|file:\/\//)
    expect(ignoreNavigation('file:///index.html')).toBeDefined()
  },
  '19 fuses are set': () => {
    for (const fuse of ['runAsNode', 'enableNodeOptionsEnvironmentVariable', 'enableNodeCliInspectArguments']) {
      expect(packaging).toContain(`${fuse}: false`)
    }
    expect(packaging).toContain('onlyLoadAppFromAsar: true')
  },
  '20 pages get nothing of Electron': () => {
    const preload = sources.get('preload.cts') ?? ''
    expect(preload.match(/exposeInMainWorld/g)).toHaveLength(1)
    expect(preload).not.toMatch(/exposeInMainWorld\([^)]*ipcRenderer|: ipcRenderer[,\n}]/)
    expect(preload).not.toMatch(/listener\(_?event/)
  },
}

test.each(Object.entries(points))('%s', (_point, check) => check())

test('there are 20 points', () => {
  expect(Object.keys(points).map((point) => Number.parseInt(point, 10))).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
})

test('only three files need Electron to run; the others are tried without it', () => {
  const users = [...sources].filter(([, text]) => /^import (?:\w+|\{[^}]*\}) from 'electron'|require\('electron'\)/m.test(text))
  expect(users.map(([name]) => name).sort()).toEqual(['main.ts', 'preload.cts', 'update.ts'])
})

test('the preload script, which can import nothing, says the same words as the main process', () => {
  const said = [...(sources.get('preload.cts') ?? '').matchAll(/'(gavelring:[a-z-]+)'/g)].map(([, word]) => word)
  expect([...new Set(said)].sort()).toEqual(Object.values(channels).sort())
})
