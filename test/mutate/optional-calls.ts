const heading = /\bfunction (\w+)(?:<[^(]*>)?\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g

/**
 * By the name of a function whose last argument may be left out: how many there are with it. Names that stand for several
 * functions of different lengths are left out.
 */
export function optionalCallsOf(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, Set<number>>()
  for (const text of texts) {
    for (const [, name = '', inner = ''] of text.matchAll(heading)) {
      const parameters = parametersOf(inner)
      const count = isOptional(parameters.at(-1) ?? '') ? parameters.length : 0
      counts.set(name, new Set([...(counts.get(name) ?? []), count]))
    }
  }
  const single = [...counts].flatMap(([name, all]) => (all.size === 1 ? [...all].map((count) => [name, count] as const) : []))
  return new Map(single.filter(([, count]) => count > 0))
}

const isOptional = (parameter: string): boolean => /^\s*\w+\?:/.test(parameter) || /[^=<>!]=[^=>]/.test(parameter)

/** Split at the commas that stand in no bracket. */
function parametersOf(inner: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const character of inner.replaceAll('=>', '')) {
    if ('([{<'.includes(character)) depth++
    if (')]}>'.includes(character)) depth--
    if (character === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return part.trim() === '' ? parts : [...parts, part]
}
