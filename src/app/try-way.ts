import { tryRoomCode } from '../io/try-code.ts'
import type { Aim } from './aim.ts'

/** How long it is tried whether a room can be entered, in milliseconds, and how many of its addresses. */
const tryMillis = 10_000
const tryMillisMin = 500
const triesMax = 4

/**
 * What can be known of a room without being in it: `open`, somebody there has its code; `other-code`, somebody answers who has
 * another one (or whose room has another name), and nobody who has it; `silent`, nobody is known, or answers.
 */
export async function tryWay({ name, code, addresses }: Aim, millisMax: number): Promise<'open' | 'other-code' | 'silent'> {
  const millis = Math.max(tryMillisMin, Math.min(tryMillis, millisMax))
  // One is enough: a link names all addresses of its peer, and at some of them nobody may answer here.
  const found = new AbortController()
  const tries = await Promise.all(
    addresses.slice(0, triesMax).map(async (address) => {
      const tried = await tryRoomCode(withoutPeer(address), { name, code }, millis, found.signal).catch(() => undefined)
      if (tried === 'same-code') found.abort()
      return tried
    }),
  )
  if (tries.includes('same-code')) return 'open'
  return tries.includes('another-code') ? 'other-code' : 'silent'
}

/** Whoever answers there shows who it is only inside the room. */
const withoutPeer = (address: string): string => address.split('/p2p/')[0] ?? address
