import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { createRandom } from '../../src/core/random.ts'
import { openDatabase } from '../../src/io/store/database.ts'
import { createStore, type Machine } from '../../src/io/store/store.ts'
import { openWitnessFile } from '../../src/io/store/witness.ts'
import type { Store, StoreBatch } from '../../src/peer/ports.ts'
import { batchOf, text } from './store-conformance.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-crash-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let folders = 0
const newFolder = (): string => join(root, `store-${++folders}`)

type Operation = { readonly type: 'put' | 'del'; readonly key: Uint8Array; readonly value?: Uint8Array }

/** What a store did, in order. A batch is synced by LevelDB itself; `synced` is whether it was asked to. */
type Call =
  | { readonly kind: 'batch'; readonly operations: readonly Operation[]; readonly synced: boolean }
  | { readonly kind: 'witness'; readonly bytes: Uint8Array; readonly at: number }
  | { readonly kind: 'sync' | 'witness-closed' | 'closed' }

/** The real machine, with every call that changes something written down once it is done. */
function recording(calls: Call[], after: () => Promise<void> = async () => {}): Machine {
  const note = async (call: Call): Promise<void> => {
    calls.push(call)
    await after()
  }
  return {
    async openDatabase(folder, create) {
      const database = await openDatabase(folder, create)
      if (typeof database === 'string') return database
      const { batch, close } = database
      return Object.assign(database, {
        async batch(operations: Operation[], options: { readonly sync?: boolean }) {
          await (batch as (operations: Operation[], options: unknown) => Promise<void>).call(database, operations, options)
          await note({ kind: 'batch', operations, synced: options.sync === true })
        },
        async close() {
          await close.call(database)
          await note({ kind: 'closed' })
        },
      })
    },
    async openWitnessFile(path) {
      const file = await openWitnessFile(path)
      return {
        async write(bytes, at) {
          await file.write(bytes, at)
          await note({ kind: 'witness', bytes: bytes.slice(), at })
        },
        async sync() {
          await file.sync()
          await note({ kind: 'sync' })
        },
        async close() {
          await file.close()
          await note({ kind: 'witness-closed' })
        },
      }
    },
  }
}

/** One of each thing that a peer writes. */
interface Step {
  readonly name: string
  readonly write: (store: Store) => Promise<void>
}

const batch = (name: string, given: StoreBatch): Step => ({ name, write: (store) => store.write(given) })
const evidence = [{ name: 'evidence/0', bytes: text('proof') }]

const story: readonly Step[] = [
  batch('two blocks', batchOf([0, 1], 'meta 0')),
  batch('a promise', batchOf([], 'meta 1')),
  { name: 'a value', write: (store) => store.writeValue('peers', text('addresses')) },
  batch('a block with evidence', { ...batchOf([2], 'meta 2'), values: evidence }),
  batch('a tail replaced', batchOf([1, 2], 'meta 3', 1, 'other')),
  { name: 'a snapshot', write: (store) => store.writeSnapshot(1, text('state')) },
  batch('a tail cut', batchOf([], 'meta 4', 2)),
  batch('blocks after it', { ...batchOf([2, 3], 'meta 5'), values: [{ name: 'evidence/0', bytes: undefined }] }),
]

/** All that a store shows: the log, its record, and its values. */
interface View {
  readonly log: string
  readonly values: string
  readonly snapshot: string
}

const readable = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '-' : new TextDecoder().decode(bytes))

async function viewOf(store: Store, meta: Uint8Array | undefined): Promise<View> {
  const rows = await store.read(0, 1_000, 1e9)
  const values = [await store.readValue('peers'), await store.readValue('evidence/0')]
  return {
    log: [readable(meta), ...rows.map(({ bytes }) => readable(bytes))].join('\n'),
    values: values.map(readable).join('\n'),
    snapshot: readable((await store.readSnapshot())?.bytes),
  }
}

type Seen = { readonly found: string; readonly view: View } | { readonly damaged: string }

