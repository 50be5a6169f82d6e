import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { createStoreOn } from '../../src/io/store/store.ts'
import type { Store, StoreBatch } from '../../src/peer/ports.ts'
import { type Fate, fakeDisk, type Machine, Medium, type What } from '../support/fake-disk.ts'
import { batchOf, text } from './store-conformance.ts'

/** One thing that a peer writes. */
interface Step {
  readonly name: string
  readonly write: (store: Store) => Promise<void>
}

const batch = (name: string, given: StoreBatch): Step => ({ name, write: (store) => store.write(given) })

/** One of each. */
const story: readonly Step[] = [
  batch('two blocks', batchOf([0, 1], 'meta 0')),
  batch('a promise', batchOf([], 'meta 1')),
  { name: 'a value', write: (store) => store.writeValue('peers', text('addresses')) },
  batch('a block with evidence', { ...batchOf([2], 'meta 2'), values: [{ name: 'evidence/0', bytes: text('proof') }] }),
  batch('a tail replaced', batchOf([1, 2], 'meta 3', 1, 'other')),
  { name: 'a snapshot', write: (store) => store.writeSnapshot(1, text('state')) },
  batch('a tail cut', batchOf([], 'meta 4', 2)),
  batch('blocks after it', { ...batchOf([2, 3], 'meta 5'), values: [{ name: 'evidence/0', bytes: undefined }] }),
]

/** Blocks by the thousand, in batches of any size, with tails that are cut. */
function longStory(random: Random): readonly Step[] {
  let count = 0
  return Array.from({ length: 40 }, (_, number) => {
    const cutFrom = count > 0 && random.chance(0.2) ? count - random.below(Math.min(count, 50)) : undefined
    const from = cutFrom ?? count
    count = from + random.below(200)
    const indexes = Array.from({ length: count - from }, (_, place) => from + place)
    const values = random.chance(0.2) ? [{ name: `evidence/${number % 5}`, bytes: text(`proof ${number}`) }] : []
    return batch(`batch ${number}`, { ...batchOf(indexes, `meta ${number}`, cutFrom, `of ${number}`), values })
  })
}

/** All that a store shows. */
interface View {
  readonly log: string
  readonly values: string
  readonly snapshot: string
}

const readable = (bytes: Uint8Array | undefined): string => (bytes === undefined ? '-' : new TextDecoder().decode(bytes))
const valueNames = ['peers', ...[0, 1, 2, 3, 4].map((number) => `evidence/${number}`)]

async function viewOf(store: Store, meta: Uint8Array | undefined): Promise<View> {
  const rows = await store.read(0, 100_000, 1e9)
  const values: string[] = []
  for (const name of valueNames) values.push(readable(await store.readValue(name)))
  return {
    log: [readable(meta), ...rows.map(({ bytes }) => readable(bytes))].join('\n'),
    values: values.join('\n'),
    snapshot: readable((await store.readSnapshot())?.bytes),
  }
}

type Seen = { readonly found: string; readonly view: View } | { readonly damaged: string }

async function look(medium: Medium): Promise<Seen> {
  const store = createStoreOn(fakeDisk(medium.copy(), createMachine('late').machine))
  try {
    const { found, meta } = await store.open()
    return { found, view: await viewOf(store, meta) }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'store-damaged') throw error
    return { damaged: String(error.facts.case) }
  }
}

/** `early`: the witness follows each batch at once; `late`: it is written as the store is closed, and not before. */
type Pace = 'early' | 'late'

/** `stopAfter`: the process dies once so many things are done, with the next one under way. */
function createMachine(pace: Pace, stopAfter = Number.POSITIVE_INFINITY) {
  const done: What[] = []
  const machine: Machine = {
    does(what, effect) {
      if (done.length >= stopAfter) return new Promise(() => {})
      done.push(what)
      effect()
      return Promise.resolve()
    },
    after(millis, task) {
      let isWanted = pace === 'early' && millis < 1_000
      queueMicrotask(() => {
        if (isWanted) task()
      })
      return () => {
        isWanted = false
      }
    },
    random: (count) => new Uint8Array(count).fill(7),
  }
  return { machine, done }
}

