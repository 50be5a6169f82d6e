import { describe, expect, it } from 'vitest'
import { epochLeapMax, leapMax } from '../../src/core/limits.ts'
import type { FrameRecord } from '../../src/peer/lab-frame.ts'
import { recording } from '../../src/peer/recording.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { ana, bob, cleo, createRig, idOf, stranger, token, want, wantOf } from './recorder-rig.ts'

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
