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
 * to itself counts: the preload script speaks with its voice.
 */
export function takeWindowPorts(client: PortClient, page: PortPage): void {
  const { origin } = page.location
  page.addEventListener('message', (event) => {
    if (event.source !== page || event.origin !== origin) return
    const [port] = event.ports
    if (isPort(event.data) && port !== undefined) client.use(port)
  })
  page.postMessage('gavelring:want-port', origin)
}

const isPort = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'tag' in data && data.tag === 'gavelring:port'
