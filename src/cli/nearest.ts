/** What was most likely meant: the nearest of `known`, if it is near enough to be worth saying. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  // A third of the letters may be wrong: one of `lgo`, two of `sttaus`, none of `-x`.
  let least = Math.floor(typed.length / 3) + 1
  for (const word of known) {
    const distance = editDistance(typed.toLowerCase(), word.toLowerCase())
    if (distance < least && distance < word.length) [best, least] = [word, distance]
  }
  return best
}

/** ` Did you mean "status"?`, or nothing. */
export function meantText(typed: string, known: Iterable<string>): string {
  const meant = nearest(typed, known)
  return meant === undefined ? '' : ` Did you mean "${meant}"?`
}

/** Letters to add, drop, change, or swap with the next one (Damerau and Levenshtein, optimal string alignment). */
function editDistance(a: string, b: string): number {
  let [before, above] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const least = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, changed)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(isSwap ? Math.min(least, (before[j - 2] ?? 0) + 1) : least)
    }
    ;[before, above] = [above, row]
  }
  return above[b.length] ?? 0
}
