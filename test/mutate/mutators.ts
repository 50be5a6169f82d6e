import { closerOf, type Statement, statementsOf } from './statements.ts'
import { blankTypes, isOperand, type Token, tokensOf } from './tokens.ts'

/** One change of one file, such as a person makes by mistake. */
export interface Mutant {
  readonly change: Change
  /** Characters into the file. */
  readonly start: number
  readonly end: number
  readonly replacement: string
}

export type Change =
  | 'comparison'
  | 'and/or'
  | 'negation'
  | 'number'
  | 'plus/minus'
  | 'max/min'
  | 'boolean'
  | 'default'
  | 'filter'
  | 'some/every'
  | 'argument'
  | 'statement'
  | 'guard'
  | 'condition'

/**
 * All mutants of a file. `optionalCalls`: by the name of a function, how many arguments it takes with its last one, which
 * may be left out.
 */
export function mutantsOf(text: string, optionalCalls: ReadonlyMap<string, number> = new Map()): readonly Mutant[] {
  const code = blankTypes(text)
  const tokens = tokensOf(code)
  const mutants = [
    ...tokens.flatMap((_, at) => mutantsOfToken(tokens, at, optionalCalls)),
    ...statementsOf(tokens).flatMap((statement) =>
      mutantsOfStatement(tokens, statement).map((mutant) => withTypes(code, mutant)),
    ),
  ]
  return mutants.filter((mutant) => isOtherCode(text, code, mutant)).sort((one, other) => one.start - other.start)
}

export function applyMutant(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** A statement goes with the `as` at its end, which is blank in the code without types. */
function withTypes(code: string, mutant: Mutant): Mutant {
  if (mutant.replacement !== '') return mutant
  const newline = code.indexOf('\n', mutant.end)
  const end = newline < 0 ? code.length : newline
  return code.slice(mutant.end, end).trim() === '' ? { ...mutant, end } : mutant
}

/** Whether it still is code, and other code: a mutant that cannot be loaded would be killed by whatever runs. */
function isOtherCode(text: string, code: string, mutant: Mutant): boolean {
  try {
    return blankTypes(applyMutant(text, mutant)) !== code
  } catch {
    return false
  }
}

type Swaps = Readonly<Record<string, string>>

const comparisons: Swaps = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '===': '!==', '!==': '===' }
const connectives: Swaps = { '&&': '||', '||': '&&' }
const signs: Swaps = { '+': '-', '-': '+', '+=': '-=', '-=': '+=' }
const booleans: Swaps = { true: 'false', false: 'true' }
const extremes: Swaps = { max: 'min', min: 'max' }
const quantifiers: Swaps = { some: 'every', every: 'some' }

function mutantsOfToken(tokens: readonly Token[], at: number, optionalCalls: ReadonlyMap<string, number>): readonly Mutant[] {
  const token = tokens[at] as Token
  const before = tokens[at - 1]
  const swap = (change: Change, swaps: Swaps): readonly Mutant[] => {
    const replacement = Object.hasOwn(swaps, token.text) ? swaps[token.text] : undefined
    return replacement === undefined ? [] : [{ change, start: token.start, end: token.end, replacement }]
  }
  if (token.kind === 'number') return mutantsOfNumber(tokens, at)
  if (token.kind === 'word') {
    if (before?.text === '.' || before?.text === '?.') {
      if (tokens[at - 2]?.text === 'Math') return swap('max/min', extremes)
      if (token.text === 'filter') return emptiedFilter(tokens, at)
      return [...swap('some/every', quantifiers), ...droppedArgument(tokens, at, optionalCalls)]
    }
    const isKey = tokens[at + 1]?.text === ':' && before?.text !== '?'
    return isKey ? [] : [...swap('boolean', booleans), ...droppedArgument(tokens, at, optionalCalls)]
  }
  if (token.kind !== 'mark') return []
  if (token.text === '!') return [{ change: 'negation', start: token.start, end: token.end, replacement: '' }]
  if (token.text === '??') return droppedDefault(tokens, at)
  const isText = [before, tokens[at + 1]].some((side) => side?.kind === 'string' || side?.kind === 'template')
  const arithmetic = isOperand(before) && !isText ? swap('plus/minus', signs) : []
  return [...swap('comparison', comparisons), ...swap('and/or', connectives), ...arithmetic]
}

