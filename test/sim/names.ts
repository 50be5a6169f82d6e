import type { PeerId } from '../../src/core/ids.ts'
import type { Epoch } from '../../src/ring/view.ts'

const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'

/** As a name of a property each text is there once: to tell two of them apart nobody reads them to their ends. */
const idEndingIn = (letter: string): PeerId => Object.keys({ [`12D3KooW${'s'.repeat(38)}SimPr${letter}`]: true })[0] as PeerId

const ids: readonly PeerId[] = [...letters].map(idEndingIn)

/** Peer `index` of a simulated room: a well-formed id that ends in its letter, so that ids sort as letters do. */
export const simPeerId = (index: number): PeerId => ids[index] ?? idEndingIn('?')

export const letterOf = (index: number): string => letters[index] ?? '?'

/** The letter of a simulated peer's id. */
export const nameOf = (peer: PeerId): string => (peer === '' ? '-' : peer.slice(-1))

/** `7.C`. */
export const epochName = (epoch: Epoch): string => `${epoch.number}.${nameOf(epoch.initiator)}`
