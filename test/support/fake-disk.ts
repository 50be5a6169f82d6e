import type { Database, Entry, KeyRange, Operation } from '../../src/io/store/database.ts'
import type { Disk, DiskFile } from '../../src/io/store/disk.ts'

/**
 * What a machine's disk has of one store: LevelDB's rows, as its batches have left them, and files. Unlike a real one it tells
 * what is synced, and can be brought into every state that a real one was seen in.
 */
export class Medium {
  readonly #undoMax: number
  readonly rows = new SortedMap()
  readonly files = new Map<string, Uint8Array>()
  hasDatabase = false
  /** LevelDB cannot make sense of its files. */
  isUnreadable = false
  /** Of the newest batches how each is taken back, oldest first; synced ones are kept for a while, to be dropped by a fault. */
  undo: Undo[] = []
  /** Handed over, and not done yet. */
  underWay: { readonly what: What; readonly finish: () => void }[] = []
  /** Writes in place that are not synced: how each is taken back, wholly or in its second half. */
  unsynced: { readonly name: string; readonly before: Uint8Array; readonly bytes: Uint8Array; readonly at: number }[] = []

  /** Hears of each batch. */
  onBatch: (operations: readonly Operation[]) => void = () => {}

  /** `undoMax`: synced batches that can still be dropped. */
  constructor(undoMax = 8) {
    this.#undoMax = undoMax
  }

