import { chmod, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterAll, describe, expect, it } from 'vitest'
import { type PeerId, parsePeerId } from '../../src/core/ids.ts'
import { createIdentity, openIdentity } from '../../src/io/identity.ts'
import { peerIdOf, publicKeyIn } from '../../src/io/peer-id.ts'
import type { Signed } from '../../src/peer/ports.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-identity-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let files = 0
const newFile = (): string => join(root, `key-${++files}`)
const message = new TextEncoder().encode('a message')

describe('the key file', () => {
  it('is made at the first start, and makes the same peer at the next', async () => {
    const file = newFile()
    const first = await openIdentity(file)
    const second = await openIdentity(file)
    expect([first.isNew, second.isNew]).toEqual([true, false])
    expect(second.self).toBe(first.self)
    expect(second.crypto.verify(first.self, message, first.crypto.sign(message))).toBe(true)
  })

  it.skipIf(process.platform === 'win32')('is readable by its owner only, also if it was not before', async () => {
    const file = newFile()
    await openIdentity(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    await chmod(file, 0o644)
    await openIdentity(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('is refused when any of its bytes is changed, and never replaced', async () => {
    const file = newFile()
    await openIdentity(file)
    const whole = await readFile(file)
    for (let place = 0; place < whole.length; place++) {
      const damaged = Buffer.from(whole)
      damaged[place] = (damaged[place] ?? 0) ^ 1
      await writeFile(file, damaged)
      await expect(openIdentity(file), `byte ${place}`).rejects.toMatchObject({ code: 'key-damaged' })
      expect(await readFile(file)).toEqual(damaged)
    }
  })

  it('of a later format is named so, and never called damaged', async () => {
    const file = newFile()
    const later = 'gavelring key 2\nsealed\n0123456789\n'
    await writeFile(file, later)
    await expect(openIdentity(file)).rejects.toMatchObject({
      code: 'store-version',
      message: expect.stringContaining('format 1, not 2'),
    })
    expect(await readFile(file, 'utf8')).toBe(later)
  })

  it.skipIf(process.platform === 'win32')('that its owner closed already need not be changed', async () => {
    const file = newFile()
    const { self } = await openIdentity(file)
    const before = (await stat(file)).ctimeMs
    expect((await openIdentity(file)).self).toBe(self)
    expect((await stat(file)).ctimeMs).toBe(before)
  })

  it.each(['', 'nonsense', 'gavelring key 1\n'])('is refused when it is cut short: %j', async (contents) => {
    const file = newFile()
    await writeFile(file, contents)
    await expect(openIdentity(file)).rejects.toMatchObject({ code: 'key-damaged' })
  })

  it('is not read where it has 5 GB, and stays as it is', async () => {
    const file = newFile()
    await writeFile(file, '')
    await truncate(file, 5 * 2 ** 30)
    await expect(openIdentity(file)).rejects.toMatchObject({ code: 'path-taken', facts: { path: file } })
    expect((await stat(file)).size).toBe(5 * 2 ** 30)
  })

  it('cannot be made where its folder is a file', async () => {
    const file = newFile()
    await writeFile(file, '')
    await expect(openIdentity(join(file, 'key'))).rejects.toMatchObject({ code: 'path-taken' })
  })

  it('cannot be made in a read-only folder', async (context) => {
    if (process.getuid?.() === 0) context.skip('the superuser may write everywhere, so a read-only folder refuses nothing')
    const folder = newFile()
    await mkdir(folder, { mode: 0o500 })
    await expect(openIdentity(join(folder, 'key'))).rejects.toMatchObject({ code: 'permission-denied' })
  })
})

describe('a peer id', () => {
  it('is the one that libp2p makes of the same key, there and back', async () => {
    for (let i = 0; i < 50; i++) {
      const key = await generateKeyPair('Ed25519')
      const expected = peerIdFromPrivateKey(key).toString()
      expect(peerIdOf(key.publicKey.raw)).toBe(expected)
      expect(publicKeyIn(expected as PeerId)).toEqual(new Uint8Array(key.publicKey.raw))
    }
  })

  it('parses', () => {
    const { self } = createIdentity()
    expect(parsePeerId(self)).toEqual({ ok: true, value: self })
  })

  it.each([
    '',
    '1',
    'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    '12D3KooW',
    `12D3KooW${'0'.repeat(44)}`,
    `12D3KooW${'z'.repeat(44)}`,
  ])('has no key where it is none: %s', (text) => {
    expect(publicKeyIn(text as PeerId)).toBeUndefined()
  })
})

describe('the crypto port', () => {
  const [alice, bob] = [createIdentity(), createIdentity()]

  it('hashes with SHA-256', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(Buffer.from(alice.crypto.hash(new Uint8Array())).toString('hex')).toBe(empty)
  })

  it('verifies what its author signed, and nothing else', () => {
    const signature = alice.crypto.sign(message)
    const changed = (bytes: Uint8Array, place: number) => bytes.map((byte, i) => (i === place ? byte ^ 1 : byte))
    expect(signature).toHaveLength(64)
    expect(bob.crypto.verify(alice.self, message, signature)).toBe(true)
    expect(bob.crypto.verify(bob.self, message, signature)).toBe(false)
    expect(bob.crypto.verify(alice.self, changed(message, 0), signature)).toBe(false)
    for (let place = 0; place < 64; place++) expect(bob.crypto.verify(alice.self, message, changed(signature, place))).toBe(false)
  })

  it('never throws, whatever it is given to verify', () => {
    const signature = alice.crypto.sign(message)
    expect(bob.crypto.verify('no peer' as PeerId, message, signature)).toBe(false)
    expect(bob.crypto.verify(`12D3KooW${'z'.repeat(44)}` as PeerId, message, signature)).toBe(false)
    expect(bob.crypto.verify(peerIdOf(new Uint8Array(32).fill(255)), message, signature)).toBe(false)
    expect(bob.crypto.verify(alice.self, message, new Uint8Array())).toBe(false)
    expect(bob.crypto.verify(alice.self, message, new Uint8Array(1_000))).toBe(false)
  })
})

describe('signatures beside the loop', () => {
  const [one, other] = [createIdentity(), createIdentity()]
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 7 ? byte ^ 1 : byte))
  const all = Array.from({ length: 200 }, (_, number): Signed => {
    const bytes = one.crypto.hash(new TextEncoder().encode(String(number)))
    return { author: one.self, bytes, signature: one.crypto.sign(bytes) }
  })
  const bad: Record<string, (good: Signed) => Signed> = {
    'a changed signature': (good) => ({ ...good, signature: flipped(good.signature) }),
    'a changed hash': (good) => ({ ...good, bytes: flipped(good.bytes) }),
    'another author': (good) => ({ ...good, author: other.self }),
    'an author who is none': (good) => ({ ...good, author: `1${'A'.repeat(51)}` as PeerId }),
    'an author of three letters': (good) => ({ ...good, author: '1AA' as PeerId }),
    'a short signature': (good) => ({ ...good, signature: good.signature.subarray(1) }),
    'a long signature': (good) => ({ ...good, signature: new Uint8Array([...good.signature, 0]) }),
    'a short hash': (good) => ({ ...good, bytes: good.bytes.subarray(1) }),
    'no signature': (good) => ({ ...good, signature: new Uint8Array() }),
    'a signature of zeros': (good) => ({ ...good, signature: new Uint8Array(64) }),
  }

  it.each(Object.entries(bad))('of 200, the one with %s is found, and no other', async (_what, change) => {
    expect(await one.verifyAside?.(all)).toEqual(all.map(() => true))
    const changed = all.map((good, place) => (place === 1 ? change(good) : good))
    expect(await one.verifyAside?.(changed)).toEqual(all.map((_, place) => place !== 1))
  })

  it('are nothing where there are none', async () => {
    expect(await one.verifyAside?.([])).toEqual([])
  })
})
