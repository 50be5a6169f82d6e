import { eventsIn, type RunEvent, type RunStep } from './run-steps.ts'

/** What ShiViz (Beschastnikh et al., CACM 2016) is told to read such a log with: an event, then its host and vector time. */
const parserExpression = '(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})'

/**
 * The events of all peers as a log for ShiViz. Each host's own clock rises by one with each event, as it demands: what was not told,
 * or belongs to another life of a peer, is left out of the count, which keeps happened-before among those that are there.
 */
export function shivizLog(steps: readonly RunStep[], nameOf: (peer: string) => string): string {
  const events = eventsIn(steps)
  const owns = new Map<string, number[]>()
  for (const { peer, own } of events) {
    const list = owns.get(peer)
    if (list === undefined) owns.set(peer, [own])
    else list.push(own)
  }
  const hosts = hostNames([...owns.keys()], nameOf)
  const lines = [parserExpression, '']
  for (const event of events) {
    const clock = event.vector.flatMap(({ peer, count }) => {
      const host = hosts.get(peer)
      const rank = countUpTo(owns.get(peer) ?? [], count)
      return host !== undefined && rank > 0 ? [[host, rank] as const] : []
    })
    lines.push(textOf(event, (peer) => hosts.get(peer) ?? lineText(nameOf(peer))))
    lines.push(`${hosts.get(event.peer) ?? ''} ${JSON.stringify(Object.fromEntries(clock))}`)
  }
  return `${lines.join('\n')}\n`
}

function textOf({ what, other, message, lamport }: RunEvent, nameOf: (peer: string) => string): string {
  const about =
    message === undefined ? '' : ` ${lineText(message.kind)} ${what === 'sent' ? 'to' : 'from'} ${nameOf(other ?? '')}`
  return `${what}${about} (Lamport ${lamport})`
}

/** Without spaces, and no two alike. Braces begin a clock. */
function hostNames(peers: readonly string[], nameOf: (peer: string) => string): ReadonlyMap<string, string> {
  const hosts = new Map<string, string>()
  const taken = new Set<string>()
  for (const peer of peers) {
    const plain = lineText(nameOf(peer)).replaceAll(/[\s{}]/gu, '_') || '_'
    let host = plain
    for (let count = 2; taken.has(host); count++) host = `${plain}_${count}`
    taken.add(host)
    hosts.set(peer, host)
  }
  return hosts
}

/** Of somebody's own algorithm on another laptop: one line, whatever it is. */
const lineText = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')

/** How many of the rising numbers are not greater. */
function countUpTo(numbers: readonly number[], most: number): number {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] ?? 0) <= most) low = middle + 1
    else high = middle
  }
  return low
}
