import { isOperand, type Token } from './tokens.ts'

/** A call or an assignment that stands alone, or an `if`. By the numbers of their tokens, first and last included. */
export type Statement =
  | { readonly kind: 'plain'; readonly first: number; readonly last: number }
  | {
      readonly kind: 'if'
      readonly first: number
      readonly last: number
      /** The `)` behind its condition. */
      readonly condition: number
      readonly hasElse: boolean
      /** It only returns, throws, or goes on with a loop. */
      readonly leaves: boolean
    }

/** Those that begin a line within a block, as the formatter sets them. */
export function statementsOf(tokens: readonly Token[]): readonly Statement[] {
  const statements: Statement[] = []
  const areBlocks: boolean[] = []
  for (const [at, token] of tokens.entries()) {
    if (isOpener(token)) areBlocks.push(token.text === '{' && isBlock(tokens, at))
    else if (isCloser(token)) areBlocks.pop()
    else if (areBlocks.at(-1) !== false && isStart(tokens, at)) statements.push(...statementAt(tokens, at))
  }
  return statements
}

const isOpener = ({ kind, text }: Token): boolean => kind === 'mark' && (text === '(' || text === '[' || text === '{')
const isCloser = ({ kind, text }: Token): boolean => kind === 'mark' && (text === ')' || text === ']' || text === '}')

/** The number of the token that closes the bracket at `at`; `at` itself where there is none. */
export function closerOf(tokens: readonly Token[], at: number): number {
  let depth = 0
  for (let next = at; next < tokens.length; next++) {
    const token = tokens[next] as Token
    if (isOpener(token)) depth++
    if (isCloser(token)) depth--
    if (depth <= 0) return next
  }
  return tokens.length - 1
}

/** Whether statements stand in these braces: of a function, a loop, a branch; no object, no class. */
function isBlock(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]
  if (before === undefined) return true
  if (before.kind === 'mark') return before.text === ')' || before.text === '=>' || before.text === ';' || isCase(tokens, at - 1)
  return before.kind === 'word' && ['else', 'try', 'finally', 'do'].includes(before.text)
}

/** Whether this `:` ends a `case` or `default`. */
function isCase(tokens: readonly Token[], at: number): boolean {
  const colon = tokens[at] as Token
  if (colon.text !== ':') return false
  let first = at
  while (first > 0 && (tokens[first - 1] as Token).line === colon.line) first--
  const { text } = tokens[first] as Token
  return text === 'case' || text === 'default'
}

function isStart(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at] as Token
  const before = tokens[at - 1]
  if (token.kind !== 'word' && token.text !== '++' && token.text !== '--') return false
  if (before === undefined) return true
  if (before.line === token.line) return false
  // What follows a condition alone on its line is a part of that statement.
  if (before.text === ')' && isCondition(tokens, at - 1)) return false
  if (before.text === '{' || before.text === ';' || isCase(tokens, at - 1)) return true
  return isOperand(before) || (before.kind === 'word' && before.text === 'return')
}

function isCondition(tokens: readonly Token[], closer: number): boolean {
  let depth = 0
  for (let at = closer; at >= 0; at--) {
    const token = tokens[at] as Token
    if (isCloser(token)) depth++
    if (isOpener(token)) depth--
    if (depth === 0) return ['if', 'for', 'while'].includes(tokens[at - 1]?.text ?? '')
  }
  return false
}

/** What begins like a call or an assignment and is none. */
const others = new Set(
  [
    ['const', 'let', 'var', 'return', 'throw', 'for', 'while', 'do', 'switch', 'case', 'default', 'break', 'continue'],
    ['function', 'class', 'export', 'import', 'try', 'catch', 'finally', 'else', 'async', 'static', 'get', 'set'],
  ].flat(),
)
const leaving = new Set(['return', 'throw', 'continue', 'break'])

function statementAt(tokens: readonly Token[], first: number): readonly Statement[] {
  const { text } = tokens[first] as Token
  if (text === 'if') return [ifAt(tokens, first)]
  return others.has(text) ? [] : [{ kind: 'plain', first, last: endOfStatement(tokens, first) }]
}

function ifAt(tokens: readonly Token[], first: number): Statement {
  const condition = closerOf(tokens, first + 1)
  const body = tokens[condition + 1] as Token
  const isBraced = body.text === '{'
  const last = isBraced ? closerOf(tokens, condition + 1) : endOfStatement(tokens, condition + 1)
  const hasElse = tokens[last + 1]?.text === 'else'
  const leaves = leaving.has(isBraced ? (tokens[condition + 2]?.text ?? '') : body.text)
  return { kind: 'if', first, last, condition, hasElse, leaves }
}

/** The last token before the line that does not go on with what stands before it. */
function endOfStatement(tokens: readonly Token[], first: number): number {
  let last = closerOf(tokens, first)
  for (let next = last + 1; next < tokens.length; next = last + 1) {
    const token = tokens[next] as Token
    const before = tokens[last] as Token
    if (token.text === ';' || isCloser(token)) break
    if (token.line > before.line && !goesOn(before, token)) break
    last = closerOf(tokens, next)
  }
  return last
}

/** Whether a line that begins so goes on with the line that ends so. */
function goesOn(before: Token, token: Token): boolean {
  if (before.kind === 'word' && leaving.has(before.text)) return false
  return !isOperand(before) || (token.kind === 'mark' && goingOn.has(token.text))
}

const goingOn = new Set(['.', '?.', '?', ':', '&&', '||', '??', '+', '-', '*', '/', '=', '===', '!==', '<', '>', '<=', '>=', ','])
