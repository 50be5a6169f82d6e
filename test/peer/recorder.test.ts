import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { epochLeapMax, leapMax } from '../../src/core/limits.ts'
import type { News } from '../../src/peer/context.ts'
import { decodeLabFrame, encodeLabFrame, type FrameRecord } from '../../src/peer/lab-frame.ts'
import type { Topic, Transport } from '../../src/peer/ports.ts'
import { recording } from '../../src/peer/recording.ts'
import type { FrameStep, RingStep } from '../../src/peer/ring-steps.ts'
import { decodeFrame, encodeFrame, type Message } from '../../src/ring/message.ts'
import type { Replica, ReplicaView } from '../../src/ring/types.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob, cleo, stranger] = [peerNamed('A'), peerNamed('B'), peerNamed('C'), peerNamed('X')]
const genesis = genesisBy(ana)
const { epoch } = genesis
const commit = { index: 0, hash: genesis.hash }
const want: Message = { kind: 'want', epoch, request: 1 }
const base = 1_700_000_000_000

const token = (turn: number): Message => ({
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

const idOf = (from: PeerId, lamport: number, to = ''): string => `${from.slice(-10)}.${lamport}.${to.slice(-10)}`

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Bob's recorder with a clock that the test moves, in a ring whose Lamport clock does as the ring's. */
function createRig() {
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

const wantOf = (rig: ReturnType<typeof createRig>, changes: Partial<FrameRecord> = {}): FrameRecord =>
  ({
    ...{ message: 'want', lamport: 50, at: rig.time(), epoch, turn: undefined, block: undefined, bytes: 60, wanting: [] },
    ...{ way: 'sent', to: cleo, topic: undefined },
    ...changes,
  }) as FrameRecord

describe('recording', () => {
  it('costs nothing while nobody looks: no timer, no word, no memory', () => {
    const rig = createRig()
    rig.send([ana, cleo], want)
    rig.receive(ana, 200, want)
    rig.pass(60_000)
    expect([rig.recorder.isOn, rig.timers, rig.said]).toEqual([false, 0, []])
  })

  it('goes on for six seconds after somebody in the room last looked', () => {
    const rig = createRig()
    expect(rig.asks(ana)).toBe('accept')
    rig.pass(5_000)
    rig.asks(cleo)
    rig.pass(5_000)
    expect(rig.recorder.isOn).toBe(true)
    rig.pass(1_500)
    expect([rig.recorder.isOn, rig.timers]).toEqual([false, 0])
  })

  it('is asked for every two seconds while somebody looks here, and no longer', () => {
    const rig = createRig()
    const stop = rig.watch()
    rig.pass(10_000)
    const asked = rig.said.length
    expect(asked).toBe(6)
    expect(rig.said.every(({ topic, bytes }) => topic === 'lab' && decodeLabFrame(bytes).kind === 'frame')).toBe(true)
    stop()
    rig.pass(10_000)
    expect([rig.said.length, rig.recorder.isOn, rig.timers]).toEqual([asked, false, 0])
  })

  it('tells what was sent and received, with both clocks, to whoever asked', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.pass(0.25)
    const lamport = rig.send([ana, cleo], want)
    rig.receive(ana, 200, token(4))
    rig.receive(cleo, 7, want)
    rig.pass(recording.batchEvery)
    const [batch] = rig.recordsSaid()
    expect(batch?.records).toEqual([
      expect.objectContaining({ way: 'sent', to: ana, message: 'want', lamport, at: base + 1_000.25, epoch }),
      expect.objectContaining({ way: 'sent', to: cleo, message: 'want', lamport }),
      expect.objectContaining({
        way: 'received',
        from: ana,
        message: 'token',
        lamport: 200,
        arrivedLamport: 201,
        turn: 4,
        block: 0,
        wanting: [bob],
      }),
      expect.objectContaining({ way: 'received', from: cleo, message: 'want', lamport: 7, arrivedLamport: 202 }),
    ])
  })

  it('names no clock at the arrival of a frame that the ring did not obey', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.ring.obeys = false
    rig.receive(stranger, 200, want)
    rig.pass(recording.batchEvery)
    expect(rig.recordsSaid()[0]?.records).toMatchObject([{ from: stranger, lamport: 200, arrivedLamport: undefined }])
  })

  it('passes on nothing that would make a liar of it: not what a stranger may put into a frame', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.ring.obeys = false
    rig.receive(stranger, 2 ** 47, want)
    rig.receive(stranger, 1, token(2 ** 47))
    rig.receive(stranger, 2, { ...want, epoch: { number: 2 ** 47, initiator: ana } })
    rig.receive(stranger, 3, { ...want, epoch: { ...epoch, initiator: '\u202egnp' as PeerId } })
    rig.pass(recording.batchEvery)
    expect(rig.recordsSaid()).toMatchObject([{ missed: 3, records: [{ lamport: 3, epoch: undefined }] }])
    rig.receive(stranger, 2 ** 47, want)
    rig.receive(stranger, 4, want)
    rig.pass(recording.batchEvery)
    expect(rig.recordsSaid()[1], 'though as many are missed').toMatchObject({ missed: 1, records: [{ lamport: 4 }] })
  })

  it('keeps to its bound under load, counts the rest, and chooses the same frames at both ends', () => {
    const [one, other] = [createRig(), createRig()]
    const chosen = [one, other].map((rig, busy) => {
      rig.asks(ana)
      for (let beat = 0; beat < 4; beat++) {
        for (let i = 0; i < 2_000; i++) rig.recorder.sent([ana], 10_000 * beat + i, want, Uint8Array.of(1))
        for (let i = 0; i < 3_000 * busy; i++) rig.recorder.sent([cleo], 500_000 + i, want, Uint8Array.of(1))
        rig.pass(recording.batchEvery)
      }
      const batches = rig.recordsSaid()
      for (const { records } of batches) expect(records.length).toBeLessThanOrEqual(recording.batchFrames)
      const told = batches.reduce((sum, { records, missed }) => sum + records.length + missed, 0)
      expect(told).toBe(4 * (2_000 + 3_000 * busy))
      return batches
        .slice(1)
        .flatMap(({ records }) => records.filter(({ lamport }) => lamport < 500_000).map(({ lamport }) => lamport))
    })
    const [few, many] = [chosen[1] as number[], new Set(chosen[0])]
    expect(few.length).toBeGreaterThan(20)
    expect(few.filter((lamport) => !many.has(lamport))).toEqual([])
  })

  it('counts what goes by topic as one, and what goes to three as three: at its bound it records all', () => {
    const records = (to: readonly PeerId[] | undefined, count: number): number => {
      const rig = createRig()
      rig.asks(ana)
      for (let beat = 0; beat < 2; beat++) {
        for (let i = 0; i < count; i++) rig.recorder.sent(to, 1_000 * beat + i, want, Uint8Array.of(1))
        rig.pass(recording.batchEvery)
      }
      return rig.recordsSaid()[1]?.records.length ?? 0
    }
    const { batchFrames } = recording
    expect(records(undefined, batchFrames)).toBe(batchFrames)
    expect(records([ana, cleo], batchFrames / 2)).toBe(batchFrames)
    expect(records([ana, cleo], batchFrames / 2 + 1)).toBeLessThan(batchFrames)
  })

  it('follows the room clock where that is set anew', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.view.time = (at) => Math.floor(base + at + 5_000)
    rig.pass(recording.batchEvery)
    rig.send([ana], want)
    const sentAt = rig.time() + 5_000
    rig.pass(recording.batchEvery)
    expect(rig.recordsSaid().flatMap(({ records }) => records.map(({ at }) => at))).toEqual([sentAt])
  })

  it('chooses of what comes the very frames that their sender chooses, and counts the rest', () => {
    const [sender, receiver] = [createRig(), createRig()]
    const chosen = [sender, receiver].map((rig) => {
      rig.asks(cleo)
      for (let beat = 1; beat < 4; beat++) {
        for (let i = 0; i < 1_000; i++) {
          if (rig === sender) rig.recorder.sent([ana], 10_000 * beat + i, want, Uint8Array.of(1))
          else rig.receive(ana, 10_000 * beat + i, want)
        }
        rig.pass(recording.batchEvery)
      }
      const batches = rig.recordsSaid().slice(1)
      expect(batches.map(({ records, missed }) => records.length + missed)).toEqual([1_000, 1_000])
      return batches.flatMap(({ records }) => records.map(({ lamport }) => lamport))
    })
    expect(chosen[1]?.length).toBeGreaterThan(20)
    expect(chosen[1]).toEqual(chosen[0])
  })
})

