import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  getCiphers,
  type KeyObject,
} from 'node:crypto'
import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305'
import { type ICryptoInterface, pureJsCrypto } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'

const cipherName = 'chacha20-poly1305'
const tagBytes = 16
/** Below, WebAssembly is faster than the way into OpenSSL and back. */
const nativeFrom = 512
/** Above, to put what was sealed into one piece costs more than to hand over several. */
const joinedBytesMax = 16 * 1024
/** Electron's BoringSSL has no such cipher for Node. */
const isNative = getCiphers().includes(cipherName)

const wasm = new ChaCha20Poly1305(newInstance())

/** In DER, before the 32 bytes of a key of X25519 (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex')

/**
 * The cryptography of Noise_XX_25519_ChaChaPoly_SHA256 by Node, for libp2p's handshake. It is that of the package `noise` itself, but
 * for one thing: a connection has two keys for all of its life, and what OpenSSL makes of each is made once. For a packet of a block
 * the package takes 17 µs, 11 of them for that.
 */
export const noiseCrypto: ICryptoInterface = {
  ...pureJsCrypto,
  hashSHA256: (data) => createHash('sha256').update(data.subarray()).digest(),

  generateX25519KeyPair() {
    const { publicKey, privateKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    })
    return { publicKey: publicKey.subarray(publicPrefix.length), privateKey: privateKey.subarray(privatePrefix.length) }
  },

  generateX25519SharedKey(privateKey, publicKey) {
    const own = Buffer.concat([privatePrefix, privateKey.subarray()])
    const others = Buffer.concat([publicPrefix, publicKey.subarray()])
    return diffieHellman({
      privateKey: createPrivateKey({ key: own, type: 'pkcs8', format: 'der' }),
      publicKey: createPublicKey({ key: others, type: 'spki', format: 'der' }),
    })
  },

  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    const plaintextLength = plaintext.byteLength
    if (!isNative || plaintextLength < nativeFrom) return wasm.seal(key, nonce, plaintext.subarray(), ad)
    const cipher = createCipheriv(cipherName, prepared(key), nonce, { authTagLength: tagBytes })
    cipher.setAAD(ad, { plaintextLength })
    // Piece by piece: a large one is not copied only to be in one piece.
    const sealed: Uint8Array[] = []
    for (const piece of plaintext instanceof Uint8Array ? [plaintext] : plaintext) sealed.push(cipher.update(piece))
    // The cipher works byte by byte: nothing is left for the end but the tag.
    cipher.final()
    sealed.push(cipher.getAuthTag())
    return plaintextLength > joinedBytesMax ? new Uint8ArrayList(...sealed) : Buffer.concat(sealed, plaintextLength + tagBytes)
  },

  /** Throws {@link doesNotOpen}. */
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, into) {
    const sealed = ciphertext.subarray()
    const plainLength = sealed.length - tagBytes
    if (!isNative || plainLength < nativeFrom) {
      const plain = wasm.open(key, nonce, sealed, ad, into)
      if (plain === null) throw new Error(doesNotOpen)
      return plain
    }
    const decipher = createDecipheriv(cipherName, prepared(key), nonce, { authTagLength: tagBytes })
    decipher.setAAD(ad, { plaintextLength: plainLength })
    decipher.setAuthTag(sealed.subarray(plainLength))
    const plain = decipher.update(sealed.subarray(0, plainLength))
    try {
      decipher.final()
    } catch (error) {
      throw new Error(doesNotOpen, { cause: error })
    }
    return plain
  },
}

/** In the message of what fails for it: another key, or not what was sealed. */
export const doesNotOpen = 'a sealed packet does not open'

const keys = new WeakMap<Uint8Array, KeyObject>()

function prepared(key: Uint8Array): KeyObject {
  let known = keys.get(key)
  if (known === undefined) {
    known = createSecretKey(key)
    keys.set(key, known)
  }
  return known
}
