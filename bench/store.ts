import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

interface Measures {
  readonly millis: number
  readonly cpuMillis: number
  readonly perSecond: number
  readonly sizeToBlocks: number
}

const blocks = Number(process.env.BLOCKS ?? 200_000)
const blockBytes = Number(process.env.BLOCK_BYTES ?? 300)

/**
 * The store by itself: batches of one block, one after the other, each synced; and the start with so many: `BLOCKS` (default
 * 200,000) of `BLOCK_BYTES` (300, as one transfer has; 64 of them make about 7,200). `AGAINST=FOLDER`: the store of another checkout
 * too, in turns with this one's, so that other programs matter to both alike.
 */
export async function measureStore(runs: number): Promise<object> {
  const root = mkdtempSync(join(tmpdir(), 'gavelring-bench-'))
  try {
    const here = measureOne(root, 'here', fileURLToPath(new URL('..', import.meta.url)))
    const there = process.env.AGAINST === undefined ? undefined : measureOne(root, 'there', resolve(process.env.AGAINST))
    for (let run = 0; run < runs; run++) for (const one of run % 2 === 0 ? [here, there] : [there, here]) one?.run()
    const [own, other] = [here.medians(), there?.medians()]
    return { blocks, blockBytes, ...own, ...(other && { against: other, ratios: ratiosOf(own, other) }) }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function measureOne(root: string, name: string, checkout: string) {
  const places = ['src/io/store/store.ts', 'src/io/store.ts'].map((place) => join(checkout, place))
  const module = places.find((place) => existsSync(place)) ?? ''
  const measure = (folder: string, what: string): Measures => {
    const script = fileURLToPath(new URL('./store-process.ts', import.meta.url))
    return JSON.parse(
      execFileSync(process.execPath, [script, module, folder, String(blocks), String(blockBytes), what], { encoding: 'utf8' }),
    ) as Measures
  }
  const full = join(root, `${name}-full`)
  measure(full, 'fill')
  // The first start puts into tables what the journal holds.
  measure(full, 'start')
  const writes: Measures[] = []
  const starts: Measures[] = []
  return {
    run() {
      const folder = join(root, `${name}-${writes.length}`)
      writes.push(measure(folder, 'write'))
      starts.push(measure(full, 'start'))
    },
    medians: () => ({
      batchesPerSecond: median(writes.map(({ perSecond }) => perSecond)),
      writeCpuMillis: median(writes.map(({ cpuMillis }) => cpuMillis)),
      startMillis: median(starts.map(({ millis }) => millis)),
      startCpuMillis: median(starts.map(({ cpuMillis }) => cpuMillis)),
      sizeToBlocks: median(starts.map(({ sizeToBlocks }) => sizeToBlocks)),
    }),
  }
}

type Medians = ReturnType<ReturnType<typeof measureOne>['medians']>

const ratiosOf = (own: Medians, other: Medians): Readonly<Record<string, number>> =>
  Object.fromEntries((Object.keys(own) as (keyof Medians)[]).map((key) => [key, own[key] / other[key]]))
