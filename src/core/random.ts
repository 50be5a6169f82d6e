/** Chance with a seed: the only chance that pure code may use. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Whole, in [0, bound). */
  below(bound: number): number
  chance(probability: number): boolean
}

/** mulberry32 (Tommy Ettinger): 32 bits of state, enough for schedules and back-off, never for secrets. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0 || 1
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, below: (bound) => Math.floor(next() * bound), chance: (probability) => next() < probability }
}
