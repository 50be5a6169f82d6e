import { randomBytes } from 'node:crypto'
import { encode } from 'dns-packet'
import { type Interfaces, type Link, linksOf } from './links.ts'
import { createSockets } from './sockets.ts'

/** Whether what is sent to the group on a link is heard there, by this very process. */
export interface Echo {
  readonly link: Link
  readonly isHeard: boolean
  /** Why it cannot even be sent, as the system says it. */
  readonly reason: string | undefined
}

const echoMillis = 3_000
const lookMillis = 100

/**
 * Sends a question for a service that nobody has on each link, and listens for it: no longer than until all are heard, and for 3 s at most. An echo says that
 * this machine lets multicast out and in; whether the network carries it to others only others can say.
 */
export async function listenForEchoes(interfaces?: () => Interfaces): Promise<readonly Echo[]> {
  const marks = new Map<string, string>()
  const heard = new Set<string>()
  const reasons = new Map<string, string>()
  const sockets = createSockets(
    {
      onOpen(link) {
        const mark = `echo-${randomBytes(8).toString('hex')}`
        marks.set(link.id, mark)
        sockets.send(link, encode({ type: 'query', questions: [{ name: `${mark}.local`, type: 'PTR' }] }))
      },
      onPacket(bytes) {
        for (const [id, mark] of marks) if (bytes.includes(mark)) heard.add(id)
      },
      onTrouble: ({ interfaceName, family, reason }) => reasons.set(`${interfaceName} ${family}`, reason),
    },
    interfaces,
  )
  let links: readonly Link[] = []
  const reasonOf = ({ interfaceName, family }: Link): string | undefined => reasons.get(`${interfaceName} ${family}`)
  const isDone = (): boolean => links.every((link) => heard.has(link.id) || reasonOf(link) !== undefined)
  const deadline = performance.now() + echoMillis
  do {
    // Again and again: an interface may be coming up just now.
    sockets.look()
    links = linksOf(sockets.interfaces)
    await new Promise((resolve) => setTimeout(resolve, lookMillis))
  } while (performance.now() < deadline && !isDone())
  await sockets.close()
  return links.map((link) => ({ link, isHeard: heard.has(link.id), reason: reasonOf(link) }))
}