interface Told {
  readonly medium: Medium
  /** Steps that were acknowledged. */
  readonly acknowledged: number
  readonly done: readonly What[]
  readonly isOver: boolean
}

/** Tells the story until the process dies. */
async function tell(steps: readonly Step[], pace: Pace, stopAfter?: number): Promise<Told> {
  const medium = new Medium(1_000)
  const { machine, done } = createMachine(pace, stopAfter)
  const store = createStoreOn(fakeDisk(medium, machine))
  let acknowledged = 0
  let isOver = false
  const telling = (async () => {
    await store.open()
    for (const { write } of steps) {
      await write(store)
      acknowledged++
    }
    await store.close()
    isOver = true
  })()
  // Nothing here takes time: after this nobody goes on by himself.
  await Promise.race([telling, new Promise((resolve) => setImmediate(resolve))])
  return { medium, acknowledged, done, isOver }
}

/** By the number of steps: what a store shows after so many, from `first` on. */
async function viewsOf(steps: readonly Step[], first = 0): Promise<readonly View[]> {
  const views: View[] = []
  for (let count = first; count <= steps.length; count++) {
    const seen = await look((await tell(steps.slice(0, count), 'late')).medium)
    views[count] = 'view' in seen ? seen.view : expect.unreachable(seen.damaged)
  }
  return views
}

const isSame = (one: View, other: View | undefined): boolean => JSON.stringify(one) === JSON.stringify(other)

const fates: readonly Fate[] = ['kept', 'lost', 'torn']

/** The disk after each way in which the power can fail at this moment. */
function* crashes({ medium }: Told): Generator<Medium> {
  for (let way = 0; ; way++) {
    const crashed = medium.copy()
    let left = way
    let asked = 0
    crashed.crash(() => {
      const fate = fates[left % fates.length] as Fate
      left = Math.floor(left / fates.length)
      asked++
      return fate
    })
    if (left > 0 || (asked === 0 && way > 0)) return
    yield crashed
  }
}

const slotBytes = 4096

/** A slot repeats the newest head. */
function isWitnessed({ rows, files }: Medium): boolean {
  const [head, witness] = [rows.get('r'), files.get('witness')]
  if (head === undefined || witness === undefined) return false
  return [0, slotBytes].some((at) => Buffer.compare(witness.subarray(at, at + head.length), head) === 0)
}

const writesHead = ({ undo }: Medium, place: number): boolean => undo[place]?.entries.some(({ key }) => key === 'r') === true

/**
 * After a crash: all that was acknowledged is there, with what was under way or without it. `hidden`: batches that nobody can miss,
 * since the witness did not come to know of them.
 */
function expectKept(seen: Seen, views: readonly View[], acknowledged: number, where: string, hidden = 0): void {
  if ('damaged' in seen) expect.unreachable(`${where}: ${seen.damaged}`)
  expect(['new', 'clean', 'ahead'], where).toContain(seen.found)
  const numbers = views.flatMap((view, number) => (isSame(view, seen.view) ? [number] : []))
  expect(
    numbers.some((number) => number >= acknowledged - hidden && number <= acknowledged + 1),
    `${where}: acknowledged are ${acknowledged}, there are ${numbers}`,
  ).toBe(true)
}

/** As {@link expectKept}, or the damage is named. */
function expectHonest(seen: Seen, views: readonly View[], acknowledged: number, where: string): void {
  if ('damaged' in seen) return expect(['behind', 'row-damaged', 'torn', 'witness-damaged'], where).toContain(seen.damaged)
  const logs = views.slice(acknowledged, acknowledged + 2)
  expect(
    logs.map(({ log }) => log),
    where,
  ).toContain(seen.view.log)
  if (seen.found !== 'value-lost')
    expect(
      logs.map(({ values }) => values),
      where,
    ).toContain(seen.view.values)
  expect([...logs.map(({ snapshot }) => snapshot), '-'], where).toContain(seen.view.snapshot)
}