describe('frames that came', () => {
  const came = (rig: ReturnType<typeof createRig>, count: number): readonly Message[] =>
    Array.from({ length: count }, (_, at) => {
      const message: Message = { ...want, request: at + 1 }
      rig.recorder.came(message, undefined, Uint8Array.of(1))
      return message
    })
  const recorded = (rig: ReturnType<typeof createRig>): number => {
    rig.pass(recording.batchEvery)
    return rig.recordsSaid().flatMap(({ records }) => records).length
  }

  it('wait for the ring, 256 of them: of one that takes nothing any more no more are kept', () => {
    const [waiting, forgotten] = [createRig(), createRig()]
    for (const rig of [waiting, forgotten]) rig.asks(ana)
    const [first] = came(waiting, 256)
    waiting.step(ana, 5, first as Message)
    expect(recorded(waiting)).toBe(1)
    const many = came(forgotten, 257)
    forgotten.step(ana, 5, many[0] as Message)
    expect(recorded(forgotten)).toBe(0)
    forgotten.step(ana, 6, many[256] as Message)
    expect(recorded(forgotten)).toBe(1)
  })

  it('before one that the ring takes are those that it did not take', () => {
    const rig = createRig()
    rig.asks(ana)
    const [first, second] = came(rig, 2)
    rig.step(ana, 5, second as Message)
    rig.step(ana, 6, first as Message)
    expect(recorded(rig)).toBe(1)
  })

  it('after one that the ring takes wait on', () => {
    const rig = createRig()
    rig.asks(ana)
    const [first, second] = came(rig, 2)
    rig.step(ana, 5, first as Message)
    rig.step(ana, 6, second as Message)
    expect(recorded(rig)).toBe(2)
  })

  it('while nobody looked are nothing to whoever looks next, nor is what this peer says to itself', () => {
    const rig = createRig()
    const [before] = came(rig, 1)
    rig.asks(ana)
    rig.step(ana, 5, before as Message)
    rig.receive(bob, 6, want)
    expect(recorded(rig)).toBe(0)
  })
})

