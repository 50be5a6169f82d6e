import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Store, StoreBatch } from '../src/peer/ports.ts'

/**
 * Run as a process of its own: `node store-process.ts MODULE FOLDER BLOCKS BYTES write | fill | start`, with the store of MODULE.
 * Prints what was measured.
 */
const [module = '', folder = '', blockCount, blockBytes, what] = process.argv.slice(2)
const { createStore } = (await import(module)) as { createStore(folder: string): Store }
const bytes = randomBytes(Number(blockBytes))
const hash = new Uint8Array(createHash('sha256').update(bytes).digest())
const batch = (from: number, count: number): StoreBatch => ({
  cutFrom: undefined,
  blocks: Array.from({ length: count }, (_, number) => ({ index: from + number, bytes, hash })),
  values: [],
  meta: randomBytes(120),
})
const [writes, blocks, blocksAtOnce] = [2_000, Number(blockCount), 500]

async function timed(task: () => Promise<unknown>): Promise<{ millis: number; cpuMillis: number }> {
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await task()
  const { user, system } = process.cpuUsage(cpu)
  return { millis: performance.now() - began, cpuMillis: (user + system) / 1_000 }
}

const store = createStore(folder)
if (what === 'start') {
  const time = await timed(() => store.open())
  await store.close()
  const size = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  process.stdout.write(JSON.stringify({ ...time, sizeToBlocks: size / (blocks * bytes.length) }))
} else {
  await store.open()
  const time = await timed(async () => {
    if (what === 'write') for (let index = 0; index < writes; index++) await store.write(batch(index, 1))
    else {
      for (let index = 0; index < blocks; index += blocksAtOnce)
        await store.write(batch(index, Math.min(blocksAtOnce, blocks - index)))
    }
  })
  await store.close()
  process.stdout.write(JSON.stringify({ ...time, perSecond: writes / (time.millis / 1_000) }))
}
