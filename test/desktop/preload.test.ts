import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { root } from '../../build/processes.ts'

type Listener = (...words: unknown[]) => void

/** Runs the preload script as Electron does, in a page that keeps what is said. */
function runPreload() {
  const ipc = new Map<string, Listener>()
  const toMain: unknown[] = []
  const toPage: unknown[] = []
  let exposed: Record<string, Listener> = {}
  let onMessage: Listener = () => {}
  const ipcRenderer = {
    on: (channel: string, listener: Listener) => ipc.set(channel, listener),
    send: (...words: unknown[]) => toMain.push(words),
  }
  const contextBridge = {
    exposeInMainWorld: (name: string, value: Record<string, Listener>) => {
      expect(name).toBe('gavelring')
      exposed = value
    },
  }
  const page: Record<string, unknown> = {
    location: { origin: 'app://gavelring' },
    addEventListener: (_event: string, listener: Listener) => {
      onMessage = listener
    },
    postMessage: (...words: unknown[]) => toPage.push(words),
    require: (name: string) => {
      expect(name).toBe('electron')
      return { ipcRenderer, contextBridge }
    },
  }
  const source = readFileSync(join(root, 'src', 'desktop', 'preload.cts'), 'utf8')
  const self: unknown = runInNewContext(`${stripTypeScriptTypes(source)}\nglobalThis`, page)
  const hear = (channel: string, ...words: unknown[]): void => ipc.get(channel)?.(...words)
  return { toMain, toPage, exposed, hear, self, post: (source: unknown, data: unknown) => onMessage({ source, data }) }
}

test('the page asks for a port with a word to its own window, and nobody else does', () => {
  const { toMain, post, self } = runPreload()
  post({}, 'gavelring:want-port')
  post(null, 'gavelring:want-port')
  post(self, 'something else')
  post(self, { tag: 'gavelring:want-port' })
  expect(toMain).toEqual([])
  post(self, 'gavelring:want-port')
  expect(toMain).toEqual([['gavelring:want-port']])
})

test('a port goes on to our own page, and to no other origin', () => {
  const { toPage, hear } = runPreload()
  hear('gavelring:port', { ports: ['the port'] })
  expect(toPage).toEqual([[{ tag: 'gavelring:port' }, 'app://gavelring', ['the port']]])
})

test('the page has three words and nothing of Electron', () => {
  const { exposed, hear, toMain } = runPreload()
  expect(Object.keys(exposed)).toEqual(['onState', 'startAgain', 'speak'])
  const heard: unknown[] = []
  exposed.onState?.((...words: unknown[]) => heard.push(words))
  hear('gavelring:state', { sender: 'electron’s own' }, { kind: 'away' })
  expect(heard).toEqual([[{ kind: 'away' }]])
  exposed.startAgain?.('anything')
  exposed.speak?.('pt', 'anything')
  expect(toMain).toEqual([['gavelring:start-again'], ['gavelring:speak', 'pt']])
})
