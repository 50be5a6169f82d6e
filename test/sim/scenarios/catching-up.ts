import { headOf } from '../../../src/ring/block.ts'
import { compareEpochs } from '../../../src/ring/view.ts'
import {
  a,
  b,
  bringIn,
  c,
  commitOf,
  d,
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
const missed = opsAfter(five, a, 1)
const six = viewAfter(missed, epochOf(6, b), [a, b])
const begin = { log: [genesis, four], promised: four.epoch, committed: four }

/** C is active in epoch 5, and hears that the others went on to epoch 6 without it: it asks A. */
function behindC(): Subject {
  const subject = startSubject(c, begin)
  bringIn(subject, five)
  offer(subject, six)
  return subject
}

/** A's heartbeat names a commit that the subject does not have. */
function offer(subject: Subject, commit: typeof six): void {
  subject.said('fetch')
  subject.wait(500)
  subject.hear(a, {
    kind: 'status',
    epoch: commit.epoch,
    durable: undefined,
    commit: commitOf(commit),
    persistedCommit: { epoch: commit.epoch, index: commit.index },
    turn: 1,
    promised: commit.epoch,
    active: true,
    wallClock: 0,
  })
  goesOn(
    subject.said('fetch').some(({ what }) => what === 'committed'),
    'it does not ask for committed blocks',
  )
}

/** What C takes over shows that the room is in epoch 6: C is not to act in epoch 5 any more. */
export function learnRaise(): void {
  const subject = behindC()
  subject.hear(a, { kind: 'fetched', what: 'committed', blocks: [missed, six], commit: headOf(six), head: headOf(six) })
  goesOn(subject.view.commit.index === six.index, 'C does not catch up')
  must(compareEpochs(subject.view.promised, six.epoch) >= 0, 'S3', 'C has the view of epoch 6, and has not promised it')
}

/** The frame that C gets ends before the view of epoch 6, but names it: C knows enough. */
export function cutRaise(): void {
  const subject = behindC()
  subject.hear(a, { kind: 'fetched', what: 'committed', blocks: [missed], commit: headOf(six), head: headOf(six) })
  goesOn(subject.view.commit.index === missed.index, 'C does not catch up')
  must(compareEpochs(subject.view.promised, six.epoch) >= 0, 'S3', 'C knows of a commit of epoch 6, and has not promised that')
}

/** Whoever catches up at B gets what is committed, not what merely stands in B's log. */
export function learnerCommitted(): void {
  const subject = startSubject(b, begin)
  bringIn(subject, five)
  subject.hear(a, { kind: 'blocks', epoch: five.epoch, blocks: [missed], commit: commitOf(five) })
  subject.fsync()
  goesOn(subject.view.head.index === missed.index && subject.view.commit.index === five.index, 'B has no uncommitted block')
  subject.hear(c, { kind: 'fetch', what: 'committed', from: five.index })
  const given = subject.served()
  goesOn(given.length > 0, 'B gives nothing')
  must(
    given.every(({ index }) => index <= five.index),
    'S2',
    'B gives an uncommitted block to one that catches up',
  )
}

/** Somebody names a commit whose index C has, and whose hash it has not: C's own block is not meant. */
export function commitHash(): void {
  const subject = startSubject(c, begin)
  bringIn(subject, five)
  subject.hear(a, { kind: 'blocks', epoch: five.epoch, blocks: [missed], commit: commitOf(five) })
  subject.fsync()
  subject.hear(b, { kind: 'committed', epoch: five.epoch, commit: { index: missed.index, hash: six.hash } })
  must(subject.view.commit.index === five.index, 'S2', 'C takes a commit over by its index alone')
}

/** D has lost its log: it cannot know what it promised before, so it says nothing that counts. */
export function forgotMute(): void {
  const all = viewAfter(genesis, epochOf(4, a), [a, b, d])
  const subject = startSubject(d, { log: [genesis, all], promised: genesis.epoch, committed: all, loss: 77 })
  subject.hear(a, { kind: 'prepare', epoch: epochOf(5, a), views: [] })
  subject.fsync()
  subject.wait(3_000)
  subject.hear(a, { kind: 'pre-vote', attempt: 1, suspect: undefined })
  must(subject.said('promise').length === 0, 'S2', 'D promises though it has forgotten its log')
  must(subject.said('agree').length === 0, 'S2', 'D agrees though it has forgotten its log')
}

/** D catches up at somebody who is behind: a view without D, older than what D lost, ends nothing. Its own loss does. */
export function forgotNonce(): void {
  const without = viewAfter(genesis, epochOf(4, a), [a, b])
  const subject = startSubject(d, { log: [genesis], promised: genesis.epoch, committed: genesis, loss: 77 })
  offer(subject, without)
  subject.hear(a, { kind: 'fetched', what: 'committed', blocks: [without], commit: headOf(without), head: headOf(without) })
  subject.fsync()
  goesOn(subject.view.commit.index === without.index, 'D does not catch up')
  must(subject.view.membership === 'forgotten', 'S2', 'D counts again after any view without it')
  const written = viewAfter(without, epochOf(5, a), [a, b], [{ peer: d, loss: 77 }])
  offer(subject, written)
  subject.hear(a, { kind: 'fetched', what: 'committed', blocks: [written], commit: headOf(written), head: headOf(written) })
  subject.fsync()
  goesOn(subject.view.membership !== 'forgotten', 'D has still forgotten')
}

/**
 * D's old life promises C's epoch 5; then D loses its log. A and B go on without it and without C, write down its loss, and
 * take it in again. Only now D's old promise comes to C, and B's, which knows all that: the old one is of a life that is
 * gone, and makes no quorum of [A, B, D] with B's.
 */
export function forgotVoid(): void {
  const all = viewAfter(genesis, epochOf(4, a), [a, b, c, d])
  const out = viewAfter(all, epochOf(5, a), [a, b], [{ peer: d, loss: 77 }])
  const again = viewAfter(out, epochOf(5, b), [a, b, d])
  const subject = startSubject(c, { log: [genesis, all], promised: all.epoch, committed: all })
  const epoch = initiate(subject, [a, b, d])
  goesOn(compareEpochs(epoch, again.epoch) > 0, 'the epoch of C is not above the others')
  subject.hear(d, { kind: 'promise', epoch, head: headOf(all), commit: commitOf(all) })
  subject.hear(b, { kind: 'promise', epoch, head: headOf(again), commit: commitOf(again) })
  subject.wait(650)
  goesOn(subject.said('fetch').length > 0, 'C does not fetch what B has')
  // B sends it before it has heard that all of it is committed: else C would learn here that it is no member any more, and give up.
  subject.hear(b, { kind: 'fetched', what: 'tail', blocks: [out, again], commit: headOf(all), head: headOf(again) })
  subject.wait(200)
  must(subject.said('install').length === 0, 'S3', 'C counts the promise of a life that is gone')
  subject.hear(a, { kind: 'promise', epoch, head: headOf(again), commit: commitOf(again) })
  subject.wait(200)
  goesOn(subject.said('install').length > 0, 'C does not go on with A and B')
}
