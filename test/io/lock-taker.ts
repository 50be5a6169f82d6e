import { Failure } from '../../src/core/failure.ts'
import { takeLock } from '../../src/io/store/lock.ts'

/** Run as a process of its own: `node lock-taker.ts FOLDER`. Says `taken` or the failure's code, and then, told so, releases it. */
const lock = await takeLock(process.argv[2] ?? '').catch((error: unknown) => error)
process.stdout.write(`${lock instanceof Failure ? lock.code : lock instanceof Error ? lock.message : 'taken'}\n`)
process.stdin.once('data', async () => {
  if (!(lock instanceof Error) && typeof lock === 'object' && lock !== null && 'release' in lock) {
    await (lock as Awaited<ReturnType<typeof takeLock>>).release()
  }
  process.exit()
})
