import { createBackOff } from '../core/back-off.ts'
import type { ClientPort, PortClient } from './client-port.ts'

/** What a page's `window` is here. */
export interface PortPage {
  readonly location: { readonly origin: string }
  addEventListener(event: 'message', listener: (event: PortPageMessage) => void): void
  postMessage(message: unknown, origin: string): void
}

interface PortPageMessage {
  readonly source: unknown
  readonly origin: string
  readonly data: unknown
  readonly ports: readonly ClientPort[]
}

/**
 * In the app's window: asks the preload script for a port, and uses each that it hands over. Only what the page's own window said
 * to itself counts: the preload script speaks with its voice. Where a port goes although the peer is there, as when its door closed
 * it, another is asked for after a while; where the peer itself is gone, the next one's port comes unasked, too.
 */
export function takeWindowPorts(client: PortClient, page: PortPage): void {
  const { origin } = page.location
  const ask = (): void => page.postMessage('gavelring:want-port', origin)
  const backOff = createBackOff()
  let timer: ReturnType<typeof setTimeout> | undefined
  client.onChange((isOpen) => {
    clearTimeout(timer)
    const now = performance.now()
    if (isOpen) backOff.opened(now)
    else timer = setTimeout(ask, backOff.lost(now))
  })
  page.addEventListener('message', (event) => {
    if (event.source !== page || event.origin !== origin) return
    const [port] = event.ports
    if (isPort(event.data) && port !== undefined) client.use(port)
  })
  ask()
}

const isPort = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'tag' in data && data.tag === 'gavelring:port'