async function look(folder: string): Promise<Seen> {
  const store = createStore(folder)
  try {
    const { found, meta } = await store.open()
    return { found, view: await viewOf(store, meta) }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'store-damaged') throw error
    return { damaged: String(error.facts.case) }
  } finally {
    await store.close()
  }
}

/** The story told once: each batch, what the witness says after it, and what a store shows then. */
async function tell(steps: readonly Step[]) {
  const folder = newFolder()
  const calls: Call[] = []
  const views: View[] = []
  let witness = new Uint8Array()
  const testimonies: Uint8Array[] = []
  let store = createStore(folder, recording(calls))
  const again = async (): Promise<void> => {
    await store.close()
    store = createStore(folder, recording(calls))
    const { meta } = await store.open()
    views.push(await viewOf(store, meta))
    witness = await readFile(join(folder, 'witness'))
    testimonies.push(witness)
  }
  await store.open()
  await again()
  for (const { write } of steps) {
    await write(store)
    await again()
  }
  await store.close()
  const batches = calls.flatMap((call) => (call.kind === 'batch' ? [call.operations] : []))
  expect(batches.length).toBe(steps.length)
  return { batches, views, testimonies }
}

/** A disk on which LevelDB kept these batches, with this witness beside it. */
async function disk(batches: readonly (readonly Operation[])[], witness: Uint8Array): Promise<string> {
  const folder = newFolder()
  const db = new Level<Uint8Array, Uint8Array>(folder, { keyEncoding: 'view', valueEncoding: 'view' })
  await db.open()
  for (const operations of batches) {
    for (const { type, key, value } of operations)
      await (type === 'put' && value !== undefined ? db.put(key, value) : db.del(key))
  }
  await db.close()
  await writeFile(join(folder, 'witness'), witness)
  return folder
}