describe('who looks', () => {
  const records = (rig: ReturnType<typeof createRig>) => rig.recordsSaid().flatMap((frame) => frame.records)

  it('is told until six seconds after it said so, and not then', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.pass(5_999)
    rig.send([ana], want)
    rig.pass(1)
    expect([records(rig).length, rig.recorder.isOn, rig.timers]).toEqual([0, false, 0])
    const still = createRig()
    still.asks(ana)
    still.pass(5_799)
    still.send([ana], want)
    still.pass(1)
    expect([records(still).length, still.recorder.isOn]).toEqual([1, true])
  })

  it('is told 200 frames of a batch, and how many more there were', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.send(Array(203).fill(ana), want)
    rig.pass(200)
    expect(rig.recordsSaid()).toMatchObject([{ missed: 3 }])
    expect(records(rig)).toHaveLength(200)
    rig.pass(200)
    expect(rig.recordsSaid()).toHaveLength(1)
  })

  it('is told what the ring has come to since it looks, however far that is', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.view.lamport = 2 ** 40
    rig.pass(200)
    rig.send([ana], want)
    rig.pass(200)
    expect(records(rig)).toMatchObject([{ lamport: 2 ** 40 + 1 }])
  })

  it('is told of nothing that was before: not by others, and not in another room', () => {
    const rig = createRig()
    rig.asks(ana)
    rig.send([ana], want)
    rig.restart()
    rig.pass(200)
    expect([rig.recordsSaid(), rig.recorder.isOn]).toEqual([[], false])
    const other = createRig()
    other.asks(ana)
    other.send([ana], want)
    other.restart()
    other.asks(ana)
    other.pass(200)
    expect(other.recordsSaid(), 'nor once it is asked again').toEqual([])
    const watched = createRig()
    watched.watch()
    const id = idOf(bob, watched.send([ana], want), ana)
    expect(watched.recorder.frame(id)).toBeDefined()
    watched.restart()
    expect(watched.recorder.frame(id)).toBeUndefined()
  })

  it('elsewhere costs those nothing who look here, and the other way round', () => {
    const rig = createRig()
    rig.watch()
    rig.send([ana], want)
    rig.pass(200)
    expect(rig.recordsSaid()).toEqual([])
    rig.asks(ana)
    rig.send([ana], want)
    rig.pass(200)
    expect(records(rig)).toHaveLength(1)
    rig.pass(7_000)
    expect([rig.recorder.isOn, rig.timers]).toEqual([true, 1])
  })

  it('again asks at once, whoever asked shortly before', () => {
    const rig = createRig()
    const stop = rig.watch()
    expect(rig.said).toHaveLength(1)
    stop()
    rig.pass(200)
    expect(rig.recorder.isOn).toBe(false)
    rig.watch()
    expect(rig.said).toHaveLength(2)
    rig.watch()
    rig.pass(1_999)
    expect(rig.said).toHaveLength(2)
    rig.pass(1)
    expect(rig.said).toHaveLength(3)
  })

  it('as last of several ends it, and blocks of then are not told again', () => {
    const rig = createRig()
    const stops = [rig.watch(), rig.watch()]
    const tell = () =>
      rig.context.tell({
        kind: 'applied',
        block: { ...opsAfter(genesis, ana, 1), time: rig.time() as never },
        outcomes: [],
      } as unknown as News)
    const blocks = () => rig.told.filter(({ kind }) => kind === 'block').length
    tell()
    expect(blocks()).toBe(2)
    stops[0]?.()
    tell()
    expect(blocks()).toBe(3)
    stops[1]?.()
    rig.watch()
    tell()
    expect(blocks()).toBe(4)
  })

  it('names who records in another room no more', () => {
    const rig = createRig()
    rig.watch()
    rig.says(cleo, wantOf(rig, { to: ana } as Partial<FrameRecord>))
    rig.pass(200)
    rig.restart()
    rig.pass(200)
    const recorders = rig.told.flatMap((step) => (step.kind === 'recorders' ? [step.peers] : []))
    expect(recorders).toEqual([[bob], [bob, cleo], [bob]])
  })

  it('is told what others miss for want of room, beside what is missed here', () => {
    const rig = createRig()
    rig.watch()
    rig.ring.obeys = false
    rig.receive(stranger, 2 ** 47, want)
    rig.pass(200)
    expect(rig.missed()).toBe(1)
  })
})

