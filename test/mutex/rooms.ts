import type { PeerId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { type Fault, type Rehearsal, type RehearsalSetting, rehearse } from '../../src/mutex/rehearsal.ts'

export const membersOf = (count: number): readonly PeerId[] =>
  Array.from({ length: count }, (_, index) => `p${String(index).padStart(2, '0')}` as PeerId)

/** After this nothing goes wrong any more. */
const calmAt = 20_000

export interface Trouble {
  /** Frames are lost, come twice and overtake each other; links are cut for a while. */
  readonly isLossy: boolean
  /** Peers crash, are dropped while they live, and come again. */
  readonly changesViews: boolean
}

export function settingOf(
  algorithm: AlgorithmKind,
  seed: number,
  peers: number,
  { isLossy, changesViews }: Trouble,
): RehearsalSetting {
  const members = membersOf(peers)
  const hasTrouble = isLossy || changesViews
  return {
    algorithm,
    members,
    seed,
    entries: changesViews ? 30 : 12,
    think: { least: 0, most: changesViews ? 800 : 20 },
    stay: { least: 0, most: changesViews ? 100 : 5 },
    delay: { least: 1, most: isLossy ? 60 : 1 },
    lostShare: isLossy ? 0.15 : 0,
    repeatedShare: isLossy ? 0.1 : 0,
    calmAt: hasTrouble ? calmAt : 0,
    viewDelay: { least: 0, most: changesViews ? 400 : 0 },
    faults: faultsOf(seed, members, { isLossy, changesViews }),
    limitMillis: 180_000,
  }
}

function faultsOf(seed: number, members: readonly PeerId[], { isLossy, changesViews }: Trouble): readonly Fault[] {
  const random = createRandom(seed + 7_919)
  const faults: Fault[] = []
  const some = (): PeerId => members[random.below(members.length)] as PeerId
  for (let at = random.below(800); changesViews && at < calmAt; at += 200 + random.below(1_500)) {
    const kinds = ['crash', 'crash', 'expel', 'return', 'return', 'return'] as const
    faults.push({ at, kind: kinds[random.below(kinds.length)] ?? 'return', peer: some() })
  }
  for (let at = random.below(2_000); isLossy && at < calmAt; at += random.below(600)) {
    faults.push({ at, kind: 'cut', peer: some(), to: some(), until: Math.min(calmAt, at + random.below(1_500)) })
  }
  if (changesViews) for (const peer of members) faults.push({ at: calmAt + random.below(500), kind: 'return', peer })
  return faults.sort((a, b) => a.at - b.at)
}

/**
 * When two were inside at once, of those that no view since their entry is without. Counts anew from the events: it shares
 * nothing with the referee that it also checks.
 */
export function overlapsIn({ events }: Rehearsal): readonly string[] {
  const views = events.flatMap((event) => (event.kind === 'view' ? [event] : []))
  const stays = events.flatMap((event, begin) => {
    if (event.kind !== 'mutex' || event.event.what !== 'entered') return []
    const { peer } = event
    const ends = events.findIndex(
      (later, at) =>
        at > begin &&
        later.kind !== 'view' &&
        later.peer === peer &&
        (later.kind === 'crashed' || ['released', 'left'].includes(later.event.what)),
    )
    const fence = views.find(({ view }) => view.epoch > event.event.epoch && !view.members.includes(peer))
    const fencedAt = fence === undefined ? events.length : events.indexOf(fence)
    return [{ peer, begin, end: Math.min(ends < 0 ? events.length : ends, fencedAt) }]
  })
  return stays.flatMap((one) =>
    stays
      .filter((other) => other !== one && other.begin > one.begin && other.begin < one.end && other.begin < other.end)
      .map((other) => `${one.peer} and ${other.peer} at ${events[other.begin]?.at}`),
  )
}

export const entriesIn = ({ events }: Rehearsal, peer: PeerId): number =>
  events.filter((event) => event.kind === 'mutex' && event.peer === peer && event.event.what === 'entered').length

export { rehearse }