describe.each(['early', 'late'] as const)(
  'a machine that dies at any moment, with a witness that is written %s',
  async (pace) => {
    const views = await viewsOf(story)
    const whole = await tell(story, pace)
    const points = Array.from({ length: whole.done.length + 1 }, (_, point) => point)

    it('opens as what was acknowledged, whatever is lost of what was not synced', async () => {
      const found = new Set<string>()
      for (const point of points) {
        const told = await tell(story, pace, point)
        for (const crashed of crashes(told)) {
          const seen = await look(crashed)
          expectKept(seen, views, told.acknowledged, `after ${point} things (${told.done.slice(-3)})`)
          if ('found' in seen) found.add(seen.found)
          if (told.isOver) expect(seen).toMatchObject({ found: 'clean' })
        }
      }
      expect([...found].sort()).toEqual(['ahead', 'clean', 'new'])
    })

    it('loses no synced batch unseen, once the witness knows of it', async () => {
      const found = new Set<string>()
      for (const point of points) {
        const told = await tell(story, pace, point)
        for (const crashed of crashes(told)) {
          for (const place of crashed.undo.keys()) {
            if (!writesHead(crashed, place)) continue
            const isNewest = crashed.undo.findLastIndex((_, other) => writesHead(crashed, other)) === place
            const witnessed = isWitnessed(crashed)
            const dropped = crashed.copy()
            dropped.drop((_, other) => other === place)
            const seen = await look(dropped)
            const where = `after ${point} things, batch ${place} dropped`
            if (!isNewest) expectHonest(seen, views, told.acknowledged, where)
            else if (witnessed) expect(seen, where).toEqual({ damaged: 'behind' })
            else expectKept(seen, views, told.acknowledged, where, 1)
            found.add('damaged' in seen ? seen.damaged : seen.found)
          }
        }
      }
      const usual = ['behind', 'clean', 'row-damaged', 'value-lost']
      if (pace === 'early') expect([...found].filter((name) => name !== 'ahead' && name !== 'new').sort()).toEqual(usual)
      else expect(found).toContain('behind')
    })

    it('names one damaged row, or nothing that counts is missing', async () => {
      for (const point of points) {
        const told = await tell(story, pace, point)
        const [crashed] = [...crashes(told)]
        if (crashed === undefined) continue
        for (const key of crashed.rows.keys) {
          const value = crashed.rows.get(key) as Uint8Array
          const older = crashed.undo.flatMap(({ entries }) =>
            entries.flatMap((entry) => (entry.key === key ? [entry.after] : [])),
          )
          const flips = [0, 5, value.length >> 1, value.length - 1].map((place) => flip(value, place))
          for (const other of [undefined, new Uint8Array(), ...flips, ...older]) {
            const changed = crashed.copy()
            changed.rows.set(key, other)
            const where = `after ${point} things, row ${JSON.stringify(key)}`
            const seen = await look(changed)
            // The head that the witness does not know of yet may be an older one, and of no other batch is anything left then.
            if (key === 'r' && older.includes(other) && !isWitnessed(crashed) && !('damaged' in seen)) continue
            expectHonest(seen, views, told.acknowledged, where)
            const isFlipped = other !== undefined && flips.includes(other)
            if (isFlipped && /^[br]/.test(key)) expect(seen, where).toEqual({ damaged: 'row-damaged' })
            if (isFlipped && key.startsWith('v')) expect(seen, where).toMatchObject({ found: 'value-lost' })
          }
        }
      }
    })

    it('is as good with one slot of the witness, and without both it refuses', async () => {
      for (const point of points) {
        const told = await tell(story, pace, point)
        for (const crashed of crashes(told)) {
          const witness = crashed.files.get('witness')
          if (witness === undefined || crashed.rows.get('r') === undefined) continue
          for (const slots of [[0], [1], [0, 1]]) {
            const spoiled = crashed.copy()
            for (const slot of slots) spoiled.files.get('witness')?.fill(0x5a, slot * slotBytes + 20, slot * slotBytes + 60)
            const where = `after ${point} things, slots ${slots}`
            const seen = await look(spoiled)
            const isRead = [0, 1].some((slot) => !slots.includes(slot) && witness[slot * slotBytes] !== 0)
            if (isRead && !('damaged' in seen)) expectKept(seen, views, told.acknowledged, where)
            else if (isRead) expect(await look(crashed), where).not.toHaveProperty('found', 'clean')
            else expect(seen, where).toEqual({ damaged: 'witness-damaged' })
          }
        }
      }
    })
  },
)