/** One more; beside a comparison one less, too; elsewhere a large one twice: nobody minds a millisecond more. */
function mutantsOfNumber(tokens: readonly Token[], at: number): readonly Mutant[] {
  const { text, start, end } = tokens[at] as Token
  if (text.includes('.') || (/e/i.test(text) && !text.startsWith('0x'))) return []
  const value = BigInt(text.replaceAll('_', '').replace(/n$/, ''))
  const isBoundary = [tokens[at - 1], tokens[at + 1]].some((side) => side !== undefined && Object.hasOwn(comparisons, side.text))
  const other = isBoundary || value < 10n ? value + 1n : 2n * value
  const changed = isBoundary && value > 0n ? [other, value - 1n] : [other]
  return changed.map((number) => ({ change: 'number', start, end, replacement: `${number}${text.endsWith('n') ? 'n' : ''}` }))
}

/** Marks of an operator that binds less than `??`, or of the end of an operand. */
const afterDefault = new Set([',', ')', ']', '}', ';', ':', '?', '=', '=>'])

function droppedDefault(tokens: readonly Token[], at: number): readonly Mutant[] {
  let last = at
  for (let next = at + 1; next < tokens.length; next = last + 1) {
    const token = tokens[next] as Token
    const previous = tokens[last] as Token
    if (last > at && token.line > previous.line && isOperand(previous) && token.kind !== 'mark') break
    if (token.kind === 'mark' && afterDefault.has(token.text)) break
    last = closerOf(tokens, next)
  }
  if (last === at) return []
  return [{ change: 'default', start: (tokens[at - 1] as Token).end, end: (tokens[last] as Token).end, replacement: '' }]
}

function emptiedFilter(tokens: readonly Token[], at: number): readonly Mutant[] {
  const opener = tokens[at + 1]
  if (opener?.text !== '(') return []
  const closer = tokens[closerOf(tokens, at + 1)] as Token
  return [{ change: 'filter', start: opener.end, end: closer.start, replacement: '() => true' }]
}

function droppedArgument(tokens: readonly Token[], at: number, optionalCalls: ReadonlyMap<string, number>): readonly Mutant[] {
  const expected = optionalCalls.get((tokens[at] as Token).text)
  const opener = tokens[at + 1]
  if (expected === undefined || opener?.text !== '(' || tokens[at - 1]?.text === 'function') return []
  const closer = closerOf(tokens, at + 1)
  if (closer === at + 2) return []
  const commas: Token[] = []
  for (let next = at + 2; next < closer; next++) {
    if ((tokens[next] as Token).text === ',') commas.push(tokens[next] as Token)
    next = closerOf(tokens, next)
  }
  if (commas.length + 1 !== expected) return []
  const start = commas.at(-1)?.start ?? opener.end
  return [{ change: 'argument', start, end: (tokens[closer] as Token).start, replacement: '' }]
}

function mutantsOfStatement(tokens: readonly Token[], statement: Statement): readonly Mutant[] {
  const start = (tokens[statement.first] as Token).start
  const end = (tokens[statement.last] as Token).end
  if (statement.kind === 'plain') return [{ change: 'statement', start, end, replacement: '' }]
  if (statement.hasElse) return []
  const without: Mutant = { change: 'guard', start, end, replacement: '' }
  const opener = tokens[statement.first + 1] as Token
  const closer = tokens[statement.condition] as Token
  const always: Mutant = { change: 'condition', start: opener.end, end: closer.start, replacement: 'true' }
  return statement.leaves ? [without] : [without, always]
}
