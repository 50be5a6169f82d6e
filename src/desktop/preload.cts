// A sandboxed preload script is one CommonJS file that can require nothing but Electron. It hands ports to our own page, and three
// words: no part of Electron itself gets there (point 20 of the checklist). The names stand in messages.ts and window-ports.ts too.
import type { IpcRendererEvent } from 'electron'

const { contextBridge, ipcRenderer } = require('electron') as typeof import('electron')

interface Page {
  readonly location: { readonly origin: string }
  addEventListener(event: 'message', listener: (event: { readonly source: unknown; readonly data: unknown }) => void): void
  postMessage(message: unknown, origin: string, ports?: readonly unknown[]): void
}
const page = globalThis as unknown as Page
const { origin } = page.location

page.addEventListener('message', ({ source, data }) => {
  if (source === page && data === 'gavelring:want-port') ipcRenderer.send('gavelring:want-port')
})
ipcRenderer.on('gavelring:port', ({ ports }: IpcRendererEvent) => {
  page.postMessage({ tag: 'gavelring:port' }, origin, ports)
})

contextBridge.exposeInMainWorld('gavelring', {
  /** Tells the peer's state, now and whenever it changes (`PageState` in messages.ts). */
  onState(listener: (state: unknown) => void): void {
    ipcRenderer.on('gavelring:state', (_event: IpcRendererEvent, state: unknown) => listener(state))
  },
  /** Starts the peer again after it left, or could not start. */
  startAgain(): void {
    ipcRenderer.send('gavelring:start-again')
  },
  /** The language that the person chose, as `pt`: menu, tray, dialogs and notices speak it, too. */
  speak(language: string): void {
    ipcRenderer.send('gavelring:speak', language)
  },
})
