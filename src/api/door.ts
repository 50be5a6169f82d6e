import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Browsers cannot set headers on a WebSocket: there the token comes as this subprotocol's second half. */
export const tokenProtocolPrefix = 'gavelring.token.'
export const webSocketProtocol = 'gavelring'

export interface DoorRefusal {
  readonly status: number
  readonly code: 'host-refused' | 'origin-refused' | 'token-wrong' | 'path-unknown'
  readonly message: string
}

/**
 * Who may come in: only requests that name this machine as their host (a page elsewhere can make its name point here),
 * that come from no page or from our own, and that know the profile's token. `undefined`: welcome.
 */
export function ignoreStranger(request: IncomingMessage, port: number, token: string): DoorRefusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  if (!hosts.includes(request.headers.host ?? '')) {
    return { status: 403, code: 'host-refused', message: 'This API answers to 127.0.0.1 and localhost only.' }
  }
  const { origin } = request.headers
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
    return { status: 403, code: 'origin-refused', message: 'Pages of other origins may not use this API.' }
  }
  if (!isSame(tokenOf(request) ?? '', token)) {
    return { status: 401, code: 'token-wrong', message: 'The token of the profile folder (api-token) is needed.' }
  }
  return undefined
}

function tokenOf(request: IncomingMessage): string | undefined {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (bearer !== undefined) return bearer
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  return protocols.find((protocol) => protocol.startsWith(tokenProtocolPrefix))?.slice(tokenProtocolPrefix.length)
}

/** In a time that says nothing about where they differ. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
