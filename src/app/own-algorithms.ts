import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readAtMost } from '../io/files.ts'
import type { OwnKind } from '../peer/experiments.ts'
import type { Logger } from '../peer/ports.ts'
import { algorithmBytesMax, loadAlgorithm } from './lab.ts'

/** In the profile: whoever may write there could as well change the peer's key. */
export const labFolder = (profile: string): string => join(profile, 'lab')

/** What a folder of the lab may hold; others are none of its business. */
const isAlgorithm = (name: string): boolean => /^[^.].*\.(ts|js|mjs)$/.test(name)

/** By hash: what is the same is not loaded twice, also where it cannot be. */
const loaded = new Map<string, OwnKind | undefined>()

/** The algorithms in the folder of the lab as they are now. One that cannot be used is told of in the log, once, and left out. */
export async function readOwnAlgorithms(profile: string, logger: Pick<Logger, 'warn'>): Promise<readonly OwnKind[]> {
  const folder = labFolder(profile)
  const names = await readdir(folder).catch(() => [])
  const kinds: OwnKind[] = []
  for (const name of names.filter(isAlgorithm).sort()) {
    const kind = await readOwn(join(folder, name), logger)
    if (kind !== undefined) kinds.push(kind)
  }
  return kinds
}

async function readOwn(file: string, logger: Pick<Logger, 'warn'>): Promise<OwnKind | undefined> {
  // What is longer is refused as it is loaded: once, too.
  const content = await readAtMost(file, algorithmBytesMax + 1).catch(() => undefined)
  if (content === undefined) return undefined
  const sha256 = createHash('sha256').update(content).digest('hex')
  const key = `${file} ${sha256}`
  if (loaded.has(key)) return loaded.get(key)
  const kind = await loadAlgorithm(file, sha256).then(
    (one): OwnKind => ({ kind: one, sha256 }),
    (error: unknown) => {
      logger.warn('algorithm-unread', { file, error })
      return undefined
    },
  )
  loaded.set(key, kind)
  return kind
}
