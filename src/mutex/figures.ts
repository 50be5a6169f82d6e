import type { Results } from './results.ts'

/** Figures as plain data, for the log and for every door. Times across peers are by their room clocks, and so approximate. */
export interface Figures {
  readonly algorithm: string
  readonly members: number
  readonly entries: number
  readonly entriesByPeer: readonly { readonly peer: string; readonly entries: number }[]
  readonly messages: { readonly entry: number; readonly overhead: number }
  readonly messagesPerEntry?: number | undefined
  /** Of all entries together; without `most` there is no most. */
  readonly expected?: { readonly least: number; readonly most?: number | undefined; readonly formula: string } | undefined
  readonly waiting?: { readonly mean: number; readonly p95: number } | undefined
  readonly synchronisationDelay?: number | undefined
  readonly fairness?: number | undefined
  readonly entriesPerSecond?: number | undefined
  readonly recovery?: number | undefined
  readonly violations: number
}

export function toFigures(figures: Omit<Results, 'violations'>, violations: number): Figures {
  const { algorithm, members, entries, entriesByPeer, messages, expected } = figures
  const { messagesPerEntry, waiting, synchronisationDelay, fairness, entriesPerSecond, recovery } = figures
  return {
    algorithm,
    members,
    entries,
    entriesByPeer: [...entriesByPeer].map(([peer, count]) => ({ peer, entries: count })),
    messages,
    ...(messagesPerEntry !== undefined && { messagesPerEntry }),
    ...(expected !== undefined && {
      expected: {
        least: expected.least,
        ...(Number.isFinite(expected.most) && { most: expected.most }),
        formula: expected.formula,
      },
    }),
    ...(waiting !== undefined && { waiting }),
    ...(synchronisationDelay !== undefined && { synchronisationDelay }),
    ...(fairness !== undefined && { fairness }),
    ...(entriesPerSecond !== undefined && { entriesPerSecond }),
    ...(recovery !== undefined && { recovery }),
    violations,
  }
}
