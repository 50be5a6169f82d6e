import type { PeerId } from '../core/ids.ts'
import { type Block, decodeBlock } from '../ring/block.ts'
import type { Serve } from '../ring/types.ts'
import type { PeerContext } from './context.ts'

/** Gives other peers the blocks that they ask for: one answer at a time to each, so that a slow one costs one frame. */
export interface Server {
  serve(asked: Serve): void
  /** Nothing is sent any more. */
  close(): void
}

/**
 * While an answer is on its way to a peer, the newest request that came meanwhile waits, and no other. `encode`:
 * `undefined` where the frame would be over its limit.
 */
export function createServer(
  { ports }: PeerContext,
  fetchedBytes: number,
  encode: (asked: Serve, blocks: readonly Block[]) => Uint8Array | undefined,
): Server {
  const { store, transport, identity, logger } = ports
  /** By peer that an answer is on its way to: the request that waits. */
  const waiting = new Map<PeerId, Serve | undefined>()
  let isClosed = false

  const begin = (asked: Serve): void => {
    const { blocks } = asked
    if (!('through' in blocks)) return answer(asked, blocks)
    store.read(blocks.from, blocks.through, fetchedBytes).then(
      (rows) => answer(asked, rows.flatMap(toBlock)),
      (error: unknown) => {
        logger.warn('blocks for another peer could not be read', { from: blocks.from, error })
        end(asked.to)
      },
    )
  }

  const toBlock = ({ bytes }: { readonly bytes: Uint8Array }): readonly Block[] => {
    const decoded = decodeBlock(bytes, identity.crypto)
    return 'value' in decoded ? [decoded.value] : []
  }

  const answer = (asked: Serve, blocks: readonly Block[]): void => {
    const frame = isClosed ? undefined : encode(asked, blocks)
    if (frame === undefined) return end(asked.to)
    const done = (): void => end(asked.to)
    transport.sendBulk(asked.to, frame).then(done, done)
  }

  const end = (peer: PeerId): void => {
    const next = waiting.get(peer)
    if (next === undefined || isClosed) {
      waiting.delete(peer)
      return
    }
    waiting.set(peer, undefined)
    begin(next)
  }

  return {
    serve(asked) {
      const isBusy = waiting.has(asked.to)
      waiting.set(asked.to, isBusy ? asked : undefined)
      if (!isBusy) begin(asked)
    },
    close() {
      isClosed = true
      waiting.clear()
    },
  }
}
