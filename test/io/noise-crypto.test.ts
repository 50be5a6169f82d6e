import { randomBytes } from 'node:crypto'
import { pureJsCrypto } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test } from 'vitest'
import { doesNotOpen, noiseCrypto } from '../../src/io/transport/noise-crypto.ts'

const key = new Uint8Array(randomBytes(32))
const nonce = new Uint8Array(12).fill(7)
const ad = new Uint8Array([1, 2, 3])
const sizes = [0, 1, 495, 496, 511, 512, 513, 9_000, 16_384, 16_385, 65_000]

test.each(sizes)('a packet of %i bytes is the same to whoever speaks Noise by another library', (size) => {
  const plain = new Uint8Array(randomBytes(size))
  const sealed = noiseCrypto.chaCha20Poly1305Encrypt(plain, nonce, ad, key).subarray()
  expect(Buffer.from(sealed)).toEqual(Buffer.from(pureJsCrypto.chaCha20Poly1305Encrypt(plain, nonce, ad, key).subarray()))
  expect(Buffer.from(pureJsCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key).subarray())).toEqual(Buffer.from(plain))
  expect(Buffer.from(noiseCrypto.chaCha20Poly1305Decrypt(sealed.slice(), nonce, ad, key).subarray())).toEqual(Buffer.from(plain))
})

test.each(sizes)('a packet of %i bytes is the same in how many pieces soever it comes', (size) => {
  const plain = new Uint8Array(randomBytes(size))
  const pieces = new Uint8ArrayList(plain.subarray(0, 8), plain.subarray(8, 20_000), plain.subarray(20_000))
  const [sealed, whole] = [pieces, plain].map((given) => noiseCrypto.chaCha20Poly1305Encrypt(given, nonce, ad, key).subarray())
  expect(Buffer.compare(sealed ?? key, whole ?? ad)).toBe(0)
})

test.each([16, 17, 600, 9_000])(
  'a packet of %i bytes with one bit changed anywhere, another nonce, key or data is refused',
  (size) => {
    const sealed = new Uint8Array(noiseCrypto.chaCha20Poly1305Encrypt(randomBytes(size - 16), nonce, ad, key).subarray())
    const open = (bytes: Uint8Array, number = nonce, data = ad, secret = key): unknown =>
      noiseCrypto.chaCha20Poly1305Decrypt(bytes, number, data, secret)
    for (const at of [0, size - 17, size - 16, size - 1]) {
      if (at < 0) continue
      const changed = sealed.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => open(changed)).toThrow(doesNotOpen)
    }
    expect(() => open(sealed.slice(), new Uint8Array(12))).toThrow()
    expect(() => open(sealed.slice(), nonce, new Uint8Array(0))).toThrow()
    expect(() => open(sealed.slice(), nonce, ad, new Uint8Array(32))).toThrow()
    for (const length of [0, 1, 15]) expect(() => open(sealed.slice(0, length))).toThrow()
  },
)

test('two keys agree with the same keys by another library, and a point of small order is refused', () => {
  const [ours, theirs] = [noiseCrypto.generateX25519KeyPair(), pureJsCrypto.generateX25519KeyPair()]
  const shared = noiseCrypto.generateX25519SharedKey(ours.privateKey, theirs.publicKey)
  expect(Buffer.from(shared)).toEqual(Buffer.from(pureJsCrypto.generateX25519SharedKey(theirs.privateKey, ours.publicKey)))
  expect(Buffer.from(shared)).toEqual(Buffer.from(pureJsCrypto.generateX25519SharedKey(ours.privateKey, theirs.publicKey)))
  expect(() => noiseCrypto.generateX25519SharedKey(ours.privateKey, new Uint8Array(32))).toThrow()
  expect(() => noiseCrypto.generateX25519SharedKey(ours.privateKey, new Uint8Array(31))).toThrow()
  expect(Buffer.from(noiseCrypto.hashSHA256(key))).toEqual(Buffer.from(pureJsCrypto.hashSHA256(key)))
})
