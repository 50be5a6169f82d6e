import type { Random } from '../../src/core/random.ts'
import type { Swarm } from './swarm.ts'

/** Who can reach whom, and how long it takes. Knows nothing of messages. */
export interface SimNetwork {
  /** When each copy of a message from `from` to `to` arrives, counted from now; empty: lost. */
  delays(from: number, to: number, now: number): readonly number[]
  isCut(from: number, to: number): boolean
  cut(from: number, to: number): void
  partition(groupOf: (peer: number) => number): void
  /** Every link works again; the rates of loss and delay stay. */
  mend(): void
  /** From here on the network is a good one: short delays, and at most this share of messages lost. */
  heal(loss: number): void
}

/** Of how many machines: all peers, one copy of a profile, and an outsider. */
export const placesOf = ({ peers }: Pick<Swarm, 'peers'>): number => peers + 2

export function createNetwork(swarm: Swarm, random: Random): SimNetwork {
  const peers = placesOf(swarm)
  const cuts = new Uint8Array(peers * peers)
  /** Until when the stream of each pair is busy: what is sent later arrives later, unless messages overtake. */
  const busyUntil = new Float64Array(peers * peers)
  let { loss, repeat, delayLeast, delaySpread, delayedShare, reorder } = swarm
  const none: readonly number[] = []
  const one = [0]

  const oneDelay = (pair: number, now: number): number => {
    const long = delayedShare > 0 && random.chance(delayedShare)
    const delay = long ? random.next() * swarm.delayLong : delayLeast + random.next() * delaySpread
    if (reorder) return delay
    const at = Math.max(now + delay, busyUntil[pair] as number)
    busyUntil[pair] = at
    return at - now
  }

  return {
    delays(from, to, now) {
      const pair = from * peers + to
      if (cuts[pair] === 1 || (loss > 0 && random.chance(loss))) return none
      const first = oneDelay(pair, now)
      if (repeat > 0 && random.chance(repeat)) return [first, first + random.next() * 300]
      // The caller is done with the list before it asks again.
      one[0] = first
      return one
    },
    isCut: (from, to) => cuts[from * peers + to] === 1,
    cut: (from, to) => {
      cuts[from * peers + to] = 1
    },
    partition(groupOf) {
      for (let from = 0; from < peers; from++) {
        for (let to = 0; to < peers; to++) if (groupOf(from) !== groupOf(to)) cuts[from * peers + to] = 1
      }
    },
    mend: () => {
      cuts.fill(0)
    },
    heal(share) {
      cuts.fill(0)
      busyUntil.fill(0)
      loss = share
      repeat = share
      delayLeast = 0.1
      delaySpread = 5
      delayedShare = 0
      reorder = false
    },
  }
}
