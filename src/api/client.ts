import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import type { ApiAddress } from './api-files.ts'
import type { contract } from './contract.ts'

export type Api = ContractRouterClient<typeof contract>

export interface ApiClient {
  readonly api: Api
  /** Resolves when the connection is lost, or closed here. */
  readonly closed: Promise<void>
  close(): void
}

/** Nobody answers there, or it is not a peer of this profile. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

/** Connects to a running peer's WebSocket, as a browser would. Rejects with {@link Unreachable}. */
export async function connectApi({ url, token }: ApiAddress): Promise<ApiClient> {
  const webSocket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, ['gavelring', `gavelring.token.${token}`])
  const closed = new Promise<void>((resolve) => webSocket.addEventListener('close', () => resolve(), { once: true }))
  await new Promise<void>((resolve, reject) => {
    webSocket.addEventListener('open', () => resolve(), { once: true })
    webSocket.addEventListener('error', () => reject(new Unreachable(`No peer answers at ${url}.`)), { once: true })
  })
  return { api: createORPCClient<Api>(new RPCLink({ websocket: webSocket })), closed, close: () => webSocket.close() }
}