describe('watching', () => {
  it('tells own frames at once, then what others have seen, as one', () => {
    const rig = createRig()
    rig.watch()
    const lamport = rig.send([ana], want)
    expect(rig.frames()).toMatchObject([{ from: bob, to: ana, lamport, arrivedAt: undefined }])
    rig.says(
      ana,
      wantOf(rig, {
        way: 'received',
        from: bob,
        topic: undefined,
        lamport,
        arrivedLamport: lamport + 1,
        at: rig.time() + 3,
      } as Partial<FrameRecord>),
    )
    expect(rig.frames().at(-1)).toMatchObject({ id: rig.frames()[0]?.id, arrivedAt: rig.time() + 3, arrivedLamport: lamport + 1 })
  })

  it('says who records, and no longer names one that fell silent', () => {
    const rig = createRig()
    rig.watch()
    rig.says(cleo, wantOf(rig, { to: ana } as Partial<FrameRecord>))
    rig.pass(recording.batchEvery)
    rig.pass(recording.watchLasts + recording.batchEvery)
    const recorders = rig.told.flatMap((step) => (step.kind === 'recorders' ? [step.peers] : []))
    expect(recorders).toEqual([[bob], [bob, cleo], [bob]])
  })

  it('tells committed blocks of now, and not those of long ago that a peer catches up on', () => {
    const rig = createRig()
    rig.watch()
    const block = opsAfter(genesis, ana, 1)
    const tell = (time: number) =>
      rig.context.tell({ kind: 'applied', block: { ...block, time: time as typeof block.time }, outcomes: [] } as News)
    tell(rig.time() - 1)
    tell(rig.time() - 60_000)
    expect(rig.told.filter(({ kind }) => kind === 'block')).toMatchObject([{ index: 1, author: ana, at: rig.time() - 1 }])
  })

  it('shows own frames in full while somebody watches, and forgets them then', () => {
    const rig = createRig()
    const stop = rig.watch()
    const picture = { kind: 'ops', incarnation: 1, firstSequence: 1, ops: Array(40).fill(new Uint8Array(90_000)) } as const
    const block = { ...opsAfter(genesis, ana, 1), body: picture }
    rig.recorder.sent(
      [ana],
      7,
      { kind: 'blocks', epoch, blocks: [opsAfter(genesis, ana, 1)], commit },
      encodeFrame(7, { kind: 'blocks', epoch, blocks: [block], commit }),
    )
    const id = idOf(bob, 7, ana)
    const detail = rig.recorder.frame(id)
    expect(detail).toMatchObject({
      id,
      from: bob,
      to: ana,
      message: 'blocks',
      lamport: 7,
      hex: expect.stringMatching(/^[0-9a-f]+$/),
    })
    expect(detail?.fields).toMatchObject({ blocks: [{ index: 1, author: ana, body: { kind: 'ops', ops: ['1 bytes'] } }] })
    expect(JSON.parse(JSON.stringify(detail))).toEqual(detail)
    rig.says(cleo, wantOf(rig, { to: ana } as Partial<FrameRecord>))
    expect(rig.recorder.frame(idOf(cleo, 50, ana))).toMatchObject({
      hex: '',
      message: 'want',
      fields: { epoch: expect.any(String) },
    })
    expect(rig.recorder.frame('nothing')).toBeUndefined()
    stop()
    rig.watch()
    expect(rig.recorder.frame(id)).toBeUndefined()
  })

  it('keeps the newest 2,000 own frames, and no more than 8 MiB of them', () => {
    const rig = createRig()
    rig.watch()
    const hexOf = (lamport: number) => rig.recorder.frame(idOf(bob, lamport, ana))?.hex ?? ''
    for (let lamport = 1; lamport <= 2_500; lamport++)
      rig.recorder.sent([ana], lamport, token(lamport), encodeFrame(lamport, token(lamport)))
    expect([hexOf(500) === '', hexOf(501) === '', hexOf(2_500) === '']).toEqual([true, false, false])
    const large = encodeFrame(1, want)
    for (let lamport = 3_001; lamport <= 3_020; lamport++)
      rig.recorder.sent([ana], lamport, token(lamport), withLength(large, 1024 * 1024))
    const kept = Array.from({ length: 20 }, (_, i) => rig.recorder.frame(idOf(bob, 3_001 + i, ana))).filter(
      (detail) => detail !== undefined,
    )
    expect(kept).toHaveLength(20)
    expect(hexOf(2_500)).toBe('')
  })
})

