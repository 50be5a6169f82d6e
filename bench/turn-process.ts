import { join } from 'node:path'

/** Run as a process of its own: `node turn-process.ts CHECKOUT FUNCTION NUMBERS…`, with a bench of that checkout. Prints what it measured. */
const [checkout = '', name = '', ...args] = process.argv.slice(2)
const benches = (await import(join(checkout, 'bench/three-peers.ts'))) as Record<string, (...args: number[]) => Promise<object>>
process.stdout.write(`${JSON.stringify(await benches[name]?.(...args.map(Number)))}\n`)
process.exit()
