import type { Cents } from '../../../src/core/money.ts'
import { encodeSubmission } from '../../../src/market/codec.ts'
import type { Operation } from '../../../src/market/operation.ts'
import { blockAfter, genesisBy } from '../../peer/log-of-blocks.ts'
import { type FakePeer, fakeSelf, fakeTime } from '../../support/fake-peer.ts'
import { account } from './values.ts'

export type Block = Awaited<ReturnType<FakePeer['log']>>[number]

export function blockAt(index: number): Block {
  return {
    index,
    epoch: { number: 1, initiator: fakeSelf },
    turn: 0,
    author: fakeSelf,
    lamport: index,
    time: fakeTime,
    prevHash: '',
    checkpoint: undefined,
    body: { kind: 'view', members: [fakeSelf], lost: [] },
    signature: new Uint8Array(64),
    hash: 'ab'.repeat(32),
    bytes: new Uint8Array([index]),
  }
}

/** Ana, the host, opens an account, pays 10.50 in, and wants 99 out. */
export function writtenLog(): Block[] {
  const genesis = genesisBy(fakeSelf)
  const ops = (firstSequence: number, ...operations: readonly Operation[]) => ({
    ...{ kind: 'ops' as const, incarnation: 1, firstSequence },
    ops: operations.map((operation) => encodeSubmission({ request: undefined, operation })),
  })
  const opened = blockAfter(genesis, fakeSelf, ops(1, { kind: 'open-account', account, holder: 'Ana' }))
  const paid: Operation = { kind: 'deposit', account, amount: 1_050 as Cents }
  const wanted: Operation = { kind: 'withdraw', account, amount: 9_900 as Cents }
  return [genesis, opened, blockAfter(opened, fakeSelf, ops(2, paid, wanted))]
}
