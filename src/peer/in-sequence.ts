/**
 * Entries by numbers that grow, of which the oldest mostly go first. No map: one that fills and empties hundreds of times a second makes
 * a new table for every few entries, each knows the next, and so a single one that the collector has put by for long keeps alive
 * whatever has been in one since.
 */
export class InSequence<Entry> {
  /** `undefined`: that one has gone, or there never was one. */
  readonly #entries: (Entry | undefined)[] = []
  /** Of the first in `#entries`. */
  #first = 0
  /** So many have gone before the oldest. */
  #gone = 0

  get(number: number): Entry | undefined {
    return this.#entries[number - this.#first]
  }

  /** Its number is above all that were added before. */
  add(number: number, entry: Entry): void {
    if (this.#entries.length === 0) this.#first = number
    while (this.#first + this.#entries.length < number) this.#entries.push(undefined)
    this.#entries.push(entry)
  }

  delete(number: number): void {
    if (this.get(number) === undefined) return
    this.#entries[number - this.#first] = undefined
    while (this.#gone < this.#entries.length && this.#entries[this.#gone] === undefined) this.#gone++
    if (2 * this.#gone < this.#entries.length) return
    this.#entries.splice(0, this.#gone)
    this.#first += this.#gone
    this.#gone = 0
  }

  /** Oldest first; those that are there as it begins. */
  entries(): readonly (readonly [number, Entry])[] {
    return this.#entries.flatMap((entry, at) => (entry === undefined ? [] : [[this.#first + at, entry] as const]))
  }
}
