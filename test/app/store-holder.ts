import { createStore } from '../../src/io/store/store.ts'

/** Has a store open until it is killed. */
const [, , folder = ''] = process.argv
await createStore(folder).open()
process.send?.('open')
setInterval(() => {}, 60_000)
