import { concat, decodeWith, Malformed, Writer } from '../core/codec.ts'
import type { Crypto } from '../core/crypto.ts'
import { count, type Field, hash, peerId, struct } from '../core/fields.ts'
import type { PeerId, RoomId } from '../core/ids.ts'
import { wireVersion } from '../core/limits.ts'

/**
 * Word from one copy of a profile to another. The two can never be connected, since they are one peer to everybody: so the one that
 * stops leaves it with whom it is connected, and they hand it on. It is signed with the key that both have: nobody else can say so.
 * `incarnation`: of the life that goes on, so that it is nothing to any later one.
 */
export interface CopyNotice {
  /** Both of them. */
  readonly peer: PeerId
  readonly room: RoomId
  readonly incarnation: number
}

/** A family of its own beside the ring's frames, which begin with the wire version, and hellos. */
const family = 0x43
const signatureBytes = 64
/** More than any has. */
const noticeBytesMax = 256

const noticeField = struct<CopyNotice>({ peer: peerId, room: hash as Field<string> as Field<RoomId>, incarnation: count })

export const isCopyNotice = (frame: Uint8Array): boolean => frame[0] === family

export function encodeCopyNotice(notice: CopyNotice, crypto: Crypto): Uint8Array {
  const writer = new Writer(256).byte(family).unsigned(wireVersion)
  noticeField.write(writer, notice)
  const content = writer.finish()
  return concat(content, crypto.sign(crypto.hash(content)))
}

/** `undefined` where it is none, or not signed by the peer that it names. */
export function readCopyNotice(frame: Uint8Array, crypto: Crypto): CopyNotice | undefined {
  if (frame.length > noticeBytesMax || frame.length < signatureBytes) return undefined
  const end = frame.length - signatureBytes
  const content = frame.subarray(0, end)
  const decoded = decodeWith(content, (reader) => {
    if (reader.byte() !== family || reader.unsigned() !== wireVersion) throw new Malformed('not word of a copy')
    return noticeField.read(reader)
  })
  if ('malformed' in decoded) return undefined
  return crypto.verify(decoded.value.peer, crypto.hash(content), frame.subarray(end)) ? decoded.value : undefined
}
