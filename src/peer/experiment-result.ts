import type { Figures } from '../mutex/figures.ts'

export { type Figures, toFigures } from '../mutex/figures.ts'

/** What the log keeps of an experiment that is over. */
export const encodeResult = (settingHash: string, setupBlock: number, figures: Figures): Uint8Array =>
  new TextEncoder().encode(JSON.stringify({ settingHash, setupBlock, figures }))
