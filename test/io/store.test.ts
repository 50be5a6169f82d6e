import { cp, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { lockFailure } from '../../src/io/store/database.ts'
import { createStore, createStoreOn } from '../../src/io/store/store.ts'
import type { Store } from '../../src/peer/ports.ts'
import { fakeDisk, type Machine, Medium } from '../support/fake-disk.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { batchOf, block, describeStore, text } from './store-conformance.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-store-'))
const stores: Store[] = []
afterAll(async () => {
  for (const store of stores) await store.close()
  await rm(root, { recursive: true, force: true })
})
let folders = 0
const newFolder = (): string => join(root, `store-${++folders}`)

describeStore('memory', async () => {
  const store = createMemoryStore()
  return {
    store,
    reopen: async () => {
      await store.close()
      return store
    },
  }
})

describeStore('LevelDB', async () => {
  const folder = newFolder()
  const make = (): Store => {
    const store = createStore(folder)
    stores.push(store)
    return store
  }
  const store = make()
  return {
    store,
    reopen: async () => {
      await store.close()
      return make()
    },
  }
})

describeStore('simulator’s', async () => {
  const medium = new Medium()
  const machine: Machine = {
    does: async (_what, effect) => effect(),
    after: (_millis, task) => {
      const timer = setTimeout(task)
      return () => clearTimeout(timer)
    },
    random: (count) => new Uint8Array(count).fill(1),
  }
  const make = (): Store => createStoreOn(fakeDisk(medium, machine))
  const store = make()
  return {
    store,
    reopen: async () => {
      await store.close()
      return make()
    },
  }
})

describe('the memory store', () => {
  it('forgets in a crash what was not yet written, and nothing else', async () => {
    const store = createMemoryStore()
    await store.open()
    await store.write(batchOf([0], 'kept'))
    let resolved = false
    void store.write(batchOf([1], 'lost')).then(() => {
      resolved = true
    })
    await store.writeValue('peers', text('lost'))
    store.crash()
    const opened = await store.open()
    expect(opened.last).toBe(0)
    expect(await store.readValue('peers')).toBeUndefined()
    await store.write(batchOf([1], 'after'))
    expect(resolved).toBe(false)
  })

  it('fails writes as a full disk does, until it is healed', async () => {
    const store = createMemoryStore()
    await store.open()
    store.failWrites(new Failure('disk-full', 'The disk is full.'))
    await expect(store.write(batchOf([0], 'meta'))).rejects.toMatchObject({ code: 'disk-full' })
    store.failWrites(undefined)
    await store.write(batchOf([0], 'meta'))
    expect(await store.read(0, 0, 100)).toEqual([block(0)])
  })
})

describe('the LevelDB store', () => {
  it('is refused to a second process while the first has it open', async () => {
    const folder = newFolder()
    const first = createStore(folder)
    await first.open()
    await first.write(batchOf([0], 'meta'))
    await expect(createStore(folder).open()).rejects.toMatchObject({ code: 'profile-in-use' })
    expect(await first.read(0, 0, 100)).toEqual([block(0)])
    await first.close()
  })

  it('has everything that was written when its process is killed', async () => {
    const folder = newFolder()
    const copy = newFolder()
    const store = createStore(folder)
    await store.open()
    for (let index = 0; index < 20; index++) await store.write(batchOf([index], `after ${index}`))
    // A kill -9 leaves the files as they are.
    await cp(folder, copy, { recursive: true })
    const killed = createStore(copy)
    const opened = await killed.open()
    expect([opened.last, new TextDecoder().decode(opened.meta)]).toEqual([19, 'after 19'])
    expect(['ahead', 'clean']).toContain(opened.found)
    await killed.close()
    await store.close()
  })

  it('refuses to write while it is not open', async () => {
    const store = createStore(newFolder())
    await store.open()
    await store.close()
    await expect(store.write(batchOf([0], 'meta'))).rejects.toMatchObject({ code: 'disk-failed' })
  })

  it('that is closed while it is read is not taken for a damaged one', async () => {
    const store = createStore(newFolder())
    await store.open()
    const indexes = Array.from({ length: 500 }, (_, index) => index)
    await store.write(batchOf(indexes, 'meta', undefined, 'x'.repeat(5_000)))
    const reads = indexes.slice(0, 40).map((index) =>
      store.read(index, 499, 1e9).then(
        ({ length }) => length,
        ({ code }) => code,
      ),
    )
    await store.close()
    for (const [index, outcome] of (await Promise.all(reads)).entries()) expect([500 - index, 'disk-failed']).toContain(outcome)
  })

  it('says that the profile cannot be written where its folder would be inside a file', async () => {
    const folder = join(import.meta.filename, 'rooms')
    await expect(createStore(folder).open()).rejects.toMatchObject({ code: 'path-taken' })
  })

  it.each(['witness', 'opening', 'DAMAGED'])('comes to its end where a file of 5 GB stands in the place of %s', async (name) => {
    const folder = newFolder()
    const path = join(folder, name)
    await mkdir(folder)
    await writeFile(path, '')
    await truncate(path, 5 * 2 ** 30)
    await expect(createStore(folder).open()).rejects.toMatchObject({ code: 'path-taken', facts: { path } })
  })
})

it.each([
  ['IO error: lock /x/LOCK: Resource temporarily unavailable', 'profile-in-use'],
  ['IO error: lock /x/LOCK: already held by process', 'profile-in-use'],
  ['IO error: lock /x/LOCK: No locks available', 'locks-unsupported'],
  ['IO error: lock /x/LOCK: Operation not supported', 'locks-unsupported'],
  ['IO error: lock /x/LOCK: Function not implemented', 'locks-unsupported'],
])('what LevelDB says as “%s” is %s', (words, code) => {
  expect(lockFailure(words, '/x', undefined).code).toBe(code)
})
