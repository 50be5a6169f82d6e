/** The newest values by name: so many at most, and so much weight together. */
export interface Newest<T extends object> {
  get(name: string): T | undefined
  /** Where the name is there already its value is replaced, and keeps its age. */
  set(name: string, value: T): void
}

/**
 * `weightOf` what counts against `weightMax`; without them only the count is bounded. The order is kept beside the map: a `Map` of
 * which the oldest is deleted again and again takes longer each time to find its first entry.
 */
export function createNewest<T extends object>(
  countMax: number,
  weightMax = Number.POSITIVE_INFINITY,
  weightOf: (value: T) => number = () => 0,
): Newest<T> {
  const values = new Map<string, T>()
  /** A ring, once there are as many as there can be. */
  const names: (string | undefined)[] = []
  let oldest = 0
  let weight = 0

  const drop = (): void => {
    const name = names[oldest]
    names[oldest] = undefined
    oldest = (oldest + 1) % countMax
    if (name === undefined) return
    weight -= weightOf(values.get(name) as T)
    values.delete(name)
  }

  return {
    get: (name) => values.get(name),
    set(name, value) {
      const before = values.get(name)
      if (before !== undefined) weight -= weightOf(before)
      else {
        if (values.size === countMax) drop()
        names[(oldest + values.size) % countMax] = name
      }
      values.set(name, value)
      weight += weightOf(value)
      while (weight > weightMax && values.size > 0) drop()
    },
  }
}
