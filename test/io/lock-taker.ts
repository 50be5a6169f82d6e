import { join } from 'node:path'
import { Failure } from '../../src/core/failure.ts'
import { takeLock } from '../../src/io/lock.ts'
import { nameSigns, signsOf } from '../../src/io/owner.ts'

/**
 * Run as a process of its own: `node lock-taker.ts FOLDER [NAMES]`. Says `taken` or the failure's code, and then, told so, releases it.
 * `NAMES`: it is known by a name there, as on Windows. Ends by itself where nobody can tell it anything any more.
 */
const [folder = '', names] = process.argv.slice(2)
const signs = names === undefined ? signsOf(process.platform) : nameSigns((name) => join(names, name.slice(-8)))
const lock = await takeLock(folder, signs).catch((error: unknown) => error)
process.stdout.write(`${lock instanceof Failure ? lock.code : lock instanceof Error ? lock.message : 'taken'}\n`)
process.stdin.once('data', async () => {
  if (!(lock instanceof Error) && typeof lock === 'object' && lock !== null && 'release' in lock) {
    await (lock as Awaited<ReturnType<typeof takeLock>>).release()
  }
  process.exit()
})