describe('a peer that dies, with LevelDB and the witness wherever they may be then', async () => {
  const { batches, views, testimonies } = await tell(story)
  const points = Array.from({ length: story.length + 1 }, (_, number) => number)

  it.each(points)('after batch %i: goes on where it was, whatever the witness knows of it', async (point) => {
    for (let told = 0; told <= point; told++) {
      const seen = await look(await disk(batches.slice(0, point), testimonies[told] ?? new Uint8Array()))
      const found = point === 0 ? 'new' : told === point ? 'clean' : 'ahead'
      expect(seen, `witness of batch ${told}`).toEqual({ found, view: views[point] })
    }
  })

  it.each(points.slice(1))(
    'after batch %i: no batch that LevelDB drops goes unnoticed, once the witness is written',
    async (point) => {
      for (let told = 0; told <= point; told++) {
        for (let lost = 0; lost < point; lost++) {
          const kept = batches.slice(0, point).filter((_, number) => number !== lost)
          const seen = await look(await disk(kept, testimonies[told] ?? new Uint8Array()))
          const where = `witness of batch ${told}, lost is ${story[lost]?.name}`
          if (lost === point - 1 && told < point) {
            // Not told from a crash in the middle of the write: what was synced less than 50 ms before the end has no witness yet.
            expect(seen, where).toMatchObject({ view: views[point - 1] })
          } else if (lost === point - 1) {
            expect(seen, where).toEqual({ damaged: 'behind' })
          } else if ('damaged' in seen) {
            expect(seen.damaged, where).toBe('row-damaged')
          } else {
            // The log itself is never shorter, or another one; a value that is missing is said.
            expect(seen.view.log, where).toBe(views[point]?.log)
            if (seen.view.values !== views[point]?.values) expect(seen.found, where).toBe('value-lost')
          }
        }
      }
    },
  )

  it.each(points.slice(2))('after batch %i: LevelDB is never behind the witness unseen', async (point) => {
    for (let kept = 0; kept < point; kept++) {
      const seen = await look(await disk(batches.slice(0, kept), testimonies[point] ?? new Uint8Array()))
      expect(seen, `LevelDB has ${kept}`).toEqual({ damaged: 'behind' })
    }
  })

  it.each(points.slice(1))(
    'after batch %i: a witness of which one slot is torn or lost is as good, and without both it refuses',
    async (point) => {
      const whole = testimonies[point] ?? new Uint8Array()
      for (const spoil of [zeroed, torn, flipped]) {
        for (const slot of [0, 1]) {
          const seen = await look(await disk(batches.slice(0, point), spoil(whole, slot)))
          if ('damaged' in seen) expect([point, seen.damaged]).toEqual([1, 'witness-damaged'])
          else expect(seen.view).toEqual(views[point])
        }
        const neither = await look(await disk(batches.slice(0, point), spoil(spoil(whole, 0), 1)))
        expect(neither).toEqual({ damaged: 'witness-damaged' })
      }
    },
  )

  it('with any one row of LevelDB’s missing, damaged or older: it is found, or nothing that counts is missing', async () => {
    const last = views.at(-1)
    const witness = testimonies.at(-1) ?? new Uint8Array()
    const rows = new Map<string, Uint8Array[]>()
    for (const { type, key, value } of batches.flat()) {
      const versions = rows.get(Buffer.from(key).toString('latin1')) ?? []
      rows.set(Buffer.from(key).toString('latin1'), versions)
      if (type === 'put' && value !== undefined) versions.push(value)
    }
    const outcomes = new Set<string>()
    for (const [name, versions] of rows) {
      const key = Buffer.from(name, 'latin1')
      const newest = Buffer.from(versions.at(-1) ?? '')
      const flips = [0, 5, newest.length >> 1, newest.length - 1].map((place) => {
        const other = Buffer.from(newest)
        other[place] = (other[place] ?? 0) ^ 0x40
        return other
      })
      for (const value of [undefined, Buffer.alloc(0), ...flips, ...versions]) {
        const change: Operation = value === undefined ? { type: 'del', key } : { type: 'put', key, value }
        const seen = await look(await disk([...batches, [change]], witness))
        outcomes.add('damaged' in seen ? seen.damaged : seen.found)
        if ('damaged' in seen) continue
        expect(seen.view.log, name).toBe(last?.log)
        if (seen.view.values !== last?.values) expect(seen.found, name).toBe('value-lost')
        if (seen.view.snapshot !== last?.snapshot) expect([name, seen.view.snapshot]).toEqual(['s', '-'])
      }
    }
    expect([...outcomes].sort()).toEqual(['behind', 'clean', 'row-damaged', 'value-lost'])
  })
})

const slotBytes = 4096
function change(bytes: Uint8Array, slot: number, task: (slot: Buffer) => void): Uint8Array {
  const changed = Buffer.from(bytes)
  task(changed.subarray(slot * slotBytes, (slot + 1) * slotBytes))
  return changed
}
const zeroed = (bytes: Uint8Array, slot: number): Uint8Array => change(bytes, slot, (part) => part.fill(0))
/** The first half is of a write that did not come to an end. */
const torn = (bytes: Uint8Array, slot: number): Uint8Array => change(bytes, slot, (part) => part.fill(0x5a, 20, 60))
const flipped = (bytes: Uint8Array, slot: number): Uint8Array =>
  change(bytes, slot, (part) => {
    part[40] = (part[40] ?? 0) ^ 1
  })

