import { type Api, type ApiClient, connectApi, Unreachable } from '../../src/api/client.ts'
import { createPortClient } from '../../src/api/client-port.ts'
import { takeWindowPorts } from '../../src/api/window-ports.ts'
import { type Desktop, desktop, readShellState, type ShellState } from './desktop.ts'

/**
 * `lost`: nothing answers, and it is tried again. `stranger`: what answers does not know this page's token, as after another start
 * of the peer. `no-token`: the page was opened without one.
 */
export type DoorState = 'open' | 'lost' | 'stranger' | 'no-token'

/**
 * The peer as this page reaches it: over WebSocket from a browser, over a message port in the desktop app. It is made anew
 * whenever it is lost; until then calls wait, since a call on a closed port would hang for ever.
 */
export interface Door {
  /** Resolves with the contract's client once the peer answers. */
  api(): Promise<Api>
  readonly state: DoorState
  /** What the desktop app says of the peer’s process; `undefined` in a browser, and before it says anything. */
  readonly shell: ShellState | undefined
  /** Called whenever one of the two is another; until the returned function is called. */
  onChange(listener: () => void): () => void
}

const retryMillis = [200, 500, 1_000, 2_000] as const
const retryMillisMax = 2_000

/** A state with listeners. */
function createState<T>(first: T) {
  const listeners = new Set<() => void>()
  let state = first
  return {
    get: () => state,
    set(next: T): void {
      if (next === state) return
      state = next
      for (const listener of [...listeners]) listener()
    },
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function openDoor(connect: () => Promise<ApiClient>): Door {
  const state = createState<DoorState>('lost')
  let opening: Promise<Api> | undefined

  const open = async (): Promise<Api> => {
    for (let failures = 0; ; failures++) {
      try {
        const client = await connect()
        void client.closed.then(() => {
          opening = undefined
          state.set('lost')
        })
        state.set('open')
        return client.api
      } catch (error) {
        state.set(error instanceof Unreachable && error.reason === 'stranger' ? 'stranger' : 'lost')
        await new Promise((resolve) => setTimeout(resolve, retryMillis[failures] ?? retryMillisMax))
      }
    }
  }

  return {
    api() {
      opening ??= open()
      return opening
    },
    get state() {
      return state.get()
    },
    shell: undefined,
    onChange: state.onChange,
  }
}

export function pageDoor(): Door {
  return desktop === undefined ? browserDoor() : windowDoor(desktop)
}

const tokenKey = 'gavelring.token'

/** The token comes in the address's fragment, which no server sees, and is kept for this tab alone. */
function browserDoor(): Door {
  takeToken()
  // Another token in the address of a page that is open: what was shown belongs to the one before.
  window.addEventListener('hashchange', () => {
    if (takeToken()) location.reload()
  })
  const token = sessionStorage.getItem(tokenKey)
  if (token === null) return closedDoor()
  return openDoor(() => connectApi({ url: location.origin, token }))
}

/** Whether there was one. */
function takeToken(): boolean {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given === null || given === '') return false
  sessionStorage.setItem(tokenKey, given)
  history.replaceState(null, '', `${location.pathname}#/`)
  return true
}

/** Leads nowhere: nothing is ever answered. */
function closedDoor(): Door {
  const never = new Promise<Api>(() => {})
  return { api: () => never, state: 'no-token', shell: undefined, onChange: () => () => {} }
}

function windowDoor(app: Desktop): Door {
  const client = createPortClient()
  const shell = createState<ShellState | undefined>(undefined)
  app.onState((told) => shell.set(readShellState(told)))
  takeWindowPorts(client, window as unknown as Parameters<typeof takeWindowPorts>[1])
  return {
    api: async () => client.api,
    get state() {
      return shell.get()?.isRunning === true ? 'open' : 'lost'
    },
    get shell() {
      return shell.get()
    },
    onChange: shell.onChange,
  }
}
