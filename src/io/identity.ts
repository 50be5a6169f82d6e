import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { chmod, stat } from 'node:fs/promises'
import type { Crypto } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import type { PeerId } from '../core/ids.ts'
import type { Identity, Signed } from '../peer/ports.ts'
import { BoundedMap } from './bounded-map.ts'
import { plain } from './bytes.ts'
import { diskFailure, readFileIfThere, replaceFile } from './files.ts'
import { peerIdOf, publicKeyIn } from './peer-id.ts'

/** An identity with what libp2p needs to make the same one. */
export interface KeyedIdentity extends Identity {
  /** The Ed25519 seed, 32 bytes. Secret. */
  readonly seed: Uint8Array
}

/**
 * Reads the key from this file, or makes one. Only its owner may read it (mode 0600; Windows keeps it by the folder's
 * rights). Fails with `key-damaged`: another key would be another peer, so none is made in its place.
 */
export async function openIdentity(keyFile: string): Promise<KeyedIdentity> {
  const contents = await readFileIfThere(keyFile)
  if (contents === undefined) {
    const seed = makeSeed()
    const identity = identityOf(seed, true)
    await replaceFile(keyFile, formatKey(seed, identity.self), 0o600)
    return identity
  }
  const text = new TextDecoder().decode(contents)
  const seed = parseKey(text)
  if (seed === undefined) {
    const version = versionOf(text)
    if (version > keyVersion) {
      const later = `A later version of gavelring wrote the key file ${keyFile}. This one reads format ${keyVersion}, not ${version}.`
      throw new Failure('store-version', later, { path: keyFile, version })
    }
    const message = `The key file ${keyFile} is damaged. Restore it from a copy, or delete it to become another peer.`
    throw new Failure('key-damaged', message, { path: keyFile })
  }
  await closeToOthers(keyFile)
  return identityOf(seed, false)
}

/** An identity that lives in memory only, as tests and visitors have. */
export function createIdentity(): KeyedIdentity {
  return identityOf(makeSeed(), true)
}

const keyVersion = 1
const heading = `gavelring key ${keyVersion}`
/** DER around a raw Ed25519 key (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')
/** Far above a room's 128 members, whose keys stay while signers are invented: what is used goes last. */
const keysMax = 1_024

/** A key that is closed already may be one that its owner himself may not change. */
async function closeToOthers(keyFile: string): Promise<void> {
  try {
    if (((await stat(keyFile)).mode & 0o777) !== 0o600) await chmod(keyFile, 0o600)
  } catch (error) {
    throw diskFailure(error, keyFile)
  }
}

function makeSeed(): Uint8Array {
  const { privateKey } = generateKeyPairSync('ed25519')
  return new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Prefix.length))
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
}

function publicBytes(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length)
}

function identityOf(seed: Uint8Array, isNew: boolean): KeyedIdentity {
  const privateKey = privateKeyOf(seed)
  const keyOf = createKeyBook()
  const self = peerIdOf(publicBytes(privateKey))
  return { self, isNew, seed, crypto: cryptoOf(privateKey, keyOf), verifyAside: asideWith(keyOf) }
}

type KeyBook = (author: PeerId) => KeyObject | undefined

/** May throw for an id that holds no key. */
function createKeyBook(): KeyBook {
  const keys = new BoundedMap<PeerId, KeyObject>(keysMax)
  return (author) => {
    const known = keys.get(author)
    if (known !== undefined) return known
    const raw = publicKeyIn(author)
    if (raw === undefined) return undefined
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' })
    keys.set(author, key)
    return key
  }
}

/** On threads that Node has for such work. */
function asideWith(keyOf: KeyBook): NonNullable<Identity['verifyAside']> {
  const verifyOne = ({ author, bytes, signature }: Signed): Promise<boolean> =>
    new Promise((resolve) => {
      try {
        const key = keyOf(author)
        if (key === undefined) resolve(false)
        else verify(null, bytes, key, signature, (error, isGood) => resolve(error === null && isGood))
      } catch {
        resolve(false)
      }
    })
  return (signed) => Promise.all(signed.map(verifyOne))
}

function cryptoOf(privateKey: KeyObject, keyOf: KeyBook): Crypto {
  return {
    hash: (bytes) => plain(hash('sha256', bytes, 'buffer')),
    sign: (bytes) => plain(sign(null, bytes, privateKey)),
    verify(author, bytes, signature) {
      try {
        const key = keyOf(author)
        return key !== undefined && verify(null, bytes, key, signature)
      } catch {
        // A point that is not on the curve, a signature of another length: whatever it is, nobody signed this.
        return false
      }
    },
  }
}

/** The peer id beside the seed shows which peer this is, and shows damage: one follows from the other. */
function formatKey(seed: Uint8Array, self: PeerId): string {
  return `${heading}\n${Buffer.from(seed).toString('hex')}\n${self}\n`
}

/** 0: no key. One whose body is of this format has a damaged heading, and is of no later version. */
function versionOf(text: string): number {
  const [first = '', ...body] = text.split('\n')
  const version = Number(/^gavelring key (\d{1,3})$/.exec(first)?.[1] ?? 0)
  return parseKey([heading, ...body].join('\n')) === undefined ? version : 0
}

function parseKey(text: string): Uint8Array | undefined {
  const [first, hex, self, end, ...rest] = text.split('\n')
  if (first !== heading || hex === undefined || !/^[0-9a-f]{64}$/.test(hex) || end !== '' || rest.length > 0) return undefined
  const seed = new Uint8Array(Buffer.from(hex, 'hex'))
  const expected = Buffer.from(identityOf(seed, false).self)
  const stored = Buffer.from(self ?? '')
  return expected.length === stored.length && timingSafeEqual(expected, stored) ? seed : undefined
}
