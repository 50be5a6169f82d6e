import { createHash } from 'node:crypto'
import type { PeerId } from '../../src/core/ids.ts'
import { createKeyedCrypto } from './keyed-crypto.ts'

/**
 * A log and a record as wire version 1 wrote them, byte by byte, with nothing of today's codec: `founder` founds the room,
 * `other` opens epoch 2 with a view of both and no losses, then the founder opens an account and pays into it.
 */
export function logOfVersion1(founder: PeerId, other: PeerId) {
  const salt = blob(new Uint8Array(16).fill(5))
  const genesis = sign(
    founder,
    ...[number(0), number(1), text(founder), number(0), text(founder), number(1), number(1_700_000_000_000), blob(), [0]],
    ...[[0], text('test'), number(1), text('EUR'), [0], text(founder), salt, [0]],
  )
  const epoch = [...number(2), ...text(other)]
  const view = sign(
    other,
    ...[number(1), epoch, number(0), text(other), number(300), number(1_700_000_000_500), blob(genesis.hash), [0]],
    ...[[1], number(2), text(other), text(founder)],
  )
  const openAccount = [0, 1, ...text('ana'), ...text('Ana')]
  const deposit = [0, 3, ...text('ana'), ...number(70_000)]
  const ops = sign(
    founder,
    ...[number(2), epoch, number(1), text(founder), number(301), number(1_700_000_001_000), blob(view.hash), [0]],
    ...[[2], number(1), number(1), number(2), blob(Uint8Array.from(openAccount)), blob(Uint8Array.from(deposit))],
  )
  const place = [...number(2), ...blob(ops.hash)]
  /** `forgotBelow`: the epoch below which that version's peer had forgotten what it promised. */
  const record = (forgotBelow: number | undefined): Uint8Array =>
    Uint8Array.from([
      ...number(1),
      ...epoch,
      ...place,
      ...epoch,
      ...number(4),
      ...place,
      ...(forgotBelow === undefined ? [0] : [1, ...number(forgotBelow)]),
    ])
  return { blocks: [genesis, view, ops], record }
}

/** LEB128. */
function number(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...number(Math.floor(value / 128))]
}

const blob = (bytes: Uint8Array = new Uint8Array()): number[] => [...number(bytes.length), ...bytes]
const text = (value: string): number[] => blob(new TextEncoder().encode(value))

function sign(author: PeerId, ...fields: readonly (readonly number[])[]) {
  const content = Uint8Array.from(fields.flat())
  const hash = new Uint8Array(createHash('sha256').update(content).digest())
  return { bytes: Uint8Array.from([...content, ...createKeyedCrypto(author).sign(hash)]), hash }
}
