import { endingOf, isLooking, messageBytesMax, parseRequest, splitGlued } from './message.ts'

/**
 * Cuts what comes over one connection into messages. The classic client sends no newline: it sends one message in one write, and
 * waits. Others end their messages by newlines, and send many at once. Both may come in any pieces.
 *
 * Where the end of a message without a newline is: where its fields are all there and it cannot grow, where the next one begins, or
 * where it might grow but nothing more comes for a moment. Half an amount is another amount: so, once a connection has sent a newline,
 * a message that moves money needs one, however long nothing comes; a laptop may be closed in the middle of a stream.
 *
 * Pure: whoever owns it has the clock, and says when nothing has come for how long.
 */
export interface Framer {
  push(chunk: Uint8Array): readonly Framed[]
  /**
   * What waits for more. `moment`: it is a message if nothing comes for a moment; `while`: the same, on a connection that sends
   * newlines, where a moment says little; `more`: it is none as it is; `nothing`: nothing waits.
   */
  readonly waiting: 'nothing' | 'moment' | 'while' | 'more'
  /** What waits is taken as it is: nothing came for the time that it waits for, or the client has ended its stream. */
  take(): readonly Framed[]
}

export type Framed =
  | {
      readonly kind: 'message'
      readonly text: string /** A newline ended it: its answer gets one, too. */
      readonly hasNewline: boolean
    }
  /** The newline of the message before, which was taken without it. */
  | { readonly kind: 'newline' }
  /** Nothing that follows can be understood. */
  | { readonly kind: 'fault'; readonly fault: 'too-long' | 'unended' }

const newline = 0x0a
const nothing = new Uint8Array()
/** Bytes that are no UTF-8 become `�`, which stands in no message that means something. */
const decoder = new TextDecoder()

export function createFramer(): Framer {
  let rest: Uint8Array = nothing
  let hasLines = false
  /** The message before was taken without a newline, and nothing came since: if one comes next, it is that message's. */
  let openEnd: Extract<Framed, { kind: 'message' }> | undefined
  let waiting: Framer['waiting'] = 'nothing'

  /** All whole lines; what is behind the last newline stays. */
  const takeLines = (framed: Framed[]): void => {
    const end = rest.lastIndexOf(newline)
    if (end < 0) return
    hasLines = true
    const lines = decoder.decode(rest.subarray(0, end)).split('\n')
    rest = rest.subarray(end + 1)
    for (const line of lines) {
      if (line.length > messageBytesMax) {
        framed.push({ kind: 'fault', fault: 'too-long' })
        return
      }
      if (openEnd === undefined || !(line === '' || line === '\r')) {
        for (const text of splitGlued(line)) framed.push({ kind: 'message', text, hasNewline: true })
      } else if (!openEnd.hasNewline) framed.push({ kind: 'newline' })
      openEnd = undefined
    }
  }

  /** Whole messages without a newline at the beginning of what is left. */
  const takeGlued = (framed: Framed[]): void => {
    const text = decoder.decode(rest)
    const parts = splitGlued(text)
    const last = parts.at(-1) as string
    for (const part of parts.slice(0, -1)) framed.push({ kind: 'message', text: part, hasNewline: hasLines })
    openEnd = undefined
    if (parts.length > 1) rest = new TextEncoder().encode(last)
    const ending = endingOf(last)
    if (hasLines) waiting = ending !== 'partial' && movesNothing(last) ? 'while' : 'more'
    else if (ending === 'now') takeWhole(framed, last)
    else waiting = ending === 'partial' ? 'more' : 'moment'
  }

  const takeWhole = (framed: Framed[], text: string): void => {
    openEnd = { kind: 'message', text, hasNewline: hasLines }
    framed.push(openEnd)
    rest = nothing
    waiting = 'nothing'
  }

  return {
    get waiting() {
      return waiting
    },
    push(chunk) {
      const framed: Framed[] = []
      rest = rest.length === 0 ? chunk : concat(rest, chunk)
      takeLines(framed)
      waiting = 'nothing'
      if (rest.length > messageBytesMax) framed.push({ kind: 'fault', fault: 'too-long' })
      if (framed.at(-1)?.kind === 'fault') rest = nothing
      else if (rest.length > 0 && !(openEnd !== undefined && isReturn(rest))) takeGlued(framed)
      // A view, and a Buffer's `slice` is one, would keep all of what came in memory.
      if (rest.length > 0) rest = new Uint8Array(rest)
      return framed
    },
    take() {
      if (waiting === 'nothing') return []
      const framed: Framed[] = []
      if (waiting === 'more') framed.push({ kind: 'fault', fault: 'unended' })
      else takeWhole(framed, decoder.decode(rest))
      rest = nothing
      waiting = 'nothing'
      return framed
    },
  }
}

/** What cannot be read does nothing, either. */
function movesNothing(text: string): boolean {
  const request = parseRequest(text)
  return 'fault' in request || isLooking(request)
}

/** A carriage return whose newline is on its way, if it has one. */
const isReturn = (bytes: Uint8Array): boolean => bytes.length === 1 && bytes[0] === 0x0d

function concat(before: Uint8Array, after: Uint8Array): Uint8Array {
  const both = new Uint8Array(before.length + after.length)
  both.set(before)
  both.set(after, before.length)
  return both
}
