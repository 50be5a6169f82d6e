/** What systemd would make of a unit file: its lines by section, and how it starts an instance. */
export interface Unit {
  readonly sections: Readonly<Record<string, readonly (readonly [key: string, value: string])[]>>
  of(key: string): readonly string[]
}

export function readUnit(text: string): Unit {
  const sections: Record<string, [string, string][]> = {}
  let lines: [string, string][] = []
  for (const line of text.split('\n').filter((one) => one !== '' && !/^[#;]/.test(one))) {
    const section = /^\[(\w+)\]$/.exec(line)?.[1]
    if (section !== undefined) {
      lines = []
      sections[section] = lines
      continue
    }
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) throw new Error(`no line of a unit: ${line}`)
    lines.push([key, value])
  }
  return {
    sections,
    of: (key) => Object.values(sections).flatMap((all) => all.filter(([name]) => name === key).map(([, value]) => value)),
  }
}

/** Lines of an environment file. */
export function readVariables(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Specifiers of systemd.unit(5) that are used here: instance, state, cache and credentials folders. */
export const specified = (value: string, specifiers: Readonly<Record<'i' | 'S' | 'C' | 'd', string>>): string =>
  value.replace(/%([iSCd])/g, (_, letter: 'i' | 'S' | 'C' | 'd') => specifiers[letter])
