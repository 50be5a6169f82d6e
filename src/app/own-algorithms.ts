import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, readAtMost, whyUnread } from '../io/files.ts'
import type { OwnKind } from '../peer/experiments.ts'
import type { Logger } from '../peer/ports.ts'
import { algorithmBytesMax, loadAlgorithm } from './lab.ts'

/** In the profile: whoever may write there could as well change the peer's key. */
export const labFolder = (profile: string): string => join(profile, 'lab')

/** What a folder of the lab may hold; others are none of its business. */
const isAlgorithm = (name: string): boolean => /^[^.].*\.(ts|js|mjs)$/.test(name)

/** By file and hash, or by why it cannot be read: what is the same is not loaded twice, also where it cannot be. */
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
  const leaveOut = (error: unknown): undefined => void logger.warn('algorithm-unread', { file, error })
  let sha256: string
  try {
    // What is longer is refused as it is loaded: once, too.
    sha256 = createHash('sha256')
      .update(await readAtMost(file, algorithmBytesMax + 1))
      .digest('hex')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    return once(`${file} ${whyUnread(error)}`, async () => leaveOut(error))
  }
  return once(`${file} ${sha256}`, () => loadAlgorithm(file, sha256).then((kind) => ({ kind, sha256 }), leaveOut))
}

async function once(key: string, load: () => Promise<OwnKind | undefined>): Promise<OwnKind | undefined> {
  if (!loaded.has(key)) loaded.set(key, await load())
  return loaded.get(key)
}
