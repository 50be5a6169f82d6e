import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { detailOf } from '../../src/peer/frame-detail.ts'
import type { FrameStep } from '../../src/peer/ring-steps.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const genesis = genesisBy(ana)
const commit = { index: 0, hash: genesis.hash }

function detail(message: Message) {
  const frame = encodeFrame(7, message)
  const step: FrameStep = {
    ...{ id: 'x', at: 1, arrivedAt: undefined, from: ana, to: bob, message: message.kind, topic: undefined, lamport: 7 },
    ...{ arrivedLamport: undefined, epoch: '1.AAAAAA', turn: undefined, block: 3, bytes: frame.length },
  }
  return { step, frame, detail: detailOf(step, { frame, message }) }
}

describe('a message in full', () => {
  it('tells every byte, and what they say, with operations and pictures by their size', () => {
    const ops = [new Uint8Array(90_000), ...Array(40).fill(new Uint8Array(3))]
    const block = blockAfter(genesis, ana, { kind: 'ops', incarnation: 1, firstSequence: 5, ops })
    const { detail: told, frame } = detail({ kind: 'blocks', epoch: genesis.epoch, blocks: [block], commit })
    expect(told.hex).toBe(Buffer.from(frame).toString('hex'))
    expect(told.fields).toMatchObject({ epoch: '1.AAAAAA', commit, blocks: [{ index: 1, author: ana, hash: block.hash }] })
    const { body } = (told.fields.blocks as [{ body: { ops: string[]; firstSequence: number } }])[0]
    expect([body.firstSequence, body.ops[0], body.ops[1], body.ops.length, body.ops.at(-1)]).toEqual([
      5,
      '90000 bytes',
      '3 bytes',
      33,
      '… 9 more',
    ])
    expect(JSON.stringify(told.fields).length).toBeLessThan(4_000)
  })

  it('never turns the writing around, whatever stands where an id belongs', () => {
    const suspect = 'safe\u202etxt.exe' as PeerId
    expect(detail({ kind: 'pre-vote', attempt: 1, suspect }).detail.fields).toEqual({ attempt: 1, suspect: 'safe\ufffdtxt.exe' })
    const epoch = { number: 1, initiator: '\u202e\u0007x' as PeerId }
    expect(detail({ kind: 'want', epoch, request: 2 }).detail.fields).toEqual({ epoch: '1.\ufffd\ufffdx', request: 2 })
  })

  it('tells lists of 32 and text of 256 characters whole, and of longer ones so much', () => {
    const wants = (count: number) => {
      const token = { kind: 'token', epoch: genesis.epoch, turn: 1, head: { epoch: genesis.epoch, ...commit }, commit } as const
      const { wants: told } = detail({ ...token, served: [], wants: Array(count).fill(true), blocks: [] }).detail.fields
      return told as unknown[]
    }
    expect(wants(32)).toEqual(Array(32).fill(true))
    expect(wants(33)).toEqual([...Array(32).fill(true), '… 1 more'])
    const told = (length: number) => {
      const message = { kind: 'pre-vote', attempt: 1, suspect: 'x'.repeat(length) as PeerId } as const
      return detailOf(detail({ kind: 'want', epoch: genesis.epoch, request: 2 }).step, { frame: new Uint8Array(), message })
        .fields
    }
    expect(told(256).suspect).toBe('x'.repeat(256))
    expect(told(257).suspect).toBe(`${'x'.repeat(256)}…`)
  })

  it('of others is told by what their records say of it', () => {
    const { step } = detail({ kind: 'want', epoch: genesis.epoch, request: 2 })
    expect(detailOf(step, undefined)).toMatchObject({ hex: '', message: 'want', fields: { epoch: '1.AAAAAA', block: 3 } })
  })
})
