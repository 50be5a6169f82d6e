import { printableJson } from '../core/safe-text.ts'
import type { Figures } from './figures.ts'
import type { RunStep } from './run-steps.ts'

/** A row for each step of a run. `nameOf`: what peers are called in it; their ids stand beside that. */
export function eventsCsv(steps: readonly RunStep[], nameOf: (peer: string) => string): string {
  const head = [
    'number',
    'at',
    'kind',
    'peer',
    'name',
    'own',
    'what',
    'epoch',
    'other',
    'message',
    'purpose',
    'lamport',
    'vector',
  ]
  return csvText([head, ...steps.map((step) => rowOf(step, nameOf))])
}

function rowOf(step: RunStep, nameOf: (peer: string) => string): readonly Cell[] {
  const { number, at, kind } = step
  switch (kind) {
    case 'event': {
      const { peer, own, what, epoch, other, message, purpose, lamport, vector } = step
      const known = vector.map((entry) => `${entry.peer}:${entry.count}`).join(' ')
      const said = message === undefined ? '' : JSON.stringify(message)
      return [number, at, kind, peer, nameOf(peer), own, what, epoch, other ?? '', said, purpose ?? '', lamport, known]
    }
    case 'view':
      return [number, at, kind, '', '', '', step.members.join(' '), step.epoch, '', '', '', '', '']
    case 'violation': {
      const { first, second } = step
      return [
        number,
        at,
        kind,
        second.peer,
        nameOf(second.peer),
        '',
        'both inside',
        second.epoch,
        first.peer,
        '',
        '',
        second.lamport,
        '',
      ]
    }
    case 'missed':
      return [number, at, kind, step.peer, nameOf(step.peer), '', `${step.count} not told`, '', '', '', '', '', '']
    case 'crashed':
      return [number, at, kind, step.peer, nameOf(step.peer), '', '', '', '', '', '', '', '']
  }
}

/** One JSON document: an array of steps, a line for each. */
export function eventsJson(steps: readonly RunStep[]): string {
  return steps.length === 0 ? '[]\n' : `[\n${steps.map((step) => printableJson(step)).join(',\n')}\n]\n`
}

/** A row for each run, the theory beside what was measured. */
export function figuresCsv(figures: readonly Figures[]): string {
  const head = [
    ...[
      'algorithm',
      'members',
      'entries',
      'messages',
      'overhead',
      'messagesPerEntry',
      'formula',
      'expectedLeast',
      'expectedMost',
    ],
    ...['waitingMean', 'waitingP95', 'synchronisationDelay', 'fairness', 'entriesPerSecond', 'recovery', 'violations'],
  ]
  const rows = figures.map((one): readonly Cell[] => [
    ...[one.algorithm, one.members, one.entries, one.messages.entry, one.messages.overhead, one.messagesPerEntry],
    ...[one.expected?.formula, one.expected?.least, one.expected?.most, one.waiting?.mean, one.waiting?.p95],
    ...[one.synchronisationDelay, one.fairness, one.entriesPerSecond, one.recovery, one.violations],
  ])
  return csvText([head, ...rows])
}

type Cell = string | number | undefined

/** RFC 4180, for spreadsheets: what one would take for a formula is text. */
const csvText = (rows: readonly (readonly Cell[])[]): string => rows.map((row) => `${row.map(cellText).join(',')}\r\n`).join('')

function cellText(cell: Cell): string {
  if (cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
