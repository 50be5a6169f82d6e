import { copyFile, link, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredBlock } from '../../peer/ports.ts'
import { diskFailure } from '../files.ts'
import { openDatabase } from './database.ts'
import { openingName } from './inspect.ts'
import { blockIn, blockRange } from './rows.ts'

export interface StoreCopy {
  readonly folder: string
  remove(): Promise<void>
}

/**
 * Whoever only wants to look at a store opens a copy: LevelDB changes its files as it opens them. Nobody may have the store open
 * meanwhile. Tables are only ever made and deleted, so a second name for each will do, where that can be had.
 */
export async function copyStore(folder: string): Promise<StoreCopy> {
  try {
    // Beside it, since names do not reach from one disk to another; elsewhere, where that one is full, or can only be read.
    return await copyTo(folder, `${folder}.copy-`).catch(() => copyTo(folder, join(tmpdir(), 'gavelring-log-')))
  } catch (error) {
    throw diskFailure(error, folder)
  }
}

async function copyTo(folder: string, prefix: string): Promise<StoreCopy> {
  const copy = await mkdtemp(prefix)
  try {
    for (const name of await readdir(folder)) {
      const [from, to] = [join(folder, name), join(copy, name)]
      if (name.endsWith('.ldb')) await link(from, to).catch(() => copyFile(from, to))
      else await copyFile(from, to)
    }
    // Were LevelDB to end this process, the mark would be lost with the copy: so another one tries first, always.
    await writeFile(join(copy, openingName), '')
  } catch (error) {
    await rm(copy, { recursive: true, force: true })
    throw error
  }
  return { folder: copy, remove: () => rm(copy, { recursive: true, force: true }) }
}

/** Of a store that does not open: the blocks that are whole, from block 0 on, without a gap, below `end`. */
export async function* readWholeBlocks(folder: string, end: number): AsyncGenerator<StoredBlock> {
  if (end === 0) return
  const database = await openDatabase(folder, false)
  if (typeof database === 'string') return
  try {
    let next = 0
    for await (const rows of database.scan(blockRange)) {
      for (const [, row] of rows) {
        const block = next < end ? blockIn(next, row) : undefined
        if (block === undefined) return
        yield block
        next++
      }
    }
  } finally {
    await database.close()
  }
}
