import { afterEach } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { decodeLabFrame, encodeLabFrame, type FrameRecord } from '../../src/peer/lab-frame.ts'
import type { Topic, Transport } from '../../src/peer/ports.ts'
import type { FrameStep, RingStep } from '../../src/peer/ring-steps.ts'
import { decodeFrame, encodeFrame, type Message, type MessageOf } from '../../src/ring/message.ts'
import type { Replica, ReplicaView } from '../../src/ring/types.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

export const [ana, bob, cleo, stranger] = [peerNamed('A'), peerNamed('B'), peerNamed('C'), peerNamed('X')]
export const genesis = genesisBy(ana)
export const { epoch } = genesis
export const commit = { index: 0, hash: genesis.hash }
export const want: MessageOf<'want'> = { kind: 'want', epoch, request: 1 }
export const base = 1_700_000_000_000

export const token = (turn: number): Message => ({
  ...{
    kind: 'token',
    epoch,
    turn,
    head: { epoch, ...commit },
    commit,
    served: [0, 0, 0],
    wants: [false, true, false],
    blocks: [],
  },
})

export const idOf = (from: PeerId, lamport: number, to = ''): string => `${from.slice(-10)}.${lamport}.${to.slice(-10)}`

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Bob's recorder with a clock that the test moves, in a ring whose Lamport clock does as the ring's. */
export function createRig() {
  let now = 1_000
  let timers: { readonly at: number; readonly task: () => void }[] = []
  const said: { readonly topic: Topic; readonly bytes: Uint8Array }[] = []
  const clock = {
    monotonic: () => now,
    wall: () => base + now,
    soon: (task: () => void) => task(),
    at(at: number, task: () => void) {
      const timer = { at, task }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  const transport = {
    gossip: (topic: Topic, bytes: Uint8Array) => void said.push({ topic, bytes }),
  } as Partial<Transport> as Transport
  const { context, news } = createTestContext(bob, { clock, transport })
  const { recorder } = context
  const ring = {
    members: [ana, bob, cleo],
    installed: epoch,
    lamport: 100,
    turnSeen: 1,
    promised: epoch,
    head: genesis,
    obeys: true,
  }
  const view = { ...ring, time: (at: number) => Math.floor(base + at) }
  const bare = {
    view: view as Partial<ReplicaView> as ReplicaView,
    step(_now, input) {
      if (input.kind === 'receive' && ring.obeys) view.lamport = Math.max(view.lamport, input.lamport) + 1
      return []
    },
  } as Replica
  const replica = recorder.around(bare)
  ends.push(() => recorder.close())
  const told: RingStep[] = []
  return {
    recorder,
    context,
    news,
    said,
    told,
    ring,
    view,
    get timers() {
      return timers.length
    },
    /** Runs what falls due in so many milliseconds. */
    pass(millis: number) {
      const end = now + millis
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (next === undefined) break
        now = Math.max(now, next.at)
        timers = timers.filter((other) => other !== next)
        next.task()
      }
      now = end
    },
    watch: () => recorder.watch((step) => told.push(step)),
    send(to: readonly PeerId[] | undefined, message: Message) {
      view.lamport++
      if (recorder.isOn) recorder.sent(to, view.lamport, message, encodeFrame(view.lamport, message))
      return view.lamport
    },
    receive(from: PeerId, lamport: number, message: Message) {
      const bytes = encodeFrame(lamport, message)
      const decoded = decodeFrame(bytes, createKeyedCrypto(bob))
      if (decoded.kind !== 'frame') throw new Error('the test sends no frame')
      if (recorder.isOn) recorder.came(decoded.message, undefined, bytes)
      replica.step(now, { kind: 'receive', from, lamport, message: decoded.message })
    },
    /** The ring is told what came before. */
    step: (from: PeerId, lamport: number, message: Message) => replica.step(now, { kind: 'receive', from, lamport, message }),
    /** Another room begins, or this one anew. */
    restart: () => recorder.around(bare),
    asks: (from: PeerId) => recorder.heard(from, encodeLabFrame({ kind: 'watch' })),
    says: (from: PeerId, ...records: readonly FrameRecord[]) =>
      recorder.heard(from, encodeLabFrame({ kind: 'records', missed: 0, records })),
    frames: () => told.flatMap((step): FrameStep[] => (step.kind === 'frame' ? [step] : [])),
    missed: () => told.reduce((sum, step) => sum + (step.kind === 'missed' ? step.count : 0), 0),
    recordsSaid: () =>
      said.flatMap(({ bytes }) => {
        const decoded = decodeLabFrame(bytes)
        return decoded.kind === 'frame' && decoded.frame.kind === 'records' ? [decoded.frame] : []
      }),
    time: () => base + now,
  }
}

export const wantOf = (rig: ReturnType<typeof createRig>, changes: Partial<FrameRecord> = {}): FrameRecord =>
  ({
    ...{ message: 'want', lamport: 50, at: rig.time(), epoch, turn: undefined, block: undefined, bytes: 60, wanting: [] },
    ...{ way: 'sent', to: cleo, topic: undefined },
    ...changes,
  }) as FrameRecord
