import { headOf } from './block.ts'
import type { Evidence } from './faults.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import type { DiskMeta } from './types.ts'

/** A batch that was handed out and is not on disk yet. */
interface Underway {
  readonly id: number
  /** The head that will be on disk with it; moves back where the log is cut meanwhile. */
  head: number
  readonly meta: DiskMeta
}

/** What is written, what is under way, and what waits for it. What depends on the disk leaves only from here. */
export class Disk {
  readonly #ring: Ring
  /** Id of the last batch handed out. */
  #issued = 0
  /** Something changed since then; `from`: in the log, from that index on; `isCut`: and something was dropped there. */
  #changed: { from: number | undefined; isCut: boolean } | undefined
  #evidence: Evidence[] = []
  readonly #underway: Underway[] = []
  /** In order of their batches. */
  readonly #waiting: { readonly id: number; readonly then: () => void }[] = []
  /** The record that is on disk, fsynced. */
  #written: DiskMeta
  #failed = false

  constructor(ring: Ring, written: DiskMeta) {
    this.#ring = ring
    this.#written = written
  }

  /** The record that is on disk: no promise and no commit is told as on disk that is not in it. */
  get written(): DiskMeta {
    return this.#written
  }

  /** A write failed (full disk): nothing is promised, appended or reported any more. */
  get failed(): boolean {
    return this.#failed
  }

  /** The promise, the loss, the incarnation or the commit changed: the next batch, at the end of this step, carries it. */
  change(): void {
    this.#changed ??= { from: undefined, isCut: false }
  }

  /** A block was appended at `index`. */
  changeLog(index: number): void {
    this.change()
    const changed = this.#changed as { from: number | undefined }
    if (changed.from === undefined || index < changed.from) changed.from = index
  }

  /** The log was cut: `from` and all after it are gone. */
  cutLog(from: number): void {
    this.changeLog(from)
    ;(this.#changed as { isCut: boolean }).isCut = true
    // What is under way may still put the dropped blocks on disk: it vouches for nothing beyond the cut.
    for (const batch of this.#underway) batch.head = Math.min(batch.head, from - 1)
  }

  keep(evidence: Evidence): void {
    this.change()
    this.#evidence.push(evidence)
  }

  /** The commit moved: worth an fsync of its own only where nothing else brings one soon. Rule 5-commit-disk [L] */
  changeCommit(): void {
    const { due, out } = this.#ring
    due.armBy('commitFlush', out.now + timing.commitFlush)
  }

  /** Does `then` once everything changed so far is on disk; at once where that is so already. */
  whenDurable(then: () => void): void {
    if (this.#failed) return
    const id = this.#issued + (this.#changed === undefined ? 0 : 1)
    if (this.#changed === undefined && this.#underway.length === 0) then()
    else this.#waiting.push({ id, then })
  }

  /** Emits one batch for all that changed in this step. */
  flush(): void {
    if (this.#changed === undefined || this.#failed) return
    const { out, log, epochs, membership, due } = this.#ring
    const { from, isCut } = this.#changed
    const id = ++this.#issued
    const meta: DiskMeta = {
      head: headOf(log.head),
      promised: epochs.promised,
      incarnation: membership.incarnation,
      commit: log.commit,
      loss: membership.loss,
    }
    this.#underway.push({ id, head: log.head.index, meta })
    out.put({
      kind: 'persist',
      id,
      cutFrom: isCut ? from : undefined,
      blocks: from === undefined ? [] : log.slice(from, log.head.index),
      evidence: this.#evidence,
      meta,
    })
    this.#changed = undefined
    this.#evidence = []
    due.disarm('commitFlush')
  }

  /** Every batch up to `id` is on disk. What waited for that goes on, in order. */
  persisted(id: number): void {
    if (this.#failed) return
    let done: Underway | undefined
    while (this.#underway.length > 0 && (this.#underway[0] as Underway).id <= id) done = this.#underway.shift()
    if (done === undefined) return
    const { log } = this.#ring
    log.reachDisk(done.head)
    this.#written = done.meta
    while (this.#waiting.length > 0 && (this.#waiting[0] as { id: number }).id <= id) this.#waiting.shift()?.then()
  }

  // Rule 5-failed [S3]
  fail(): void {
    this.#failed = true
    this.#waiting.length = 0
  }
}
