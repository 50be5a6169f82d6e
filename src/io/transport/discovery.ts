import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { roomSalt } from './prologue.ts'

/** mDNS service of a room: its name hashed, so that other rooms do not dial it and the network does not read it. */
export function roomServiceTag(name: string): string {
  const digest = createHash('sha256').update(roomSalt(name)).digest('hex')
  return `_gavelring-${digest.slice(0, 16)}._udp.local`
}

/** Whether a question that is asked by multicast is heard at all: on this machine, on its network, by this very process. */
export async function canMulticast(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  const question = probe()
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), echoMillis)
      socket.on('error', () => resolve(false))
      socket.on('message', (heard) => {
        if (!heard.equals(question)) return
        clearTimeout(timer)
        resolve(true)
      })
      socket.bind(mdnsPort, () => {
        try {
          socket.addMembership(mdnsAddress)
          socket.setMulticastLoopback(true)
          socket.send(question, mdnsPort, mdnsAddress, (error) => error && resolve(false))
        } catch {
          resolve(false)
        }
      })
    })
  } finally {
    socket.close()
  }
}

const mdnsAddress = '224.0.0.251'
const mdnsPort = 5353
const echoMillis = 1_000

/** A well-formed question for a service that nobody has (RFC 1035, section 4): one name, type PTR, class IN. */
function probe(): Buffer {
  const labels = [`_gavelring-probe-${randomBytes(8).toString('hex')}`, '_udp', 'local']
  const name = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  const head = Buffer.alloc(12)
  head.writeUInt16BE(1, 4)
  return Buffer.concat([head, ...name, Buffer.from([0, 0, 12, 0, 1])])
}
