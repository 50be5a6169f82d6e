import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Store, StoreBatch, StoredBlock } from '../../src/peer/ports.ts'

/** One store on one disk: `reopen` closes it and opens what is on that disk again. */
export interface StoreOnDisk {
  readonly store: Store
  reopen(): Promise<Store>
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const readable = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes)

export function block(index: number, content = `block ${index}`): StoredBlock {
  const bytes = text(content)
  return { index, bytes, hash: new Uint8Array(createHash('sha256').update(bytes).digest()) }
}

export function batchOf(indexes: readonly number[], meta: string, cutFrom?: number, content?: string): StoreBatch {
  return { cutFrom, blocks: indexes.map((index) => block(index, content && `${content} ${index}`)), values: [], meta: text(meta) }
}

const contentsOf = async (store: Store): Promise<readonly (string | undefined)[]> =>
  (await store.read(0, 1_000, 1e9)).map(({ bytes }) => readable(bytes))

/** What the port promises, whatever the store is made of. */
export function describeStore(name: string, make: () => Promise<StoreOnDisk>): void {
  describe(`a ${name} store`, () => {
    it('is new when it is opened for the first time', async () => {
      const { store } = await make()
      expect(await store.open()).toEqual({ meta: undefined, last: undefined, found: 'new' })
      expect(await store.read(0, 10, 1_000)).toEqual([])
      expect(await store.readSnapshot()).toBeUndefined()
      expect(await store.readValue('peers')).toBeUndefined()
    })

    it('has after a restart what was written before it', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.write(batchOf([0, 1], 'first'))
      await store.write(batchOf([2], 'second'))
      const again = await reopen()
      const opened = await again.open()
      expect([readable(opened.meta), opened.last, opened.found]).toEqual(['second', 2, 'clean'])
      expect(await again.read(0, 9, 1_000)).toEqual([block(0), block(1), block(2)])
    })

    it('keeps the named values of a batch, gives them at once, and lets go of them', async () => {
      const { store, reopen } = await make()
      await store.open()
      const values = ['a', 'b'].map((name) => ({ name, bytes: text(`value ${name}`) }))
      await store.write({ ...batchOf([0], 'first'), values })
      expect(readable(await store.readValue('a'))).toBe('value a')
      await store.write({ ...batchOf([1], 'second'), values: [{ name: 'b', bytes: undefined }] })
      expect(await store.readValue('b')).toBeUndefined()
      const again = await reopen()
      await again.open()
      expect([readable(await again.readValue('a')), await again.readValue('b')]).toEqual(['value a', undefined])
    })

    it('keeps its meta without any block', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.write(batchOf([], 'promised'))
      const opened = await (await reopen()).open()
      expect([readable(opened.meta), opened.last]).toEqual(['promised', undefined])
    })

    it('replaces a tail in one write', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.write(batchOf([0, 1, 2, 3], 'old'))
      await store.write(batchOf([2], 'new', 2, 'other'))
      expect(await contentsOf(store)).toEqual(['block 0', 'block 1', 'other 2'])
      const again = await reopen()
      expect((await again.open()).last).toBe(2)
      await again.write(batchOf([3], 'on'))
      expect(await contentsOf(again)).toEqual(['block 0', 'block 1', 'other 2', 'block 3'])
    })

    it('can cut its whole log and begin anew', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.write(batchOf([0, 1], 'old'))
      await store.write(batchOf([], 'empty', 0))
      await store.write(batchOf([0], 'new', undefined, 'anew'))
      const again = await reopen()
      expect((await again.open()).last).toBe(0)
      expect(await contentsOf(again)).toEqual(['anew 0'])
    })

    it('reads as many blocks as fit, but at least one', async () => {
      const { store } = await make()
      await store.open()
      await store.write(batchOf([0, 1, 2, 3, 4], 'meta'))
      const size = block(0).bytes.length
      expect((await store.read(1, 4, 2 * size)).map(({ index }) => index)).toEqual([1, 2])
      expect((await store.read(1, 4, 1)).map(({ index }) => index)).toEqual([1])
      expect((await store.read(3, 99, 1_000)).map(({ index }) => index)).toEqual([3, 4])
      expect(await store.read(0, -1, 1_000)).toEqual([])
      expect(await store.read(3, 2, 1_000)).toEqual([])
    })

    it('keeps the newest snapshot and every value', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.writeSnapshot(7, text('older'))
      await store.writeSnapshot(9, text('newer'))
      await store.writeValue('peers', text('a'))
      await store.writeValue('peers', text('b'))
      await store.writeValue('other', text('c'))
      await store.write(batchOf([0], 'meta'))
      const again = await reopen()
      await again.open()
      const snapshot = await again.readSnapshot()
      expect([snapshot?.index, readable(snapshot?.bytes)]).toEqual([9, 'newer'])
      expect([readable(await again.readValue('peers')), readable(await again.readValue('other'))]).toEqual(['b', 'c'])
    })

    it('takes a snapshot in pieces, and keeps the older one until all of it is there', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.writeSnapshot(7, text('older'))
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield text('half')
        throw new Error('no more')
      }
      await expect(store.writeSnapshot(9, broken())).rejects.toThrow('no more')
      expect((await store.readSnapshot())?.index).toBe(7)
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (const piece of ['new', '', 'er']) {
          expect((await store.readSnapshot())?.index).toBe(7)
          yield text(piece)
        }
      }
      await store.writeSnapshot(11, pieces())
      await store.write(batchOf([0], 'meta'))
      const again = await reopen()
      await again.open()
      const snapshot = await again.readSnapshot()
      expect([snapshot?.index, readable(snapshot?.bytes)]).toEqual([11, 'newer'])
    })

    it('does not keep a hold of the bytes that it was given', async () => {
      const { store } = await make()
      await store.open()
      const mine = block(0)
      const value = text('value')
      const writing = [
        store.write({ cutFrom: undefined, blocks: [mine], values: [], meta: text('m') }),
        store.writeValue('v', value),
      ]
      await Promise.all(writing)
      mine.bytes.fill(0)
      value.fill(0)
      expect(await contentsOf(store)).toEqual(['block 0'])
      expect(readable(await store.readValue('v'))).toBe('value')
    })

    it('tells how far it has come while it opens', async () => {
      const { store, reopen } = await make()
      await store.open()
      await store.write(batchOf([0, 1, 2], 'meta'))
      const progress: number[][] = []
      await (await reopen()).open((done, total) => progress.push([done, total]))
      expect(progress.at(-1)).toEqual([3, 3])
    })

    it('refuses a second opener', async () => {
      const { store } = await make()
      await store.open()
      await expect(store.open()).rejects.toMatchObject({ code: 'profile-in-use' })
      await store.write(batchOf([0], 'still there'))
      expect(await contentsOf(store)).toEqual(['block 0'])
    })
  })
}
