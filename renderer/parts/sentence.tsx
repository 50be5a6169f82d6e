/** What the peer says: as `said` here, or else in its own words, which are English. */
export function Sentence({ said, english }: { readonly said: string | undefined; readonly english: string }) {
  return said === undefined ? <bdi lang="en">{english}</bdi> : <bdi>{said}</bdi>
}
