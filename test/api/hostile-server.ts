import { readdirSync } from 'node:fs'
import { startApiServer } from '../../src/api/http.ts'
import type { DoorLimits } from '../../src/api/limits.ts'
import { createFakePeer } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'

/**
 * A fake peer behind the real server in a process of its own (run with `--expose-gc`): what ends a process ends this one, and
 * its files and memory are nobody else's.
 */

export interface Facts {
  /** Open files, where they can be counted. */
  readonly files: number
  /** What is still needed, in MiB. */
  readonly memory: number
  /** Listeners to the peer's events. */
  readonly listeners: number
  /** Every object of the process has a field that somebody smuggled in. */
  readonly polluted: boolean
}

export type Ask = { readonly kind: 'facts' } | { readonly kind: 'tell'; readonly count: number } | { readonly kind: 'stop' }

export const hostileToken = 'h'.repeat(43)

async function serve(limits: Partial<DoorLimits>): Promise<void> {
  const peer = createFakePeer()
  let listeners = 0
  const counting = {
    ...peer,
    subscribe(listener: Parameters<typeof peer.subscribe>[0]) {
      listeners++
      const end = peer.subscribe(listener)
      return () => {
        listeners--
        end()
      }
    },
  }
  const server = await startApiServer({
    seat: createFakeSeat(counting),
    logger: silentLogger,
    token: hostileToken,
    port: 0,
    version: '0',
    limits,
  })
  const facts = (): Facts => {
    globalThis.gc?.()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return { files: openFiles(), memory: (heapUsed + external + arrayBuffers) / 2 ** 20, listeners, polluted: 'polluted' in {} }
  }
  process.on('message', async (ask: Ask) => {
    if (ask.kind === 'facts') process.send?.(facts())
    else if (ask.kind === 'tell') {
      for (let i = 0; i < ask.count; i++) peer.tell({ kind: 'quorum', held: true, text: 'x'.repeat(1_000) })
      process.send?.(facts())
    } else {
      await server.stop()
      process.disconnect()
    }
  })
  process.send?.({ url: server.url })
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}

if (process.argv[1] === import.meta.filename) await serve(JSON.parse(process.argv[2] ?? '{}'))
