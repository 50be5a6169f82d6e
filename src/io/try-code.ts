import { multiaddr } from '@multiformats/multiaddr'
import { createIdentity } from './identity.ts'
import { isWrongCode } from './transport/handshake-errors.ts'
import { createNode } from './transport/node.ts'

export type CodeTried = 'same-code' | 'another-code' | 'other'

export interface RoomCode {
  readonly name: string
  readonly code: string
}

/**
 * Shakes hands with whoever is at an address, under a key of its own, and hangs up. `other`: whatever answers there is no peer
 * that this program understands. `undefined`: it took too long to say, or `ended` says that it matters no more.
 */
export async function tryRoomCode(
  address: string,
  room: RoomCode,
  millis: number,
  ended?: AbortSignal,
): Promise<CodeTried | undefined> {
  const signal = AbortSignal.any([AbortSignal.timeout(Math.ceil(millis)), ...(ended === undefined ? [] : [ended])])
  const node = await createNode({ identity: createIdentity(), room, listen: [] })
  try {
    await node.start()
    await node.dial(multiaddr(address), { signal })
    return 'same-code'
  } catch (error) {
    const errors = error instanceof AggregateError ? error.errors : [error]
    if (errors.some(isWrongCode)) return 'another-code'
    return signal.aborted ? undefined : 'other'
  } finally {
    await node.stop()
  }
}
