import type { PeerId } from '../../src/core/ids.ts'
import type { Epoch } from '../../src/ring/view.ts'

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** Peer `index` of a simulated room: a well-formed id that ends in its letter, so that ids sort as letters do. */
export const simPeerId = (index: number): PeerId => `12D3KooW${'s'.repeat(38)}SimPr${letterOf(index)}` as PeerId

export const letterOf = (index: number): string => letters[index] ?? '?'

/** The letter of a simulated peer's id. */
export const nameOf = (peer: PeerId): string => (peer === '' ? '-' : peer.slice(-1))

/** `7.C`. */
export const epochName = (epoch: Epoch): string => `${epoch.number}.${nameOf(epoch.initiator)}`
