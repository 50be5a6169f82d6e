import { openCopy } from '../../src/app/stored-log.ts'

/** Holds a copy of a log until it is killed. */
const [, , profile = '', room = ''] = process.argv
await openCopy(profile, room)
process.send?.('copied')
setInterval(() => {}, 60_000)
