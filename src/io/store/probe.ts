import { type Database, openDatabase } from './database.ts'

/**
 * Run as a process of its own: has LevelDB read and put together everything, since it ends the process at some damage as it does so,
 * sooner or later. What is found does not matter.
 */
process.once('disconnect', () => process.exit())
const database = await openDatabase(process.argv[2] ?? '', false).catch(() => 'unreadable' as const)
if (typeof database !== 'string') {
  try {
    await compact(database)
  } catch {
    // Whoever started this finds it too, and lives.
  }
  await database.close()
}
process.exit()

/** LevelDB's own; where the package has another database beneath, there is nothing to put together. */
async function compact(whole: Database & { compactRange?(start: Uint8Array, end: Uint8Array): Promise<void> }): Promise<void> {
  await whole.compactRange?.(new Uint8Array(1), new Uint8Array(16).fill(0xff))
}
