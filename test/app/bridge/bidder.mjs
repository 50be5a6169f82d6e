// A bidder as people write them for the classic auction on Redis: it knows nothing of rooms, and uses the plain client.
// node bidder.mjs URL: what comes on stdin, a line for each command, it publishes; every notice that it hears it prints.
import { createInterface } from 'node:readline'
import { createClient } from '@redis/client'

const [, , url] = process.argv
const print = (line) => process.stdout.write(`${line}\n`)
const publisher = createClient({ url, socket: { reconnectStrategy: 50 } })
const subscriber = publisher.duplicate()
publisher.on('error', () => {})
subscriber.on('error', () => {})
await publisher.connect()
await subscriber.connect()
await subscriber.subscribe('notificacao-leilao', print)
subscriber.on('ready', () => print('{"tipo":"pronto"}'))
print('{"tipo":"pronto"}')
for await (const line of createInterface({ input: process.stdin })) await publisher.publish('comando-leilao', line)
publisher.destroy()
subscriber.destroy()
