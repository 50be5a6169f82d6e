import type { Block } from '../../../src/ring/block.ts'
import { headOf } from '../../../src/ring/block.ts'
import {
  a,
  b,
  bringIn,
  c,
  commitOf,
  epochOf,
  genesis,
  goesOn,
  initiate,
  must,
  opsAfter,
  type Subject,
  startSubject,
  viewAfter,
} from './subject.ts'

const four = viewAfter(genesis, epochOf(4, a), [a, b, c])
const five = viewAfter(four, epochOf(5, a), [a, b, c])

/** B is active in A's epoch 5. */
function activeB(): Subject {
  const subject = startSubject(b, { log: [genesis, four], promised: four.epoch, committed: four })
  bringIn(subject, five)
  return subject
}

/** It gets the token of epoch 5, and appends what it has to write: that is not on its disk yet. */
function holdAndAppend(subject: Subject): void {
  subject.give({ kind: 'submit', domain: 'bank', ops: [Uint8Array.of(0, 0)] })
  const { epoch } = five
  const token = { kind: 'token', epoch, turn: 2, head: headOf(five), commit: commitOf(five) } as const
  subject.hear(a, { ...token, served: [0, 0, 0], wants: [false, false, false], blocks: [] })
  goesOn(subject.view.head.index === five.index + 1, 'it does not append')
}

/**
 * B holds the token and has appended; its fsync is under way when C asks for epoch 6. B's own block must not count any
 * more when that fsync is done, and nothing of epoch 5 may leave.
 */
export function promiserStops(): void {
  const subject = activeB()
  holdAndAppend(subject)
  subject.said('token')
  subject.hear(c, { kind: 'prepare', epoch: epochOf(6, c), views: [] })
  subject.fsync()
  subject.wait(500)
  must(subject.view.holding === undefined, 'S1', 'B still holds a token after promising a later epoch')
  must(subject.said('token').length + subject.said('durable').length === 0, 'S3', 'B goes on in epoch 5 after promising epoch 6')
}

/** B hears of epoch 6 while it holds the token: from that moment on it appends nothing, also while the promise is being written. */
export function stopFirst(): void {
  const subject = activeB()
  holdAndAppend(subject)
  subject.fsync()
  const head = subject.view.head.index
  subject.hear(c, { kind: 'prepare', epoch: epochOf(6, c), views: [] })
  subject.give({ kind: 'submit', domain: 'bank', ops: [Uint8Array.of(0, 0)] })
  subject.hear(a, { kind: 'durable', epoch: five.epoch, durable: subject.view.head })
  subject.wait(10)
  must(subject.view.head.index === head && subject.view.holding === undefined, 'S3', 'B appends after it was asked for a promise')
  subject.fsync()
  const promise = subject.said('promise').at(-1)
  must(promise?.head.index === subject.view.head.index, 'S3', 'B promises a head that is not that of its log')
}

/** The promise is on disk before it is told: B would not know of it after a crash. */
export function promiseSync(): void {
  const subject = activeB()
  subject.hear(c, { kind: 'prepare', epoch: epochOf(6, c), views: [] })
  must(subject.said('promise').length === 0, 'S1', 'B promises before that is on disk')
}

/** A's attempt is outbid by B's: the promise of C that comes then makes no view any more. */
export function ownAttempt(): void {
  const subject = startSubject(a, { log: [genesis, four], promised: four.epoch, committed: four })
  const epoch = initiate(subject, [b, c])
  subject.hear(b, { kind: 'prepare', epoch: epochOf(epoch.number + 1, b), views: [] })
  subject.fsync()
  goesOn(subject.said('promise').length > 0, 'A does not promise')
  subject.hear(c, { kind: 'promise', epoch, head: headOf(four), commit: commitOf(four) })
  subject.hear(b, { kind: 'promise', epoch, head: headOf(four), commit: commitOf(four) })
  subject.wait(700)
  must(subject.said('install').length === 0, 'S3', 'A goes on with its attempt after a later promise')
}

/** B is asked for epoch 6 while it has a durable block of epoch 5: its heartbeat says nothing of that any more. */
export function statusGuard(): void {
  const subject = activeB()
  holdAndAppend(subject)
  subject.fsync()
  subject.hear(c, { kind: 'prepare', epoch: epochOf(6, c), views: [] })
  subject.fsync()
  subject.said('status')
  subject.wait(1_200)
  const told = subject.said('status')
  goesOn(told.length > 0, 'B sends no status')
  must(
    told.every(({ durable }) => durable === undefined),
    'S3',
    'B names a durable index of epoch 5 after promising epoch 6',
  )
}

/** B restarts with the view of epoch 5 in its log: that epoch is over for it, however often its `Install` comes. */
export function fresh(): void {
  const block: Block = opsAfter(five, a, 1)
  const subject = startSubject(b, { log: [genesis, four, five, block], promised: five.epoch, committed: five })
  subject.hear(a, { kind: 'install', epoch: five.epoch, viewBlock: five })
  subject.fsync()
  const token = { kind: 'token', epoch: five.epoch, turn: 2, head: headOf(block), commit: commitOf(five) } as const
  subject.hear(a, { ...token, served: [0, 0, 0], wants: [false, false, false], blocks: [] })
  subject.wait(50)
  must(subject.view.holding === undefined && !subject.view.active, 'S1', 'B takes a token of the epoch in which it restarted')
  must(subject.said('token-ack').length === 0, 'S1', 'B acknowledges a token of the epoch in which it restarted')
}
