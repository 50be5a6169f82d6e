import { applyMutant, type Mutant } from './mutators.ts'

/** The lines that a mutant changes, each trimmed, in one line. */
export interface Difference {
  readonly before: string
  readonly after: string
}

/** A mutant that no test has to find. */
export interface Exemption extends Difference {
  /** Under `src`. */
  readonly file: string
  readonly reason: string
}

export function differenceOf(text: string, mutant: Mutant): Difference {
  const from = text.lastIndexOf('\n', mutant.start - 1) + 1
  const newline = text.indexOf('\n', mutant.end)
  const to = newline < 0 ? text.length : newline
  const changed = applyMutant(text, mutant).slice(from, to + mutant.replacement.length - (mutant.end - mutant.start))
  return { before: inOneLine(text.slice(from, to)), after: inOneLine(changed) }
}

const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/**
 * Reads `equivalent.txt`: blocks between blank lines, each a file, `- ` what stands there, `+ ` what the mutant makes of it,
 * and why that does not matter. Lines that begin with `#` are comments. Throws where a block is none.
 */
export function parseExemptions(text: string): readonly Exemption[] {
  const blocks = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/)
    .map((block) => block.trim())
    .filter((block) => block !== '')
  return blocks.map((block) => {
    const [file = '', before = '', after = '', ...reason] = block.split('\n')
    if (!file.endsWith('.ts') || !before.startsWith('-') || !after.startsWith('+') || reason.length === 0)
      throw new Error(`not a file, a "-", a "+" and a reason:\n${block}`)
    return { file, before: before.slice(1).trim(), after: after.slice(1).trim(), reason: inOneLine(reason.join(' ')) }
  })
}

export const isExempt = (exemption: Exemption, file: string, { before, after }: Difference): boolean =>
  exemption.file === file && exemption.before === before && exemption.after === after
