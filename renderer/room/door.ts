import { type Api, connectApi, roleOfToken } from '../../src/api/client.ts'
import { createPortClient } from '../../src/api/client-port.ts'
import { takeWindowPorts } from '../../src/api/window-ports.ts'
import { type Desktop, desktop, readShellState, type ShellState } from './desktop.ts'
import { createState, type Door, openDoor } from './open-door.ts'

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
  return openDoor(() => connectApi({ url: location.origin, token }), roleOfToken(token))
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
  return { api: () => never, state: 'no-token', role: 'owner', shell: undefined, onChange: () => () => {} }
}

function windowDoor(app: Desktop): Door {
  const client = createPortClient()
  const shell = createState<ShellState | undefined>(undefined)
  const hasPort = createState(false)
  app.onState((told) => shell.set(readShellState(told)))
  client.onChange(hasPort.set)
  takeWindowPorts(client, window as unknown as Parameters<typeof takeWindowPorts>[1])
  return {
    api: async () => client.api,
    get state() {
      return shell.get()?.isRunning === true && hasPort.get() ? 'open' : 'lost'
    },
    role: 'owner',
    get shell() {
      return shell.get()
    },
    onChange(listener) {
      const stops = [shell.onChange(listener), hasPort.onChange(listener)]
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