function flip(bytes: Uint8Array, place: number): Uint8Array {
  const other = new Uint8Array(bytes)
  other[place] = (other[place] ?? 0) ^ 0x40
  return other
}

describe('thousands of blocks', () => {
  const seeds = Array.from({ length: 16 }, (_, seed) => seed + 1)
  it.each(seeds)('after any crash, and with any one thing damaged: seed %i', async (seed) => {
    const random = createRandom(seed)
    const steps = longStory(random)
    const pace = random.chance(0.5) ? 'early' : 'late'
    const { done } = await tell(steps, pace)
    const told = await tell(steps, pace, random.below(done.length + 1))
    const views = await viewsOf(steps.slice(0, told.acknowledged + 1), Math.max(0, told.acknowledged - 1))
    told.medium.crash(() => fates[random.below(fates.length)] as Fate)
    expectKept(await look(told.medium), views, told.acknowledged, 'crashed')
    for (let times = 0; times < 12; times++) {
      const crashed = told.medium.copy()
      const { rows, undo } = crashed
      const place = random.below(undo.length)
      const key = rows.keys[random.below(rows.keys.length)]
      const newest = undo.length - 1
      const hidden = place === newest && !isWitnessed(crashed) ? 1 : 0
      if (random.chance(0.5) || key === undefined) crashed.drop((_, other) => other === place)
      else rows.set(key, random.chance(0.3) ? undefined : flip(rows.get(key) as Uint8Array, random.below(40)))
      expectHonest(await look(crashed), views, told.acknowledged - hidden, `damaged ${times}`)
    }
  })
})

describe('a start that its own process does not survive', () => {
  /** A start that gets no further than LevelDB, and what it tells of those before it; one that got there is not resolved. */
  async function start(medium: Medium, dies: boolean): Promise<{ readonly starts: readonly number[]; readonly seen: string }> {
    const starts: number[] = []
    const disk = fakeDisk(medium, createMachine('late').machine)
    const store = createStoreOn({
      ...disk,
      openDatabase: (create) => (dies ? new Promise(() => {}) : disk.openDatabase(create)),
      endsReaders: async (before) => {
        starts.push(before)
        return before > 2
      },
    })
    const opened = store.open().then(
      async ({ found }) => {
        await store.close()
        return found
      },
      (error: Failure) => String(error.facts.case),
    )
    const seen = await Promise.race([opened, new Promise<string>((resolve) => setImmediate(resolve, 'dead'))])
    return { starts, seen }
  }

  it('is counted by those after it, until one says that the log cannot be read; the one after that tries again', async () => {
    const { medium } = await tell(story, 'early')
    expect(await start(medium, true)).toEqual({ starts: [], seen: 'dead' })
    expect(await start(medium, true)).toEqual({ starts: [1], seen: 'dead' })
    expect(await start(medium, true)).toEqual({ starts: [2], seen: 'dead' })
    expect(await start(medium, true)).toEqual({ starts: [3], seen: 'database-unreadable' })
    expect(await start(medium, true)).toEqual({ starts: [], seen: 'dead' })
  })

  it('is forgotten once one comes to an end', async () => {
    const { medium } = await tell(story, 'early')
    expect(await start(medium, true)).toEqual({ starts: [], seen: 'dead' })
    expect(await start(medium, false)).toEqual({ starts: [1], seen: 'clean' })
    expect(await start(medium, false)).toEqual({ starts: [], seen: 'clean' })
  })
})

