import { createStore } from '../../src/io/store/store.ts'
import { batchOf } from './store-conformance.ts'

/** Run as a process of its own: `node store-writer.ts FOLDER COUNT` writes blocks, and says each that is acknowledged. */
const [folder = '', count = '0'] = process.argv.slice(2)
const store = createStore(folder)
const { last = -1 } = await store.open()
process.stdout.write('open\n')
for (let index = last + 1; index <= last + Number(count); index++) {
  await store.write(batchOf([index], `meta ${index}`))
  process.stdout.write(`${index}\n`)
}
await store.close()