describe('the files as they are after each call', () => {
  it('open as what was acknowledged until then, or as one batch more', async () => {
    const folder = newFolder()
    const copies: { readonly folder: string; readonly acknowledged: number }[] = []
    let acknowledged = 0
    const calls: Call[] = []
    const machine = recording(calls, async () => {
      const copy = newFolder()
      await cp(folder, copy, { recursive: true })
      copies.push({ folder: copy, acknowledged })
    })
    const { views } = await tell(story)
    const store = createStore(folder, machine)
    await store.open()
    for (const { write } of story) {
      await write(store)
      acknowledged++
    }
    await store.close()
    expect(copies.length).toBeGreaterThan(story.length + 3)
    for (const copy of copies) {
      const seen = await look(copy.folder)
      if ('damaged' in seen) expect.unreachable(`after ${copy.acknowledged}: ${seen.damaged}`)
      const number = views.findLastIndex((view) => JSON.stringify(view) === JSON.stringify(seen.view))
      expect([copy.acknowledged, copy.acknowledged + 1]).toContain(number)
    }
  })

  it('lose no acknowledged batch, whichever the moments between batches are', async () => {
    const random = createRandom(7)
    const steps = Array.from({ length: 40 }, (_, number) => batch(`block ${number}`, batchOf([number], `meta ${number}`)))
    const folder = newFolder()
    const copies: { readonly folder: string; readonly acknowledged: number }[] = []
    const store = createStore(folder)
    await store.open()
    for (const [number, { write }] of steps.entries()) {
      await write(store)
      if (random.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, random.below(60)))
      if (random.chance(0.4)) {
        const copy = newFolder()
        await cp(folder, copy, { recursive: true })
        copies.push({ folder: copy, acknowledged: number })
      }
    }
    await store.close()
    expect(copies.length).toBeGreaterThan(5)
    for (const copy of copies) {
      const killed = createStore(copy.folder)
      expect((await killed.open()).last).toBe(copy.acknowledged)
      await killed.close()
    }
  })
})

describe('the order of what is written and synced', () => {
  it('is a synced batch, then the witness of it, synced too, before an orderly stop ends', async () => {
    const calls: Call[] = []
    const folder = newFolder()
    const store = createStore(folder, recording(calls))
    await store.open()
    for (const { write } of story) {
      const before = calls.filter(({ kind }) => kind === 'batch').length
      await write(store)
      const batches = calls.filter((call) => call.kind === 'batch')
      expect(batches.length).toBe(before + 1)
      expect(batches.every(({ synced }) => synced)).toBe(true)
    }
    await store.close()
    expect(calls.slice(-4).map(({ kind }) => kind)).toEqual(['witness', 'sync', 'witness-closed', 'closed'])
    checkTestimonies(calls)
    expect(await look(folder)).toMatchObject({ found: 'clean' })
  })

  it('has the witness written by itself, a moment after the batch', async () => {
    const calls: Call[] = []
    const store = createStore(newFolder(), recording(calls))
    await store.open()
    await store.write(batchOf([0], 'meta'))
    expect(calls.map(({ kind }) => kind)).toEqual(['batch'])
    await expect.poll(() => calls.map(({ kind }) => kind)).toEqual(['batch', 'witness', 'sync'])
    await store.write(batchOf([1], 'meta'))
    await store.write(batchOf([2], 'meta'))
    await expect.poll(() => calls.filter(({ kind }) => kind === 'sync').length).toBe(2)
    await store.write(batchOf([3], 'meta'))
    await store.close()
    checkTestimonies(calls)
    expect(calls.flatMap((call) => (call.kind === 'witness' ? [call.at] : []))).toEqual([slotBytes, 0, slotBytes])
  })

  it('ends with a witness that cannot be written: nothing more is promised', async () => {
    const store = createStore(newFolder(), {
      openDatabase,
      openWitnessFile: async (path) => ({ ...(await openWitnessFile(path)), sync: () => fails('EIO') }),
    })
    await store.open()
    await store.write(batchOf([0], 'meta'))
    await expect.poll(() => store.write(batchOf([], 'meta')).catch(({ code }) => code)).toBe('disk-failed')
    await store.close()
  })
})

const fails = (code: string): Promise<never> => Promise.reject(Object.assign(new Error(code), { code }))

/** Each testimony is of the newest batch that was synced before it, goes into the slot that the one before did not, and is synced. */
function checkTestimonies(calls: readonly Call[]): void {
  let batches = 0
  let at: number | undefined
  for (const [place, call] of calls.entries()) {
    if (call.kind === 'batch') batches++
    if (call.kind !== 'witness') continue
    expect(Buffer.from(call.bytes).readUIntBE(33, 6)).toBe(batches)
    expect(call.at).not.toBe(at)
    at = call.at
    expect(calls.slice(place + 1).find(({ kind }) => kind !== 'batch')?.kind).toBe('sync')
  }
  expect(at).toBeDefined()
}