describe('the order of what is written and synced', () => {
  it.each(['early', 'late'] as const)('is a synced batch, then the witness of it, synced too: %s', async (pace) => {
    const { done, medium, isOver } = await tell(story, pace)
    expect(isOver).toBe(true)
    // A synced batch for each step; those that are not synced are the pieces of the snapshot.
    expect(done.filter((what) => what === 'batch')).toHaveLength(story.length)
    expect(medium.undo.every(({ synced }) => synced)).toBe(true)
    expect(medium.unsynced).toEqual([])
    const first = done.indexOf('batch')
    expect(done.slice(0, first).filter((what) => what === 'replace').length).toBeGreaterThanOrEqual(2)
    expect(done.lastIndexOf('sync')).toBeGreaterThan(done.lastIndexOf('batch'))
    if (pace === 'early') expect(done.filter((what) => what === 'sync')).toHaveLength(story.length)
  })

  it('has the witness say nothing of a batch that is still on its way', async () => {
    const { machine, done } = createMachine('early')
    const medium = new Medium()
    let land = (): void => {}
    const store = createStoreOn(
      fakeDisk(medium, {
        ...machine,
        does(what, effect) {
          if (what !== 'batch') return machine.does(what, effect)
          return new Promise((resolve) => {
            land = () => resolve(machine.does(what, effect))
          })
        },
      }),
    )
    await store.open()
    const before = done.length
    const written = [store.write(batchOf([0], 'meta')), store.write(batchOf([1], 'meta'))]
    await new Promise((resolve) => setImmediate(resolve))
    expect(done.slice(before)).toEqual([])
    for (const write of written) {
      land()
      await write
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(done.slice(before)).toEqual(['batch', 'write', 'sync', 'batch', 'write', 'sync'])
  })

  it('has both slots written in turn, and never the one that holds the newest testimony', async () => {
    const medium = new Medium()
    const { machine } = createMachine('early')
    const places: number[] = []
    const disk = fakeDisk(medium, machine)
    const store = createStoreOn({
      ...disk,
      async openFile(name) {
        const file = await disk.openFile(name)
        return {
          ...file,
          write(bytes, at) {
            places.push(at)
            return file.write(bytes, at)
          },
        }
      },
    })
    await store.open()
    for (const { write } of story.slice(0, 5)) await write(store)
    await store.close()
    expect(places).toEqual([slotBytes, 0, slotBytes, 0, slotBytes])
  })

  it('ends with a witness that cannot be written: nothing more is promised', async () => {
    const { machine } = createMachine('early')
    const fails = Object.assign(new Error('EIO'), { code: 'EIO' })
    const store = createStoreOn(
      fakeDisk(new Medium(), {
        ...machine,
        does: (what, effect) => (what === 'sync' ? Promise.reject(fails) : machine.does(what, effect)),
      }),
    )
    await store.open()
    await store.write(batchOf([0], 'meta'))
    await expect.poll(() => store.write(batchOf([], 'meta')).catch(({ code }) => code)).toBe('disk-failed')
    await store.close()
  })

  it('does not wait for ever, as it is closed, for a disk that does not answer', async () => {
    const alarms: (() => void)[] = []
    const { machine } = createMachine('late')
    const store = createStoreOn(
      fakeDisk(new Medium(), {
        ...machine,
        does: (what, effect) => (what === 'batch' ? new Promise(() => {}) : machine.does(what, effect)),
        after(_millis, task) {
          alarms.push(task)
          return () => {}
        },
      }),
    )
    await store.open()
    void store.write(batchOf([0], 'meta'))
    const closed = store.close()
    alarms.at(-1)?.()
    await closed
  })
})
