import { type Api, type ApiClient, type Role, Unreachable } from '../../src/api/client.ts'
import { createBackOff } from '../../src/core/back-off.ts'
import type { ShellState } from './desktop.ts'

/**
 * `lost`: nothing answers, and it is tried again. `stranger`: what answers does not know this page's token, as after another start
 * of the peer. `token-gone`: the peer keeps it no longer. `no-token`: the page was opened without one.
 */
export type DoorState = 'open' | 'lost' | 'stranger' | 'token-gone' | 'no-token'

/**
 * The peer as this page reaches it: over WebSocket from a browser, over a message port in the desktop app. It is made anew
 * whenever it is lost; until then calls wait, since a call on a closed port would hang for ever.
 */
export interface Door {
  /** Resolves with the contract's client once the peer answers. */
  api(): Promise<Api>
  readonly state: DoorState
  /** What this page may do there. */
  readonly role: Role
  /** What the desktop app says of the peer’s process; `undefined` in a browser, and before it says anything. */
  readonly shell: ShellState | undefined
  /** Called whenever one of the two is another; until the returned function is called. */
  onChange(listener: () => void): () => void
}

/** A state with listeners. */
export function createState<T>(first: T) {
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

/** `role`: of the token that it connects with. */
export function openDoor(connect: () => Promise<ApiClient>, role: Role): Door {
  const state = createState<DoorState>('lost')
  const backOff = createBackOff()
  let opening: Promise<Api> | undefined
  /** Until the next try, in milliseconds. */
  let rest = 0

  const open = async (): Promise<Api> => {
    for (;;) {
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      try {
        const client = await connect()
        backOff.opened(performance.now())
        void client.closed.then(() => {
          opening = undefined
          rest = backOff.lost(performance.now())
          state.set('lost')
        })
        state.set('open')
        return client.api
      } catch (error) {
        rest = backOff.lost(performance.now())
        state.set(stateAfter(error))
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
    role,
    shell: undefined,
    onChange: state.onChange,
  }
}

function stateAfter(error: unknown): DoorState {
  const reason = error instanceof Unreachable ? error.reason : undefined
  return reason === 'stranger' || reason === 'token-gone' ? reason : 'lost'
}
