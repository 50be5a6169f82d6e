import { expect, it, vi } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { createVerifyingThread, recordBytes } from '../../src/io/verifying-thread.ts'
import type { Signed } from '../../src/peer/ports.ts'

const [one, other] = [createIdentity(), createIdentity()]
const hashOf = (number: number): Uint8Array => one.crypto.hash(new TextEncoder().encode(String(number)))
const signed = (number: number): Signed => ({
  author: one.self,
  bytes: hashOf(number),
  signature: one.crypto.sign(hashOf(number)),
})
const verifyAside = (some: readonly Signed[]): Promise<readonly boolean[]> | undefined => one.verifyAside?.(some)
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte))

const nobody = `1${one.self.slice(1).replace(/./g, 'A')}` as typeof one.self

const bad: Record<string, (good: Signed) => Signed> = {
  'a changed signature': (good) => ({ ...good, signature: flipped(good.signature) }),
  'a changed hash': (good) => ({ ...good, bytes: flipped(good.bytes) }),
  'another author': (good) => ({ ...good, author: other.self }),
  'an author who is none': (good) => ({ ...good, author: nobody }),
  'a short signature': (good) => ({ ...good, signature: good.signature.subarray(1) }),
  'a long signature': (good) => ({ ...good, signature: new Uint8Array([...good.signature, 0]) }),
  'a short hash': (good) => ({ ...good, bytes: good.bytes.subarray(1) }),
  'no signature': (good) => ({ ...good, signature: new Uint8Array() }),
  'a signature of zeros': (good) => ({ ...good, signature: new Uint8Array(64) }),
}

it.each([3, 200])('of %i signatures finds exactly those that are not good', async (count) => {
  const all = Array.from({ length: count }, (_, number) => signed(number))
  expect(await verifyAside(all)).toEqual(all.map(() => true))
  for (const [name, change] of Object.entries(bad)) {
    const changed = all.map((good, place) => (place === 1 ? change(good) : good))
    expect(await verifyAside(changed), name).toEqual(all.map((_, place) => place !== 1))
  }
})

it('answers many at once in the order in which they were asked', async () => {
  const asked = [100, 300, 64, 0, 70].map((count) => Array.from({ length: count }, (_, number) => signed(number)))
  const found = await Promise.all(asked.map(verifyAside))
  expect(found.map((results) => results?.length)).toEqual([100, 300, 64, 0, 70])
  expect(found.flat().every((isGood) => isGood)).toBe(true)
})

it('leaves what it was given as it is', async () => {
  const all = Array.from({ length: 100 }, (_, number) => signed(number))
  const before = all.map(({ bytes, signature }) => [bytes.slice(), signature.slice()])
  await verifyAside(all)
  expect(all.map(({ bytes, signature }) => [bytes, signature])).toEqual(before)
})

const records = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(count * recordBytes)
const answering = `const { parentPort, threadId } = require('node:worker_threads')
parentPort.on('message', () => parentPort.postMessage(new Uint8Array([threadId % 256])))`

it.each([
  ['does not begin', 'throw new Error("no")'],
  ['fails at its work', `require('node:worker_threads').parentPort.on('message', () => { throw new Error('no') })`],
  ['ends', `require('node:worker_threads').parentPort.on('message', () => process.exit())`],
])('a thread that %s finds nothing good, and the next answer is asked of another', async (_, source) => {
  const thread = createVerifyingThread({ source, restMillis: 10_000 })
  expect(await Promise.all([thread.verify(records(3)), thread.verify(records(2))])).toEqual([
    new Uint8Array(3),
    new Uint8Array(2),
  ])
  expect(await thread.verify(records(1))).toEqual(new Uint8Array(1))
})

it('a thread that cannot be made finds nothing good', async () => {
  const thread = createVerifyingThread({ source: undefined as unknown as string, restMillis: 10_000 })
  expect(await thread.verify(records(2))).toEqual(new Uint8Array(2))
})

it('is the same thread while there is work, and ends when there was none for a while', async () => {
  const thread = createVerifyingThread({ source: answering, restMillis: 60_000 })
  const first = await thread.verify(records(1))
  expect(await thread.verify(records(1))).toEqual(first)
  const hasty = createVerifyingThread({ source: answering, restMillis: 10 })
  const before = await hasty.verify(records(1))
  await vi.waitFor(async () => expect(await hasty.verify(records(1))).not.toEqual(before), { timeout: 20_000, interval: 100 })
})
