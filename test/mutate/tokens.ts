import { stripTypeScriptTypes } from 'node:module'

/** One piece of the code: templates are whole, comments are none. */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'mark'
  readonly text: string
  /** Characters into the file; `end` is the one behind. */
  readonly start: number
  readonly end: number
  /** From 0 on. */
  readonly line: number
}

/**
 * The code without its types, which are blanks: each character stands where it stood, so that what is found here can be
 * changed there. TypeScript 7 has no interface for programs; Node's own type stripping has one.
 */
export function blankTypes(text: string): string {
  const blanked = stripTypeScriptTypes(text)
  if (blanked.length !== text.length) throw new Error('stripping the types moved the code')
  return blanked
}

/** Of code without types: see {@link blankTypes}. */
export function tokensOf(code: string): readonly Token[] {
  const tokens: Token[] = []
  let line = 0
  let at = 0
  while (at < code.length) {
    const rest = endOfBlank(code, at)
    if (rest > at) {
      line += linesIn(code, at, rest)
      at = rest
      continue
    }
    const { kind, end } = readToken(code, at, tokens.at(-1))
    tokens.push({ kind, text: code.slice(at, end), start: at, end, line })
    line += linesIn(code, at, end)
    at = end
  }
  return tokens
}

function linesIn(code: string, from: number, to: number): number {
  let lines = 0
  for (let at = from; at < to; at++) if (code[at] === '\n') lines++
  return lines
}

/** Behind the white space or the comment that begins here, if one does. */
function endOfBlank(code: string, at: number): number {
  if (code.startsWith('//', at)) return indexOr(code, '\n', at)
  if (code.startsWith('/*', at)) return indexOr(code, '*/', at + 2) + 2
  return /\s/.test(code[at] as string) ? at + 1 : at
}

function indexOr(code: string, what: string, from: number): number {
  const found = code.indexOf(what, from)
  return found < 0 ? code.length : found
}

const wordPattern = /[\p{ID_Start}$_#@][\p{ID_Continue}$]*/uy
const numberPattern = /0[xob][\da-f_]+n?|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?n?|\.\d+/iy
const stringPattern = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const regexPattern = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y
/** Longest first. */
const marks =
  '>>>= ... === !== **= <<= >>= >>> &&= ||= ??= => == != <= >= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= << >> **'.split(' ')

function readToken(code: string, at: number, before: Token | undefined): { readonly kind: Token['kind']; readonly end: number } {
  const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
    ['word', wordPattern],
    ['number', numberPattern],
    ['string', stringPattern],
    ...(isOperand(before) ? [] : [['regex', regexPattern] as const]),
  ]
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at
    if (pattern.test(code)) return { kind, end: pattern.lastIndex }
  }
  if (code[at] === '`') return { kind: 'template', end: endOfTemplate(code, at) }
  const mark = marks.find((text) => code.startsWith(text, at)) ?? (code[at] as string)
  return { kind: 'mark', end: at + mark.length }
}

const beforeOperand = new Set(['return', 'typeof', 'case', 'in', 'of', 'void', 'delete', 'throw', 'await', 'yield', 'else', 'do'])

/** Whether this ends an operand: a `/` behind it divides, and a `-` subtracts. */
export function isOperand(token: Token | undefined): boolean {
  if (token === undefined) return false
  if (token.kind === 'mark') return token.text === ')' || token.text === ']' || token.text === '}'
  return token.kind !== 'word' || !beforeOperand.has(token.text)
}

function endOfTemplate(code: string, start: number): number {
  let at = start + 1
  while (at < code.length && code[at] !== '`') {
    if (code[at] === '\\') at += 2
    else if (code.startsWith('${', at)) at = endOfHole(code, at + 2)
    else at++
  }
  return at + 1
}

/** Behind the `}` that ends the hole of a template whose code begins here. */
function endOfHole(code: string, start: number): number {
  let at = start
  let depth = 1
  let before: Token | undefined
  while (at < code.length) {
    const rest = endOfBlank(code, at)
    if (rest > at) {
      at = rest
      continue
    }
    const { kind, end } = readToken(code, at, before)
    const text = code.slice(at, end)
    if (text === '{') depth++
    if (text === '}') depth--
    if (depth === 0) return end
    before = { kind, text, start: at, end, line: 0 }
    at = end
  }
  return at
}
