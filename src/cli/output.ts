import type { Settled } from '../api/views.ts'
import type { Call } from './command.ts'

/** One JSON value on a line for programs, or lines for people. */
export function tell(call: Call, value: unknown, lines: readonly string[]): void {
  if (call.json) call.terminal.line(JSON.stringify(value))
  else for (const line of lines) call.terminal.line(line)
}

/** Columns as wide as their widest cell; those of numbers on the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  return all.map((row) =>
    head
      .map((_, column) => {
        const cell = row[column] ?? ''
        const gap = ' '.repeat((widths[column] ?? 0) - widthOf(cell))
        return right.includes(column) ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Names are short and rarely wide: counting characters, not cells, is near enough. */
const widthOf = (text: string): number => [...text].length

export const shortPeer = (peer: string): string => peer.slice(-6)

/** Local time of day. */
export function clockTime(millis: number): string {
  return new Date(millis).toLocaleTimeString('en-GB', { hour12: false })
}

export function seconds(millis: number): string {
  return `${(Math.max(0, millis) / 1000).toFixed(0)} s`
}

/** Where an accepted operation stands. */
export function placeOf({ block }: Settled): string {
  return `(block ${block.index}, turn ${block.turn} of epoch ${block.epoch})`
}

/** Text of other people without what could move the cursor or colour the screen. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '�')
}
