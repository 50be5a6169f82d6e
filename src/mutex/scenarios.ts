import type { PeerId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import { type AlgorithmKind, compareWishes, type MutexMessage } from './algorithm.ts'
import { algorithms } from './algorithms.ts'
import { impatientRing, politeTie, stubbornTie } from './naive.ts'
import { type Fault, type Rehearsal, type RehearsalSetting, rehearse } from './rehearsal.ts'
import { eventsIn, type RunEvent, type RunStep, stepsOfTrial } from './run-steps.ts'
import type { Claim, Scenario, ScenarioPart } from './scenario.ts'

/** In a simulated room of five. Each first runs without the fault, to see when it hurts most, and then once more with it. */

const members = ['A', 'B', 'C', 'D', 'E'] as readonly string[] as readonly PeerId[]

const usual = {
  members,
  entries: 4,
  // There is always somebody who waits.
  think: { least: 0, most: 10 },
  stay: { least: 5, most: 15 },
  delay: { least: 1, most: 3 },
  lostShare: 0,
  repeatedShare: 0,
  calmAt: 0,
  // Sooner than any message of it, which would have to be sent again.
  viewDelay: { least: 0, most: 1 },
  faults: [],
  limitMillis: 30_000,
} as const

interface Played {
  readonly setting: RehearsalSetting
  readonly rehearsal: Rehearsal
  readonly steps: readonly RunStep[]
  readonly events: readonly RunEvent[]
}

function play(kind: AlgorithmKind, seed: number, changes: Partial<RehearsalSetting> = {}): Played {
  const setting: RehearsalSetting = { ...usual, algorithm: kind, seed, ...changes }
  const rehearsal = rehearse(setting)
  const steps = stepsOfTrial(rehearsal.events)
  return { setting, rehearsal, steps, events: eventsIn(steps) }
}

/** The naive ones have messages of their own, which only they ask for. */
const closed = <M extends MutexMessage>(kind: AlgorithmKind<M>): AlgorithmKind => kind as unknown as AlgorithmKind

function builtIn(name: string): AlgorithmKind {
  const kind = algorithms.find((one) => one.name === name)
  if (kind === undefined) throw new Error(`there is no algorithm ${name}`)
  return kind
}

const entriesOf = ({ events }: Played): number => events.filter(({ what }) => what === 'entered').length
const violationsOf = ({ steps }: Played): number => steps.filter(({ kind }) => kind === 'violation').length
const millis = (value: number): string => `${value.toFixed(1)} ms`

function partOf(title: string, played: Played, lines: readonly string[]): ScenarioPart {
  const { ended, waiting } = played.rehearsal
  const end = {
    done: 'All is done.',
    stuck: 'Nothing happens any more.',
    time: `After ${played.setting.limitMillis / 1_000} s nothing has changed.`,
    events: 'It goes on without an end.',
  }[ended]
  const late = waiting.length === 0 ? [] : [`Still waiting: ${waiting.join(', ')}.`]
  const both = violationsOf(played)
  const twice = both === 0 ? [] : [`Two were inside at once ${both} ${both === 1 ? 'time' : 'times'}.`]
  return { title, lines: [...lines, ...twice, end, ...late], steps: played.steps }
}

/** Who is inside after these steps, and since when. */
function insideAfter(events: readonly RunEvent[], count: number): ReadonlyMap<string, RunEvent> {
  const inside = new Map<string, RunEvent>()
  for (const event of events.slice(0, count)) {
    if (event.what === 'entered') inside.set(event.peer, event)
    if (event.what === 'released' || event.what === 'left') inside.delete(event.peer)
  }
  return inside
}

/** Who wants in after these steps, and is not in. */
function waitingAfter(events: readonly RunEvent[], count: number): ReadonlySet<string> {
  const waiting = new Set<string>()
  for (const { peer, what } of events.slice(0, count)) {
    if (what === 'wished') waiting.add(peer)
    if (what === 'entered' || what === 'left') waiting.delete(peer)
  }
  return waiting
}

/** Between two events of a run without faults, where this holds: until then a run with a fault at that time is the same. */
function momentWhen(played: Played, isIt: (count: number) => boolean): { readonly at: number; readonly count: number } {
  const { events } = played
  for (let count = 1; count < events.length; count++) {
    const [before, after] = [events[count - 1]?.at ?? 0, events[count]?.at ?? 0]
    if (after > before && isIt(count)) return { at: (before + after) / 2, count }
  }
  throw new Error(`${played.setting.algorithm.name}, seed ${played.setting.seed}: it never comes to that`)
}

/** The next entry after the crash; `undefined`: there is none. */
const entryAfter = ({ events }: Played, at: number): RunEvent | undefined =>
  events.find((event) => event.what === 'entered' && event.at > at)

/** With the same fault, once in a room whose ring agrees on views, and once without: nobody is told. */
function twice(kind: AlgorithmKind, seed: number, at: number, peer: PeerId) {
  const run = (isUnnoticed: boolean) => play(kind, seed, { faults: [{ kind: 'crash', at, peer, isUnnoticed }] })
  return { alone: run(true), room: run(false) }
}

const holderDies: Scenario = {
  name: 'holder-dies',
  summary: 'whoever is inside dies: without a room all others wait for ever, with one they go on',
  run(seed) {
    const parts: ScenarioPart[] = []
    const claims: Claim[] = []
    for (const name of ['centralized', 'ricart-agrawala', 'token-ring']) {
      const calm = play(builtIn(name), seed)
      // Not the coordinator, which is the last one: that is another story.
      const isIt = (count: number): boolean => {
        const [holder] = insideAfter(calm.events, count).keys()
        return holder !== undefined && holder !== members.at(-1) && waitingAfter(calm.events, count).size > 0
      }
      const { at, count } = momentWhen(calm, isIt)
      const [holder] = insideAfter(calm.events, count).keys()
      const { alone, room } = twice(builtIn(name), seed, at, holder as PeerId)
      const next = entryAfter(room, at)
      const dies = `${holder} dies inside after ${millis(at)}.`
      parts.push(partOf(`${name}, nobody is told`, alone, [dies]))
      const goesOn = next === undefined ? 'Nobody enters any more.' : `${next.peer} enters ${millis(next.at - at)} later.`
      parts.push(partOf(`${name}, the room has a new view`, room, [dies, goesOn]))
      claims.push(
        {
          text: `${name}: without a view nobody enters any more, and somebody waits for ever`,
          holds: entryAfter(alone, at) === undefined && alone.rehearsal.waiting.length > 0,
        },
        {
          text: `${name}: with one all others get in as often as they want, and no two at once`,
          holds: next !== undefined && room.rehearsal.ended === 'done' && violationsOf(room) === 0,
        },
      )
    }
    return { parts, claims }
  },
}

const coordinatorDies: Scenario = {
  name: 'coordinator-dies',
  summary: 'the coordinator dies with a queue: those in it are asked for again by another one',
  run(seed) {
    const kind = builtIn('centralized')
    const calm = play(kind, seed)
    const coordinator = members.at(-1) as PeerId
    const queueAfter = (count: number): readonly string[] => {
      const known = calm.events
        .slice(0, count)
        .filter(({ peer, what, message }) => peer === coordinator && what === 'received' && message?.kind === 'request')
      const asked = (peer: string): number => known.filter(({ other }) => other === peer).length
      const granted = (peer: string): number =>
        calm.events
          .slice(0, count)
          .filter(({ what, other, message }) => what === 'sent' && message?.kind === 'grant' && other === peer).length
      return members.filter((peer) => peer !== coordinator && asked(peer) > granted(peer))
    }
    const { at, count } = momentWhen(
      calm,
      (one) => queueAfter(one).length >= 2 && !insideAfter(calm.events, one).has(coordinator),
    )
    const queue = queueAfter(count)
    const { alone, room } = twice(kind, seed, at, coordinator)
    const chosen = room.events.find(
      ({ what, message, epoch, at: when }) => when > at && epoch > 1 && what === 'sent' && message?.kind === 'coordinator',
    )
    const dies = `${coordinator}, the coordinator, dies after ${millis(at)}. In its queue: ${queue.join(', ')}.`
    const gotIn = (played: Played): readonly string[] =>
      queue.filter((peer) => played.events.some((event) => event.what === 'entered' && event.peer === peer && event.at > at))
    return {
      parts: [
        partOf('nobody is told', alone, [dies]),
        partOf('the room has a new view', room, [
          dies,
          `${chosen?.peer ?? 'Nobody'} is chosen, and asked once more by all who wait. In they go: ${gotIn(room).join(', ')}.`,
        ]),
      ],
      claims: [
        { text: 'two or more waited in the queue that died', holds: queue.length >= 2 },
        { text: 'without a view none of them ever gets in', holds: gotIn(alone).length === 0 },
        { text: 'with one another coordinator is chosen', holds: chosen !== undefined && chosen.peer !== coordinator },
        {
          text: 'and all of them get in, no two at once',
          holds: gotIn(room).length === queue.length && room.rehearsal.ended === 'done' && violationsOf(room) === 0,
        },
      ],
    }
  },
}

const equalTimes: Scenario = {
  name: 'equal-times',
  summary: 'two ask at the same Lamport time: the lesser id goes first, or else both do, or nobody',
  run(seed) {
    // All that differs between the two is who they are.
    const delay = 1 + 4 * createRandom(seed).next()
    const two = {
      members: members.slice(0, 2),
      entries: 1,
      think: { least: 0, most: 0 },
      delay: { least: delay, most: delay },
      viewDelay: { least: 0, most: 0 },
    }
    const played = [builtIn('ricart-agrawala'), closed(politeTie), closed(stubbornTie)].map((kind) => play(kind, seed, two))
    const [right, polite, stubborn] = played as [Played, Played, Played]
    const wishesOf = ({ events }: Played) =>
      events.flatMap(({ what, peer, message }) =>
        what === 'sent' && message?.kind === 'request' ? [{ time: Number(message.time), peer: peer as PeerId }] : [],
      )
    const wishes = wishesOf(right)
    const order = right.events.filter(({ what }) => what === 'entered').map(({ peer }) => peer)
    const asked = `${wishes.map(({ peer, time }) => `${peer} at Lamport time ${time}`).join(', ')}.`
    return {
      parts: [
        partOf('by time, then by id', right, [`They ask: ${asked}`, `They enter: ${order.join(', then ')}.`]),
        partOf('by time alone, of two the other one is first', polite, ['Each lets the other one in.']),
        partOf('by time alone, of two one is first oneself', stubborn, ['Each waits for the other one.']),
      ],
      claims: [
        {
          text: 'both ask at the same Lamport time, and neither knows of the other',
          holds: played.every((one) => {
            const [a, b] = wishesOf(one)
            return a !== undefined && a.time === b?.time && a.peer !== b.peer
          }),
        },
        {
          text: 'with ids all peers have the same order: the lesser id first, no two at once',
          holds:
            order.join() ===
              [...wishes]
                .sort(compareWishes)
                .map(({ peer }) => peer)
                .join() && violationsOf(right) === 0,
        },
        { text: 'where ties reply, both are inside at once', holds: violationsOf(polite) > 0 },
        {
          text: 'where ties wait, nobody ever gets in',
          holds: entriesOf(stubborn) === 0 && stubborn.rehearsal.waiting.length === 2,
        },
      ],
    }
  },
}

/** Milliseconds. */
const slow = { stay: { least: 150, most: 250 } }
const patience = 40

const staleToken: Scenario = {
  name: 'stale-token',
  summary: 'a holder that was only slow comes back with its token: a number on it decides what it is worth',
  run(seed) {
    const naive = play(closed(impatientRing(patience)), seed, slow)
    const calm = play(builtIn('token-ring'), seed, slow)
    const { at, count } = momentWhen(calm, (one) => {
      const [entry] = insideAfter(calm.events, one).values()
      return entry !== undefined && waitingAfter(calm.events, one).size > 0
    })
    const [holder] = insideAfter(calm.events, count).keys()
    const peer = holder as PeerId
    const faults: readonly Fault[] = [
      { kind: 'expel', at, peer, isUntold: true },
      { kind: 'return', at: at + 1_000, peer },
    ]
    const room = play(builtIn('token-ring'), seed, { ...slow, faults })
    const second = room.events.find((event) => event.what === 'entered' && event.epoch === 2)
    const release = room.events.find((event) => event.peer === peer && event.what === 'released' && event.at > at)
    const stale = room.events.find((event) => event.peer === peer && event.what === 'sent' && event.at > at && event.epoch === 1)
    const isTaken =
      stale !== undefined &&
      room.events.some((event) => event.what === 'received' && event.other === peer && event.epoch === 1 && event.at > stale.at)
    return {
      parts: [
        partOf('a ring that makes another token by timeout', naive, [
          `Whoever has not seen the token for ${patience} ms makes a new one; whoever is inside takes up to ${slow.stay.most} ms.`,
        ]),
        partOf('the room says whose time it is', room, [
          `${peer} is inside, and slow: after ${millis(at)} the room goes on without it, in view 2, with a token of its own.`,
          second === undefined
            ? 'Nobody enters in view 2.'
            : `${second.peer} enters in view 2 after ${millis(second.at)}, while ${peer} still takes itself for inside.`,
          release === undefined
            ? `${peer} does not come back.`
            : `${peer} is done after ${millis(release.at)}, and hands on its token of view 1: nobody takes it.`,
        ]),
      ],
      claims: [
        { text: 'by timeout alone two are inside at once', holds: violationsOf(naive) > 0 },
        {
          text: 'in the room the old holder takes itself for inside while another one is',
          holds: second !== undefined && release !== undefined && second.at < release.at,
        },
        { text: 'its stale token comes back, and nobody takes it', holds: stale?.message?.kind === 'token' && !isTaken },
        {
          text: 'what it did in view 1 counts nowhere after view 2: never two at once, and all get in',
          holds: violationsOf(room) === 0 && room.rehearsal.ended === 'done',
        },
      ],
    }
  },
}

export const simulatedScenarios: readonly Scenario[] = [holderDies, coordinatorDies, equalTimes, staleToken]
