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
  startSubject,
  viewAfter,
} from './subject.ts'

const four = viewAfter(genesis, epochOf(4, a), [a, b, c])
const five = viewAfter(four, epochOf(5, a), [a, b, c])
const begin = { log: [genesis, four], promised: four.epoch, committed: four }

/** The `Install` of an epoch comes again when B has blocks of it: they stay. */
export function dupInstall(): void {
  const subject = startSubject(b, begin)
  bringIn(subject, five)
  const block = opsAfter(five, a, 1)
  subject.hear(a, { kind: 'blocks', epoch: five.epoch, blocks: [block], commit: commitOf(five) })
  subject.fsync()
  goesOn(subject.view.head.hash === block.hash, 'B does not accept the block')
  subject.hear(a, { kind: 'install', epoch: five.epoch, viewBlock: five })
  must(subject.view.head.hash === block.hash, 'S1', 'B cuts its log back for a repeated install')
}

/** The `Install` comes twice before B has the view on its disk: nothing is answered. */
export function installOnDisk(): void {
  const subject = startSubject(b, begin)
  subject.hear(a, { kind: 'prepare', epoch: five.epoch, views: [] })
  subject.fsync()
  for (let i = 0; i < 2; i++) subject.hear(a, { kind: 'install', epoch: five.epoch, viewBlock: five })
  goesOn(subject.view.head.hash === five.hash, 'B does not install')
  must(subject.said('installed').length === 0, 'S3', 'B answers Installed before the view is on disk')
}

/** B writes the view of epoch 5 when C asks for epoch 6, and B promises: the answer for epoch 5 must not leave any more. */
export function installedGuard(): void {
  const subject = startSubject(b, begin)
  subject.hear(a, { kind: 'prepare', epoch: five.epoch, views: [] })
  subject.fsync()
  subject.hear(a, { kind: 'install', epoch: five.epoch, viewBlock: five })
  subject.hear(c, { kind: 'prepare', epoch: epochOf(6, c), views: [] })
  subject.fsync()
  goesOn(subject.said('promise').length === 2, 'B does not promise both')
  must(subject.said('installed').length === 0, 'S3', 'B answers Installed of epoch 5 after promising epoch 6')
}

/**
 * C has promised B's epoch 5 and gets its `Install`, but lacks the block before the view: it fetches. Meanwhile A's epoch
 * 6 comes, and C promises that, with its short log. Only now the block arrives. A counts on what C promised.
 */
export function installRecheck(): void {
  const missed = opsAfter(four, a, 1)
  const proposed = viewAfter(missed, epochOf(5, b), [a, b, c])
  const subject = startSubject(c, begin)
  subject.hear(b, { kind: 'prepare', epoch: proposed.epoch, views: [] })
  subject.fsync()
  subject.hear(b, { kind: 'install', epoch: proposed.epoch, viewBlock: proposed })
  goesOn(subject.said('fetch').length > 0, 'C does not fetch')
  subject.hear(a, { kind: 'prepare', epoch: epochOf(6, a), views: [] })
  subject.fsync()
  goesOn(subject.said('promise').length === 2, 'C does not promise both')
  subject.hear(b, { kind: 'fetched', what: 'tail', blocks: [missed], commit: headOf(four), head: headOf(proposed) })
  must(subject.view.head.hash !== proposed.hash, 'S3', 'C installs epoch 5 after promising epoch 6')
}

/** A's view has all answers but that of A's own disk: it is not committed. */
export function ownFsync(): void {
  const subject = startSubject(a, begin)
  const epoch = initiate(subject, [b, c])
  for (const peer of [b, c]) subject.hear(peer, { kind: 'promise', epoch, head: headOf(four), commit: commitOf(four) })
  goesOn(subject.said('install').length > 0, 'A proposes no view')
  for (const peer of [b, c]) subject.hear(peer, { kind: 'installed', epoch })
  must(subject.said('activated').length === 0, 'S2', 'A activates its epoch before its own fsync')
}

/** All members have A's view on disk and say so, but only by reports: by counting alone it is not committed. */
export function viewCount(): void {
  const subject = startSubject(a, begin)
  const epoch = initiate(subject, [b, c])
  for (const peer of [b, c]) subject.hear(peer, { kind: 'promise', epoch, head: headOf(four), commit: commitOf(four) })
  const viewBlock = subject.said('install').at(-1)?.viewBlock
  if (viewBlock === undefined) return goesOn(false, 'A proposes no view')
  subject.fsync()
  for (const peer of [b, c]) subject.hear(peer, { kind: 'durable', epoch, durable: commitOf(viewBlock) })
  subject.wait(100)
  must(subject.view.commit.index < viewBlock.index, 'S2', 'A commits a view by counting')
}

/** B's log ends in a view of B alone that may never have come about: those of the view before must be asked, too. */
export function allConfigs(): void {
  const alone = viewAfter(four, epochOf(5, b), [b])
  const subject = startSubject(b, { log: [genesis, four, alone], promised: alone.epoch, committed: four })
  initiate(subject, [c])
  subject.wait(800)
  subject.fsync()
  must(subject.view.head.hash === alone.hash, 'S2', 'B makes a view without a quorum of every config')
}

/** Half of a view without its first member makes no epoch: B stays what it is. */
export function tieBreak(): void {
  const two = viewAfter(genesis, epochOf(4, a), [a, b])
  const subject = startSubject(b, { log: [genesis, two], promised: two.epoch, committed: two })
  subject.give({ kind: 'link', peer: a, state: 'refused' })
  for (let i = 0; i < 20; i++) {
    subject.wait(500)
    subject.fsync()
  }
  must(subject.view.head.hash === two.hash, 'S2', 'B goes on alone with half of the view, without its first member')
}
