import type { ExportedBlock } from '../../src/api/views.ts'

/** What this page found out by itself, without asking the peer. `unable`: this browser has no Ed25519. */
export type Checked = 'good' | 'hash-bad' | 'signature-bad' | 'unreadable' | 'unable'

const signatureBytes = 64

/**
 * A block's canonical bytes are its content and the signature over that content's SHA-256, which is its hash; the author's peer
 * id holds the key (PROTOCOL, section 3).
 */
export async function checkBlock({ bytes, hash, author }: Pick<ExportedBlock, 'bytes' | 'hash' | 'author'>): Promise<Checked> {
  const all = fromBase64url(bytes)
  const key = keyIn(author)
  if (all === undefined || key === undefined || all.length <= signatureBytes) return 'unreadable'
  const content = all.subarray(0, -signatureBytes)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  if (toHex(digest) !== hash) return 'hash-bad'
  try {
    const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    const isGood = await crypto.subtle.verify('Ed25519', imported, all.subarray(-signatureBytes), digest)
    return isGood ? 'good' : 'signature-bad'
  } catch {
    return 'unable'
  }
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Of a peer id that is an Ed25519 key: identity multihash and libp2p's protobuf, without the leading zero. */
const prefix = '2408011220'

function keyIn(peer: string): Uint8Array<ArrayBuffer> | undefined {
  if (peer.length !== 52 || !peer.startsWith('1')) return undefined
  let number = 0n
  for (const character of peer.slice(1)) {
    const digit = alphabet.indexOf(character)
    if (digit < 0) return undefined
    number = number * 58n + BigInt(digit)
  }
  const hex = number.toString(16)
  if (!hex.startsWith(prefix) || hex.length !== prefix.length + 64) return undefined
  return Uint8Array.from({ length: 32 }, (_, i) =>
    Number.parseInt(hex.slice(prefix.length + 2 * i, prefix.length + 2 * i + 2), 16),
  )
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
