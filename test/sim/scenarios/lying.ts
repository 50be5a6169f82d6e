import { signBlock } from '../../../src/ring/block.ts'
import { createSimCrypto } from '../crypto.ts'
import {
  a,
  b,
  bringIn,
  c,
  commitOf,
  epochOf,
  genesis,
  goesOn,
  must,
  opsAfter,
  type Subject,
  startSubject,
  viewAfter,
} from './subject.ts'

const four = viewAfter(genesis, epochOf(4, a), [a, b, c])
const five = viewAfter(four, epochOf(5, a), [a, b, c])

function activeB(): Subject {
  const subject = startSubject(b, { log: [genesis, four], promised: four.epoch, committed: four })
  bringIn(subject, five)
  return subject
}

const blocksOf = (blocks: readonly ReturnType<typeof opsAfter>[]) =>
  ({ kind: 'blocks', epoch: five.epoch, blocks, commit: commitOf(five) }) as const

/** C signs two blocks for one place: whoever has both says whose they are, and takes no further part in that epoch. */
export function noEvidence(): void {
  const subject = activeB()
  const first = opsAfter(five, c, 3)
  const second = signBlock({ ...first, lamport: first.lamport + 1 }, createSimCrypto(c))
  for (const block of [first, second]) subject.hear(c, blocksOf([block]))
  must(
    subject.view.evidence.some(({ kind }) => kind === 'two-blocks'),
    'S1',
    'B has two blocks of C for one place, and keeps no evidence',
  )
  must(!subject.view.active && subject.view.stopped === undefined, 'S1', 'B goes on in an epoch with two blocks for one place')
}

/** A and B have one state after the view, C vouches for another: it is C that is named, and nobody stops. */
export function noCheckpoint(): void {
  const subject = activeB()
  const index = five.index
  const right = 'ab'.repeat(32)
  subject.give({ kind: 'applied', index, stateHash: right })
  const honest = opsAfter(five, a, 1, { index, stateHash: right })
  const lie = opsAfter(honest, c, 3, { index, stateHash: 'cd'.repeat(32) })
  subject.hear(a, blocksOf([honest]))
  subject.hear(c, blocksOf([lie]))
  goesOn(subject.view.head.hash === lie.hash, 'B does not accept the blocks')
  for (const peer of [a, c]) subject.hear(peer, { kind: 'durable', epoch: five.epoch, durable: commitOf(lie) })
  subject.fsync()
  const named = subject.view.evidence.filter((evidence) => evidence.kind === 'checkpoint' && evidence.block.author === c)
  must(
    named.length === 1 && subject.view.stopped === undefined,
    'S4',
    'C vouches for a state that is not the room’s, and is not named',
  )
}
