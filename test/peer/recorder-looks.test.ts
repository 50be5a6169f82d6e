import { describe, expect, it } from 'vitest'
import type { News } from '../../src/peer/context.ts'
import type { FrameRecord } from '../../src/peer/lab-frame.ts'
import { recording } from '../../src/peer/recording.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { opsAfter } from './log-of-blocks.ts'
import { ana, bob, cleo, commit, createRig, epoch, genesis, idOf, stranger, token, want, wantOf } from './recorder-rig.ts'

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

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
