import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { decodeLabFrame } from '../../src/peer/lab-frame.ts'
import { recording } from '../../src/peer/recording.ts'
import type { Message } from '../../src/ring/message.ts'
import { ana, base, bob, cleo, createRig, epoch, stranger, token, want } from './recorder-rig.ts'

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
