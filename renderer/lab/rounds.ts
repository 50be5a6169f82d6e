import type { Prediction } from './types.ts'

const keptMax = 20

/**
 * Rounds in which somebody voted, the newest last. A peer tells its last few rounds only, voted in or not, and many steps can pass
 * before somebody enters: of a round that has fallen out of that list the truth is that of the oldest one still in it, since an
 * entry is the truth of all that waited for one.
 */
export function rememberRounds(known: readonly Prediction[], told: readonly Prediction[]): readonly Prediction[] {
  const [oldest] = told
  const fallen = oldest === undefined ? known : known.filter(({ round }) => round < oldest.round)
  const truth = oldest?.entered
  const settled = fallen.map((one) => (one.entered === undefined && truth !== undefined ? { ...one, entered: truth } : one))
  return [...settled, ...told].filter(({ voters }) => voters > 0).slice(-keptMax)
}
