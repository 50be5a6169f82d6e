import type { SalvageStep } from '../../src/api/views.ts'
import { saveFile } from './save-file.ts'
import type { Progressed } from './work.tsx'

export type LogFormat = 'jsonl' | 'csv'

export interface SavedLog {
  readonly file: string
  readonly blocks: number
  /** What is wrong with the first block that is not in it; `undefined`: nothing is. */
  readonly bad: SalvageStep['bad']
}

interface Options {
  readonly format: LogFormat
  /** Its name. */
  readonly room: string
  tell(progress: Progressed): void
  readonly signal: AbortSignal
}

/** A log that comes piece by piece becomes a file of the browser's, unless it is stopped before its end. */
export async function saveLog(pieces: AsyncIterable<SalvageStep>, { format, room, tell, signal }: Options): Promise<SavedLog> {
  const parts: string[] = []
  let blocks = 0
  let damage: SalvageStep['bad']
  for await (const { text, done, total, bad } of pieces) {
    parts.push(text)
    blocks = done
    damage = bad
    tell({ done, total })
  }
  const file = `${fileName(room)}.${format}`
  if (!signal.aborted) saveFile(file, new Blob(parts, { type: kinds[format] }))
  return { file, blocks, bad: damage }
}

/** Of a room's name only what every file system has. */
const fileName = (room: string): string =>
  `gavelring-${room
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 32)}`.replace(/-$/, '')

const kinds: Readonly<Record<LogFormat, string>> = { jsonl: 'application/x-ndjson', csv: 'text/csv' }