describe('hostile words on the topic lab', () => {
  const lies: [string, (rig: ReturnType<typeof createRig>) => Partial<FrameRecord>][] = [
    ['a clock that leaps', ({ view }) => ({ lamport: view.lamport + leapMax + 1 })],
    ['an epoch that leaps', () => ({ epoch: { number: epochLeapMax + 9, initiator: ana } })],
    ['a turn that leaps', ({ view }) => ({ turn: view.turnSeen + leapMax + 1 })],
    ['a block that leaps', () => ({ block: leapMax + 1 })],
    ['a frame to itself', () => ({ to: ana }) as Partial<FrameRecord>],
    [
      'an arrival before its sending',
      () => ({ way: 'received', from: cleo, topic: undefined, arrivedLamport: 50 }) as Partial<FrameRecord>,
    ],
    [
      'an arrival that leaps',
      () => ({ way: 'received', from: cleo, topic: undefined, arrivedLamport: 2 ** 40 }) as Partial<FrameRecord>,
    ],
  ]
  it.each(lies)('%s is not told, and held against its sender', (_story, lie) => {
    const rig = createRig()
    rig.watch()
    expect(rig.says(ana, wantOf(rig, lie(rig)))).toBe('accept')
    expect(rig.frames()).toEqual([])
    expect(rig.context.refused.get(ana)).toMatchObject({ count: 1 })
  })

  const doubts: [string, (rig: ReturnType<typeof createRig>) => Partial<FrameRecord>, number][] = [
    ['a time long ago', (rig) => ({ at: rig.time() - recording.timeSlack - 1 }), 1],
    ['a time to come', (rig) => ({ at: rig.time() + recording.timeSlack + 1 }), 1],
    [
      'the arrival of a frame from here that left before anybody watched, or never',
      () => ({ way: 'received', from: bob, topic: undefined, arrivedLamport: 51 }) as Partial<FrameRecord>,
      0,
    ],
  ]
  it.each(doubts)('%s is not told, and held against nobody', (_story, doubt, missed) => {
    const rig = createRig()
    rig.watch()
    rig.says(ana, wantOf(rig, doubt(rig)))
    rig.pass(recording.batchEvery)
    expect([rig.frames(), rig.missed(), rig.context.refused.size]).toEqual([[], missed, 0])
  })

  it('a token or a request that a stranger sends here is told as a message, and moves nothing', () => {
    const rig = createRig()
    rig.watch()
    rig.receive(stranger, 60, token(50))
    rig.receive(stranger, 61, want)
    rig.receive(ana, 62, token(2))
    rig.pass(2_000)
    expect(rig.frames().map(({ from, message }) => [from, message])).toEqual([
      [stranger, 'token'],
      [stranger, 'want'],
      [ana, 'token'],
    ])
    expect(rig.told.filter(({ kind }) => kind === 'token')).toMatchObject([{ turn: 2, from: ana, to: bob }])
    const asked = rig.told.flatMap((step) => (step.kind === 'requests' ? step.peers : []))
    expect(asked).not.toContain(stranger)
  })

  it('what another version says is not read, and the version is told', () => {
    const rig = createRig()
    rig.watch()
    expect(rig.recorder.heard(ana, Uint8Array.of(0x4c, 99, 0))).toBe('ignore')
    expect(rig.news).toContainEqual({ kind: 'version', peer: ana, version: 99 })
  })

  it('what a peer may say does not turn a record that was told into another', () => {
    const rig = createRig()
    rig.watch()
    const record = wantOf(rig)
    rig.says(ana, record)
    rig.says(ana, record)
    expect(rig.frames()).toHaveLength(1)
    expect(rig.context.refused.size).toBe(0)
  })

  it('bytes that are no frame of the lab are rejected, and change nothing', () => {
    const rig = createRig()
    rig.watch()
    for (const bytes of [new Uint8Array(), encodeFrame(5, want), Uint8Array.of(0x4c, 2, 9)]) {
      expect(rig.recorder.heard(ana, bytes)).toBe('reject')
    }
    expect(rig.news.map(({ kind }) => kind)).toEqual(Array(3).fill('malformed'))
    expect([rig.frames(), rig.view.lamport]).toEqual([[], 100])
  })

  it('a token of somebody who is no member, of another epoch, or far ahead moves nothing, and the true one is told', () => {
    const rig = createRig()
    rig.watch()
    const tokenOf = (changes: Partial<FrameRecord>) => wantOf(rig, { message: 'token', turn: 2, ...changes })
    rig.says(stranger, tokenOf({ turn: 50 }))
    rig.says(ana, tokenOf({ turn: 60, lamport: 51, to: stranger } as Partial<FrameRecord>))
    rig.says(ana, tokenOf({ turn: 70, lamport: 52, epoch: { number: 99, initiator: ana } }))
    rig.says(ana, tokenOf({ turn: 2 + recording.turnSlack, lamport: 53 }))
    rig.says(ana, tokenOf({ lamport: 54 }))
    rig.pass(2_000)
    const moves = rig.told.filter(({ kind }) => kind === 'token')
    expect(moves).toMatchObject([{ turn: 2, from: ana, to: cleo }])
  })

  it('more than a peer has to say is not heard, of many strangers only some, and members all the same', () => {
    const rig = createRig()
    rig.watch()
    const verdicts = Array.from({ length: 100 }, () => rig.asks(stranger))
    expect(verdicts.filter((verdict) => verdict === 'accept')).toHaveLength(recording.heardPerSecond)
    const letters = [...'123456789abcdefghijkmnopqrstuvwxyzDEFGHJKLMNPQRSTUVWYZ']
    const others = letters.map((letter) => rig.asks(peerNamed(letter)))
    expect(others.filter((verdict) => verdict === 'accept')).toHaveLength(recording.strangersMax - 1)
    expect([rig.asks(ana), rig.asks(cleo)]).toEqual(['accept', 'accept'])
  })

  it('a flood of records is told up to a bound; the rest is counted, not kept', () => {
    const rig = createRig()
    rig.watch()
    for (let batch = 0; batch < 10; batch++) {
      rig.says(ana, ...Array.from({ length: 250 }, (_, i) => wantOf(rig, { lamport: 1 + 250 * batch + i })))
    }
    rig.pass(recording.batchEvery)
    expect(rig.frames()).toHaveLength(recording.toldFrames)
    expect(rig.missed()).toBe(2_500 - recording.toldFrames)
  })

  it('nothing goes on after the peer has stopped, whoever asks', () => {
    const rig = createRig()
    rig.watch()
    const id = idOf(bob, rig.send([ana], want), ana)
    expect(rig.recorder.frame(id)).toBeDefined()
    rig.recorder.close()
    expect(rig.recorder.frame(id)).toBeUndefined()
    rig.asks(ana)
    rig.watch()
    rig.pass(10_000)
    expect([rig.recorder.isOn, rig.timers]).toEqual([false, 0])
  })
})

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
