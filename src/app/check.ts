import type { GoodCode } from '../api/codes.ts'
import type { Finding } from '../api/rooms.ts'
import { type Facts, toFacts } from '../api/said.ts'
import type { Peer } from '../peer/peer.ts'
import { type Diagnosis, diagnose, type Findings } from './diagnosis.ts'
import { examine, type Running, runningOf } from './doctor.ts'

/** The room that a seat is in or on its way to. */
export interface CheckedRoom {
  readonly room: string
  readonly code: string
  /** Where it is in. */
  readonly peer: Peer | undefined
}

/**
 * What `gavelring doctor` finds, by the running process itself; whoever asks while it looks gets the same answer. Without `mdns` it
 * sends nothing over the network either.
 */
export function createCheck(mdns: boolean): (room: CheckedRoom | undefined) => Promise<readonly Finding[]> {
  let looking: Promise<readonly Finding[]> | undefined
  return (room) => {
    looking ??= (mdns ? look(room) : lookInside(room)).finally(() => {
      looking = undefined
    })
    return looking
  }
}

async function look(at: CheckedRoom | undefined): Promise<readonly Finding[]> {
  const found = await examine({
    room: at?.room,
    // A peer that is in its room says itself who has another code.
    code: at?.peer === undefined ? at?.code : undefined,
    addresses: [],
    askRunning: async () => at?.peer && askPeer(at.peer),
    onProgress: () => {},
  })
  return toFindings(found)
}

/** No more than the peer itself knows. */
async function lookInside(at: CheckedRoom | undefined): Promise<readonly Finding[]> {
  const running = at?.peer && askPeer(at.peer).found
  const inside = { links: [], defaultRoute: undefined, peers: [], given: [] }
  const found = toFindings({ room: at?.room, hasCode: true, ...inside, running })
  return [mdnsOff, ...found.filter(({ code }) => code !== 'no-network')]
}

const mdnsOff: Finding = {
  code: 'mdns-off',
  text: 'This peer neither looks for others on the network nor is found by them: it was started with --no-mdns.',
  remedy: 'Come in by a link or an address, or start it without --no-mdns.',
  severity: 'note',
  facts: {},
}

const askPeer = (peer: Peer): Running => runningOf(peer.status(), peer.peers())

/** What is wrong first, then what is well. */
export function toFindings(found: Findings): readonly Finding[] {
  const wrong = diagnose(found).map((diagnosis): Finding => {
    const { code, variant, cause, remedy, facts } = diagnosis
    return {
      code,
      ...(variant !== undefined && { variant }),
      text: cause,
      remedy,
      severity: severityOf(diagnosis, found),
      facts: toFacts(facts),
    }
  })
  return [
    ...wrong.filter(({ severity }) => severity === 'bad'),
    ...wrong.filter(({ severity }) => severity !== 'bad'),
    ...well(found),
  ]
}

/** A note is no fault: it may be just so. */
const notes: ReadonlySet<Diagnosis['code']> = new Set(['nobody-heard', 'room-not-heard', 'several-rooms', 'clock-off'])

function severityOf({ code }: Diagnosis, { room }: Findings): Finding['severity'] {
  // In no room, rooms with a code are nothing to be mended.
  return notes.has(code) || (code === 'code-missing' && room === undefined) ? 'note' : 'bad'
}

function well({ links, peers, running }: Findings): Finding[] {
  const names = [...new Set(links.filter(({ echoes }) => echoes).map(({ interfaceName }) => interfaceName))]
  const connected = running?.connected ?? 0
  const open = peers.filter(({ tried }) => tried.some(({ outcome }) => outcome === 'open')).length
  const good = (code: GoodCode, text: string, facts: Facts): Finding => ({ code, text, severity: 'good', facts: toFacts(facts) })
  return [
    ...(names.length > 0 ? [good('multicast', `Multicast works on ${names.join(', ')}.`, { on: names })] : []),
    ...(open > 0
      ? [
          good('peers-answer', `${countOf(open, 'peer')} of those that are heard ${open === 1 ? 'answers' : 'answer'}.`, {
            count: open,
          }),
        ]
      : []),
    ...(connected > 0
      ? [good('connected', `This peer is connected with ${countOf(connected, 'other')} of its room.`, { count: connected })]
      : []),
  ]
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
