import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  type MessagePortMain,
  Notification,
  nativeImage,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  session,
  Tray,
  utilityProcess,
  type WebContents,
  type WebFrameMain,
} from 'electron'
import { createPages } from '../api/pages.ts'
import { rendererFolder } from '../app/renderer-folder.ts'
import { answerPage } from './app-protocol.ts'
import { linkAmong, readArguments } from './arguments.ts'
import { createBridge } from './bridge.ts'
import { takeDownload } from './downloads.ts'
import { readJoinRequest } from './join-request.ts'
import { type MenuActions, menuOf, stateText, trayMenuOf } from './menu.ts'
import { channels, type Notice, type PageState, type PeerState } from './messages.ts'
import { noticeText } from './notice.ts'
import { createPeerHost } from './peer-host.ts'
import { createSpeech } from './speech.ts'
import { lookForUpdate } from './update.ts'
import {
  appPage,
  appScheme,
  ignoreNavigation,
  ignorePermission,
  ignoreSender,
  refuseNewWindow,
  type Sender,
  webPreferencesOf,
} from './window-rules.ts'
import { wordsFor } from './words.ts'

// Windows and life cycle, and nothing else: what is decided is decided in the files beside this one, which run without Electron.

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const icon = (name: string): string => fileURLToPath(new URL(`../../src/desktop/icons/${name}`, import.meta.url))

const { flags, profile, link: firstLink } = readArguments(process.argv.slice(1), process.env)

app.setName('Gavelring')
// Before the lock, which is one for each folder: several profiles run side by side.
const windowFolder = join(profile, 'window')
mkdirSync(windowFolder, { recursive: true, mode: 0o700 })
app.setPath('userData', windowFolder)
app.enableSandbox()
protocol.registerSchemesAsPrivileged([
  { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
])

const hosting = { blocker: undefined as number | undefined }
const windows = new Set<BrowserWindow>()
let tray: Tray | undefined
let isOver = false
/** What was chosen, or the system asks for, is read when the app is ready, and nothing is said before. */
let words = wordsFor([])
/** A link that came before the app was ready; macOS hands it over so early. */
let waitingLink = firstLink

const bridge = createBridge<MessagePortMain>({
  makeChannel: () => new MessageChannelMain(),
  toPeer: (port, window) => host.sendPort(port, window),
})
const host = createPeerHost(flags, process.env, {
  fork: () => utilityProcess.fork(beside('./peer-entry.js'), [], { serviceName: 'Gavelring peer' }),
  bridge,
  onState: showState,
  onNotice: showNotice,
  onNotJoined: (refusal) => warn(words.join.failed, words.refusal(refusal)),
  onHosting: keepAwake,
  onOver() {
    isOver = true
    app.quit()
  },
  now: () => performance.now(),
})

const actions: MenuActions = {
  openWindow,
  startAgain: () => host.take({ kind: 'start' }),
  lookForUpdate: () => lookForUpdate(words),
  quit: () => app.quit(),
}

app.on('open-url', (event, url) => {
  event.preventDefault()
  openLink(url)
})
app.on('web-contents-created', (_event, contents) => guard(contents))

if (app.requestSingleInstanceLock()) {
  app.on('second-instance', (_event, args) => {
    showWindow()
    const link = linkAmong(args)
    if (link !== undefined) openLink(link)
  })
  // The peer stays in the ring: the tray leads back.
  app.on('window-all-closed', () => {})
  app.on('activate', showWindow)
  app.on('before-quit', (event) => {
    if (isOver) return
    event.preventDefault()
    host.take({ kind: 'quit' })
  })
  void app.whenReady().then(onReady)
} else {
  isOver = true
  app.quit()
}

function onReady(): void {
  const speech = createSpeech(join(windowFolder, 'speech.json'), [...app.getPreferredSystemLanguages(), app.getLocale()])
  words = speech.words
  if (app.isPackaged) app.setAsDefaultProtocolClient('gavelring')
  const pages = createPages(rendererFolder)
  protocol.handle(appScheme, (request) => answerPage(pages, request))
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl }) =>
    answer(ignorePermission(permission, requestingUrl) === undefined),
  )
  session.defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin) => ignorePermission(permission, `${origin}/`) === undefined,
  )
  session.defaultSession.on('will-download', (event, item, contents, frame) => {
    takeDownload(event, item, {
      sender: senderOf(contents, frame),
      folder: app.getPath('downloads'),
      words,
      onFailed: (name) => warn(words.file.failed(name), words.file.tryAgain),
    })
  })
  powerMonitor.on('suspend', () => host.take({ kind: 'suspend' }))
  powerMonitor.on('resume', () => host.take({ kind: 'resume' }))
  ipcMain.on(channels.wantPort, (event) => {
    const window = BrowserWindow.fromWebContents(event.sender)
    if (window === null) return
    const give = (port: MessagePortMain): void => event.sender.postMessage(channels.port, undefined, [port])
    const refusal = bridge.ask({ id: window.id, give }, senderOf(event.sender, event.senderFrame))
    if (refusal === undefined) event.sender.send(channels.state, pageState(host.state))
  })
  ipcMain.on(channels.startAgain, (event) => {
    if (ignoreSender(senderOf(event.sender, event.senderFrame)) === undefined) actions.startAgain()
  })
  ipcMain.on(channels.speak, (event, said: unknown) => {
    if (ignoreSender(senderOf(event.sender, event.senderFrame)) !== undefined || !speech.choose(said)) return
    words = speech.words
    showMenu()
    showState(host.state)
  })
  tray = new Tray(nativeImage.createFromPath(icon(process.platform === 'darwin' ? 'trayTemplate.png' : 'tray.png')))
  tray.on('click', showWindow)
  showMenu()
  host.take({ kind: 'start' })
  openWindow()
  if (waitingLink !== undefined) openLink(waitingLink)
}