  apply(operations: readonly Operation[], synced: boolean): void {
    const entries: Change[] = []
    for (const operation of operations) {
      const key = nameOf(operation.key)
      const value = operation.type === 'put' ? operation.value : undefined
      entries.push({ key, before: this.rows.get(key), after: value })
      this.rows.set(key, value)
    }
    // A sync is one of the whole journal.
    if (synced) for (const one of this.undo) one.synced = true
    this.undo.push({ entries, synced })
    if (this.undo.length > this.#undoMax && this.undo[0]?.synced === true) this.undo.shift()
    this.onBatch(operations)
  }

  /** Without a word: as if the batches at these places of `undo` had never been. */
  drop(isDropped: (batch: Undo, place: number) => boolean): void {
    const first = this.undo.findIndex(isDropped)
    if (first < 0) return
    const later = this.undo.slice(first)
    for (const { entries } of later.toReversed()) for (const { key, before } of entries.toReversed()) this.rows.set(key, before)
    const kept = later.filter((batch, place) => !isDropped(batch, first + place))
    this.undo.length = first
    for (const { entries, synced } of kept) {
      this.undo.push({ entries: entries.map(({ key, after }) => ({ key, before: this.rows.get(key), after })), synced })
      for (const { key, after } of entries) this.rows.set(key, after)
    }
  }

  /** The power fails. `fate` is asked for everything that was not synced, oldest first; only a write in place can be there by half. */
  crash(fate: (what: What) => Fate): void {
    for (const { what, finish } of this.underWay.splice(0)) {
      const found = fate(what)
      if (found === 'kept' || (found === 'torn' && what === 'write')) finish()
    }
    const lost = new Set(this.undo.filter(({ synced }) => !synced && fate('batch') !== 'kept'))
    this.drop((batch) => lost.has(batch))
    for (const batch of this.undo) batch.synced = true
    for (const { name, before, bytes, at } of this.unsynced.splice(0)) {
      const file = this.files.get(name)
      const found = fate('write')
      if (file === undefined || found === 'kept') continue
      file.set(before, at)
      if (found === 'torn') file.set(bytes.subarray(0, bytes.length >> 1), at)
    }
  }

  /** As it would be in an image of the disk. */
  copy(): Medium {
    const copy = new Medium(this.#undoMax)
    copy.rows.copyFrom(this.rows)
    for (const [name, bytes] of this.files) copy.files.set(name, new Uint8Array(bytes))
    copy.hasDatabase = this.hasDatabase
    copy.isUnreadable = this.isUnreadable
    copy.undo = this.undo.map((batch) => ({ ...batch }))
    return copy
  }
}

/** What a disk is asked for. A batch is a synced one. */
export type What = 'batch' | 'write' | 'sync' | 'replace' | 'remove'

/** Of what was written and not synced before a crash. */
export type Fate = 'kept' | 'lost' | 'torn'

interface Change {
  readonly key: string
  readonly before: Uint8Array | undefined
  readonly after: Uint8Array | undefined
}

export interface Undo {
  readonly entries: readonly Change[]
  synced: boolean
}

/** What passes on a machine: when something that the disk was asked for is done, and what time it is. */
export interface Machine extends Pick<Disk, 'after' | 'random'> {
  /**
   * Calls `effect` once the disk has done it, then resolves; rejects, without it, where the disk fails; does neither once the
   * process is dead.
   */
  does(what: What, effect: () => void): Promise<void>
}

/** One process's hold on a medium. */
export function fakeDisk(medium: Medium, machine: Machine, folder = '/fake'): Disk {
  const does = (what: What, effect: () => void): Promise<void> => {
    // Of what fails nobody knows whether it is there after a crash.
    const begun = {
      what,
      finish() {
        const place = medium.underWay.indexOf(begun)
        if (place >= 0) medium.underWay.splice(place, 1)
        effect()
      },
    }
    medium.underWay.push(begun)
    return machine.does(what, begun.finish)
  }
  return {
    folder,
    names: async () => [...medium.files.keys(), ...(medium.hasDatabase ? ['CURRENT'] : [])],
    async readFile(name) {
      const bytes = medium.files.get(name)
      return bytes && new Uint8Array(bytes)
    },
    replaceFile: (name, bytes) => does('replace', () => medium.files.set(name, new Uint8Array(bytes))),
    removeFile: (name) => does('remove', () => medium.files.delete(name)),
    openFile: async (name) => openFile(medium, name, does),
    async openDatabase(create) {
      if (medium.isUnreadable) return 'unreadable'
      if (!medium.hasDatabase && !create) return 'gone'
      medium.hasDatabase = true
      // What failed in a life that ended in order is not there, as this one reads it: no later crash brings it.
      medium.underWay.length = 0
      return openDatabase(medium, does)
    },
    endsReaders: async () => false,
    after: machine.after,
    random: machine.random,
  }
}

function openFile(medium: Medium, name: string, does: Machine['does']): DiskFile {
  return {
    write: (given, at) => {
      const bytes = new Uint8Array(given)
      return does('write', () => {
        const file = medium.files.get(name)
        if (file === undefined) return
        medium.unsynced.push({ name, before: file.slice(at, at + bytes.length), bytes, at })
        file.set(bytes, at)
      })
    },
    sync: () =>
      does('sync', () => {
        medium.unsynced = medium.unsynced.filter((write) => write.name !== name)
      }),
    close: async () => {},
  }
}

function openDatabase(medium: Medium, does: Machine['does']): Database {
  return {
    get: async (key) => medium.rows.get(nameOf(key)),
    batch: (operations, { sync }) => does(sync ? 'batch' : 'write', () => medium.apply(operations, sync)),
    clear: (range) =>
      does('write', () => {
        const keys = medium.rows.keysIn(range)
        medium.apply(
          keys.map((key) => ({ type: 'del', key })),
          false,
        )
      }),
    async *scan(range) {
      for (let some = medium.rows.some(range); some.length > 0; some = medium.rows.some(range, some[some.length - 1]?.[0]))
        yield some
    },
    close: async () => {},
  }
}

/** By length: where the letters of a short key are put before they become its text. */
const letters = Array.from({ length: 16 }, (_, length) => Array<number>(length).fill(0))

/** Keys as text, one letter for each byte: they sort as their bytes do. */
export function nameOf(key: Uint8Array): string {
  const codes = letters[key.length] ?? Array<number>(key.length)
  for (let place = 0; place < key.length; place++) codes[place] = key[place] as number
  return String.fromCharCode(...codes)
}

class SortedMap {
  readonly #entries = new Map<string, Entry>()
  readonly #keys: string[] = []

  get keys(): readonly string[] {
    return this.#keys
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key)?.[1]
  }

  /** `undefined`: it goes. */
  set(key: string, value: Uint8Array | undefined): void {
    const entry = this.#entries.get(key)
    if (value !== undefined) {
      if (entry === undefined) this.#keys.splice(this.#placeOf(key), 0, key)
      this.#entries.set(key, [entry?.[0] ?? Buffer.from(key, 'latin1'), value])
    } else if (entry !== undefined) {
      this.#entries.delete(key)
      this.#keys.splice(this.#placeOf(key), 1)
    }
  }

  clear(): void {
    this.#entries.clear()
    this.#keys.length = 0
  }

  copyFrom(other: SortedMap): void {
    for (const key of other.#keys) {
      this.#keys.push(key)
      this.#entries.set(key, other.#entries.get(key) as Entry)
    }
  }

  keysIn({ gte, lte }: KeyRange): readonly Uint8Array[] {
    const keys = this.#keys.filter((key) => key >= nameOf(gte) && key <= nameOf(lte))
    return keys.map((key) => Buffer.from(key, 'latin1'))
  }

  /** The first of a range; `after` this key. */
  some({ gte, lte }: KeyRange, after?: Uint8Array): readonly Entry[] {
    const [from, to] = [nameOf(after ?? gte), nameOf(lte)]
    const found: Entry[] = []
    for (let place = this.#placeOf(from); found.length < chunk; place++) {
      const key = this.#keys[place]
      if (key === undefined || key > to) break
      if (after === undefined || key !== from) found.push(this.#entries.get(key) as Entry)
    }
    return found
  }

  /** Where it stands, or would. */
  #placeOf(key: string): number {
    let [from, to] = [0, this.#keys.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#keys[middle] as string) < key) from = middle + 1
      else to = middle
    }
    return from
  }
}

const chunk = 64
