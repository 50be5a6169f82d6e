import type { TrialEvent } from './trial.ts'

/** What ShiViz (Beschastnikh et al., CACM 2016) is told to read such a log with: an event, then its host and vector time. */
const parserExpression = '(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})'

/** The events of all peers as a log for ShiViz; each host's own clock rises by one with each event. `nameOf`: hosts without spaces. */
export function shivizLog(events: readonly TrialEvent[], nameOf: (peer: string) => string): string {
  const lines = [parserExpression, '']
  for (const event of events) {
    if (event.kind !== 'mutex') continue
    const { what, peer, message, vector, lamport } = event.event
    const about = message === undefined ? '' : ` ${message.kind} ${what === 'sent' ? 'to' : 'from'} ${nameOf(peer ?? '')}`
    const clock = Object.fromEntries(Object.entries(vector).map(([host, count]) => [nameOf(host), count]))
    lines.push(`${what}${about} (Lamport ${lamport})`, `${nameOf(event.peer)} ${JSON.stringify(clock)}`)
  }
  return `${lines.join('\n')}\n`
}