function guard(contents: WebContents): void {
  const refuse = (event: { readonly url: string; preventDefault(): void }): void => {
    if (ignoreNavigation(event.url) !== undefined) event.preventDefault()
  }
  contents.on('will-navigate', refuse)
  contents.on('will-frame-navigate', refuse)
  contents.on('will-redirect', refuse)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(refuseNewWindow)
}

function senderOf(contents: WebContents, frame: WebFrameMain | null): Sender {
  const window = BrowserWindow.fromWebContents(contents)
  return {
    url: frame?.url,
    isMainFrame: frame !== null && frame.parent === null,
    isOwnWindow: window !== null && windows.has(window),
  }
}

function showMenu(): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuOf(process.platform === 'darwin', app.isPackaged, actions, words)))
}

function warn(message: string, detail: string): void {
  void dialog.showMessageBox({ type: 'warning', message, detail })
}

function openWindow(): void {
  const window = new BrowserWindow({
    width: 1_200,
    height: 800,
    minWidth: 360,
    minHeight: 480,
    show: false,
    title: 'Gavelring',
    icon: icon('icon.png'),
    webPreferences: webPreferencesOf(beside('./preload.cjs'), app.isPackaged),
  })
  windows.add(window)
  const { id } = window
  window.once('ready-to-show', () => window.show())
  window.on('closed', () => {
    windows.delete(window)
    bridge.windowClosed(id)
  })
  void window.loadURL(appPage)
}

function showWindow(): void {
  if (!app.isReady()) return
  const [window] = windows
  if (window === undefined) return openWindow()
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

function openLink(text: string): void {
  if (!app.isReady()) {
    waitingLink = text
    return
  }
  waitingLink = undefined
  const { state } = host
  const room = state.kind === 'running' && state.place.kind === 'in' ? state.place.room : undefined
  const request = readJoinRequest(text, room, words)
  const { title: message, detail } = request
  if (request.kind === 'refused') {
    warn(message, detail)
    return
  }
  const buttons = [words.join.yes, words.join.no]
  void dialog.showMessageBox({ type: 'question', message, detail, buttons, defaultId: 1, cancelId: 1 }).then(({ response }) => {
    if (response === 0) host.join(request.link)
  })
}

function showState(state: PeerState): void {
  tray?.setToolTip(stateText(state, words))
  tray?.setContextMenu(Menu.buildFromTemplate(trayMenuOf(state, actions, words)))
  for (const window of windows) window.webContents.send(channels.state, pageState(state))
}

const pageState = (state: PeerState): PageState => ({ kind: state.kind, text: stateText(state, words) })

function showNotice(told: Notice): void {
  if (!Notification.isSupported() || BrowserWindow.getFocusedWindow() !== null) return
  const notification = new Notification(noticeText(told, words))
  notification.on('click', showWindow)
  notification.show()
}

/** A host that falls asleep in the middle of an auction leaves the room waiting. */
function keepAwake(isHosting: boolean): void {
  if (isHosting) hosting.blocker ??= powerSaveBlocker.start('prevent-app-suspension')
  if (isHosting || hosting.blocker === undefined) return
  powerSaveBlocker.stop(hosting.blocker)
  hosting.blocker = undefined
}
