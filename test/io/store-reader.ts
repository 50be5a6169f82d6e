import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../src/core/failure.ts'
import { createStore } from '../../src/io/store/store.ts'

/**
 * Run as a process of its own, since LevelDB may end it: `node store-reader.ts SOURCE FOLDER FROM`, where the list of changes comes
 * on stdin. Makes each changed copy of SOURCE in FOLDER, opens it, and writes a line with what it shows.
 */
export interface Change {
  readonly file: string
  /** Flipped there. `undefined`: as it is. */
  readonly place: number | undefined
  readonly mask: number
}

/** `blocks` are what it served. */
export type Line =
  | { readonly found: string; readonly meta: string; readonly blocks: readonly string[] }
  | { readonly code: string; readonly case: unknown; readonly index: unknown }

if (process.argv[1] === import.meta.filename) {
  const [source = '', folder = '', from = '0', mode] = process.argv.slice(2)
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const changes = JSON.parse(Buffer.concat(chunks).toString()) as readonly Change[]
  for (const [number, change] of [...changes.entries()].slice(Number(from))) {
    if (mode !== 'again' || number > Number(from)) await makeCopy(source, folder, change)
    process.stdout.write(`${JSON.stringify(await read(folder))}\n`)
  }
}

async function makeCopy(source: string, folder: string, { file, place, mask }: Change): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await cp(source, folder, { recursive: true })
  if (place === undefined) return
  const bytes = await readFile(join(folder, file))
  bytes[place] = (bytes[place] ?? 0) ^ mask
  await writeFile(join(folder, file), bytes)
}

async function read(folder: string): Promise<Line> {
  const store = createStore(folder)
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
  try {
    const { found, meta, last } = await store.open()
    const rows = last === undefined ? [] : await store.read(0, last, 1e9)
    return { found, meta: text(meta), blocks: rows.map(({ bytes }) => text(bytes)) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { code: error.code, case: error.facts.case, index: error.facts.index }
  } finally {
    await store.close()
  }
}
