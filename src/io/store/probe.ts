import { openDatabase } from './database.ts'

/** Run as a process of its own: reads everything, since LevelDB ends the process at some damage. What it finds does not matter. */
process.once('disconnect', () => process.exit())
const database = await openDatabase(process.argv[2] ?? '', false).catch(() => 'unreadable' as const)
if (typeof database !== 'string') {
  try {
    for await (const _ of database.keys());
  } catch {
    // Whoever started this finds it too, and lives.
  }
  await database.close()
}
process.exit()
