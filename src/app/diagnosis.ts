import type { FaultCode } from '../api/codes.ts'
import type { Facts } from '../api/said.ts'
import { addressText } from '../core/address.ts'
import { wireVersion } from '../core/limits.ts'
import type { Notice } from '../peer/peer.ts'

/** What was looked at, see `doctor.ts`. All that peers say of themselves is hearsay, and safe to be shown. */
export interface Findings {
  /** The room that is meant; `undefined`: any. */
  readonly room: string | undefined
  /** A code for it was given, or is known. */
  readonly hasCode: boolean
  /** Ways to other machines. */
  readonly links: readonly FoundLink[]
  /** The interface by which everything goes that has no other way; `undefined`: there is none. */
  readonly defaultRoute: { readonly interfaceName: string; readonly isTunnel: boolean } | undefined
  /** Heard by multicast, but for the own peer. */
  readonly peers: readonly FoundPeer[]
  /** Addresses that a person gave. */
  readonly given: readonly Tried[]
  /** The peer of the profile, where one runs. */
  readonly running: RunningFindings | undefined
}

export interface FoundLink {
  readonly interfaceName: string
  readonly address: string
  /** What this machine sends to the group comes back to it. */
  readonly echoes: boolean
  /** Why it cannot even be sent, as the system says it. */
  readonly reason?: string | undefined
}

export interface FoundPeer {
  readonly peer: string
  readonly name: string
  readonly version: number
  readonly roomName: string
  readonly hasCode: boolean
  readonly room: { readonly id: string; readonly founder: string; readonly members: number } | undefined
  /** One of its addresses belongs to a network that this machine is in. */
  readonly isNear: boolean
  readonly tried: readonly Tried[]
  /** Its wall clock minus ours, in milliseconds; absent: unknown. */
  readonly clockOffset?: number | undefined
}

/** What happened when an address was connected with. */
export interface Tried {
  readonly address: string
  /** `silent`: no answer. `unreachable`: the system knows no way, or nobody there answers to that address. */
  readonly outcome: 'open' | 'refused' | 'silent' | 'unreachable' | 'no-such-name' | 'forbidden'
  /** It belongs to a network that this machine is in. */
  readonly isNear: boolean
  /** With the room code; absent: not tried, or it took too long. `other`: what answers is no peer that is understood. */
  readonly handshake?: 'same-code' | 'another-code' | 'other' | undefined
}

export interface RunningFindings {
  /** `undefined`: it is in no room, or on its way into one. */
  readonly roomName: string | undefined
  /** Peers of its room that it is connected with. */
  readonly connected: number
  /** Of peers, in milliseconds. */
  readonly clockOffsets: readonly { readonly name: string; readonly clockOffset: number }[]
  /** Of the same name, and why it does not mix with them. */
  readonly otherRooms: readonly {
    readonly id: string
    readonly founder: string
    readonly reason: 'another-code' | 'another-room' | 'another-version'
  }[]
  /** What it says a person should know: nothing that keeps peers apart. */
  readonly notices: readonly { readonly code: Notice['code']; readonly text: string }[]
}

export interface Diagnosis {
  /** Stable, for programs. */
  readonly code: Exclude<FaultCode, 'mdns-off'>
  /** Which of the sentences of this code, where it has several. */
  readonly variant?: Variant
  readonly cause: string
  readonly remedy: string
  /** What both are about. A peer without a name is named by the end of its id. */
  readonly facts: Facts
}

/**
 * `reason`: the system gave one. `given`: of an address that a person gave. `no-code`: none was given. `older`, `newer`: theirs is.
 * `ahead`, `behind`: another clock than the own one; `own-ahead`, `own-behind`: the own one.
 */
export type Variant = 'reason' | 'given' | 'no-code' | 'older' | 'newer' | 'ahead' | 'behind' | 'own-ahead' | 'own-behind'

/** A room agrees on a time, but who is further off than this sees auctions end at the wrong one on the own screen. */
const clockMillisMax = 5_000

/** What is wrong, the more fundamental first; none: nothing, as far as can be seen from here. */
export function diagnose(findings: Findings): readonly Diagnosis[] {
  const own = findings.peers.filter(({ roomName }) => findings.room === undefined || roomName === findings.room)
  return [
    ...network(findings),
    ...multicast(findings),
    ...rooms(findings, own),
    ...own.flatMap((peer) => reach(peer, peer.tried, peer.isNear)),
    ...findings.given.flatMap((tried) => reach('given', [tried], tried.isNear)),
    ...findings.given.filter(({ handshake }) => handshake === 'other').map(({ address }) => notAPeer(addressText(address))),
    ...codes(findings, own),
    ...versions(own),
    ...clocks(findings, own),
  ]
}

const byAddress = 'gavelring peer --bootstrap ADDRESS:PORT'

function network({ links }: Findings): readonly Diagnosis[] {
  if (links.length > 0) return []
  return [
    {
      code: 'no-network',
      cause: 'This machine is in no network: no interface is up with an address.',
      remedy: 'Join the Wi-Fi of the others, or plug a cable in. Peers on this machine alone find each other all the same.',
      facts: {},
    },
  ]
}

function multicast({ links, peers, given, running, defaultRoute }: Findings): readonly Diagnosis[] {
  // Systems have interfaces of their own with IPv6 alone, which lead to nobody; unless there are no others.
  const withIp4 = links.filter(({ address }) => !address.includes(':'))
  const names = [...new Set((withIp4.length > 0 ? withIp4 : links).map(({ interfaceName }) => interfaceName))]
  const mute = names.filter((name) => links.every(({ interfaceName, echoes }) => interfaceName !== name || !echoes))
  const found: Diagnosis[] = mute.map((name) => {
    const reason = links.find((link) => link.interfaceName === name && link.reason !== undefined)?.reason
    return {
      code: 'multicast-blocked',
      cause: `Multicast does not work on ${name}${reason === undefined ? '' : ` (${reason})`}: peers cannot find each other there.`,
      remedy: `Let UDP port 5353 through the firewall of this machine, or join by address: ${byAddress}`,
      ...(reason === undefined ? { facts: { on: name } } : { variant: 'reason', facts: { on: name, reason } }),
    }
  })
  const isMet = peers.length > 0 || (running?.connected ?? 0) > 0 || given.some(({ outcome }) => outcome === 'open')
  if (isMet) return found
  if (defaultRoute?.isTunnel) {
    const { interfaceName } = defaultRoute
    return [
      ...found,
      {
        code: 'vpn',
        cause: `Nobody is heard, and a VPN (${interfaceName}) has taken the routes of this machine: many VPNs cut it off from its own network.`,
        remedy: 'Switch the VPN off while you are in the room, or allow it the local network.',
        facts: { on: interfaceName },
      },
    ]
  }
  if (mute.length === names.length) return found
  const hearing = names.filter((name) => !mute.includes(name))
  return [
    ...found,
    {
      code: 'nobody-heard',
      cause: `Nobody is heard on ${list(hearing)}, though this machine sends and hears by multicast.`,
      remedy: `Make sure that a peer runs on the same network. If it does, the network keeps multicast back: join by address: ${byAddress}`,
      facts: { on: hearing },
    },
  ]
}

function rooms({ room, peers, running }: Findings, own: readonly FoundPeer[]): readonly Diagnosis[] {
  if (room === undefined) return []
  if (own.length === 0 && peers.length > 0 && (running?.connected ?? 0) === 0) {
    const names = [...new Set(peers.map(({ roomName }) => roomName))].slice(0, namesMax)
    return [
      {
        code: 'room-not-heard',
        cause: `Nobody of the room “${room}” is heard, but of ${list(names.map((name) => `“${name}”`))}.`,
        remedy: 'Look how the room’s name is written, capitals and spaces too: gavelring peer --join --room NAME',
        facts: { room, rooms: names },
      },
    ]
  }
  const ids = new Map(own.flatMap(({ room: one }) => (one === undefined ? [] : [[one.id, one] as const])))
  if (ids.size < 2) return []
  const some = [...ids.values()].slice(0, namesMax)
  const each = some.map(({ id, founder, members }) => `${id.slice(0, 8)} (founded by ${founder}, ${countOf(members, 'member')})`)
  return [
    {
      code: 'several-rooms',
      cause: `There are ${ids.size} rooms “${room}”: ${list(each)}.`,
      remedy: 'Agree on one; in the others: gavelring join ID, with the first digits of its id.',
      facts: { room, count: ids.size, founders: some.map(({ id, founder }) => `${founder} (${id.slice(0, 8)})`) },
    },
  ]
}

/** Why a peer that is known of cannot be connected with: of its addresses the one that came furthest says most. */
function reach(peer: FoundPeer | 'given', tried: readonly Tried[], isNear: boolean): readonly Diagnosis[] {
  if (tried.length === 0 || tried.some(({ outcome }) => outcome === 'open')) return []
  const who = peer === 'given' ? 'The peer' : capital(peerText(peer))
  const at = (address: string): Pick<Diagnosis, 'variant' | 'facts'> =>
    peer === 'given' ? { variant: 'given', facts: { address } } : { facts: { who: nameOf(peer), address } }
  const of = (outcome: Tried['outcome']): string | undefined => {
    const found = tried.filter((one) => one.outcome === outcome)
    const [best] = [...found.filter((one) => one.isNear), ...found]
    return best && addressText(best.address)
  }
  const refused = of('refused')
  if (refused !== undefined) {
    return [
      {
        code: 'port-closed',
        cause: `${who} does not answer at ${refused}: the machine is there, but the port is closed.`,
        remedy:
          'Start the peer there again, and look at the address that it shows: its port changes with each start unless --listen names one.',
        ...at(refused),
      },
    ]
  }
  const forbidden = of('forbidden')
  if (forbidden !== undefined) {
    return [
      {
        code: 'own-firewall',
        cause: `This machine itself forbids connecting with ${forbidden}.`,
        remedy: 'Allow the program outgoing TCP connections in the firewall of this machine.',
        facts: { address: forbidden },
      },
    ]
  }
  const name = of('no-such-name')
  if (name !== undefined) {
    return [
      {
        code: 'no-such-name',
        cause: `Nobody knows a machine of the name in ${name}.`,
        remedy: 'Give its address as a number: `gavelring status` shows it there.',
        facts: { address: name },
      },
    ]
  }
  const nowhere = of('unreachable') ?? of('silent') ?? ''
  if (!isNear) {
    return [
      {
        code: 'two-networks',
        cause: `${who} is at ${nowhere}, in another network than this machine.`,
        remedy: 'Bring both into one network: the same Wi-Fi, the same switch, no guest network.',
        ...at(nowhere),
      },
    ]
  }
  if (of('unreachable') !== undefined && peer === 'given') {
    return [
      {
        code: 'nobody-there',
        cause: `No machine answers in this network at the address in ${nowhere}.`,
        remedy:
          'Look at the address that the peer itself shows. If it is this one, the network keeps its clients apart: use another one.',
        facts: { address: nowhere },
      },
    ]
  }
  if (of('unreachable') !== undefined) {
    return [
      {
        code: 'client-isolation',
        cause: `${who} is in the same network at ${nowhere}, but no packet gets there: the network keeps its clients apart.`,
        remedy: 'Switch client isolation (AP isolation) off in the access point, or use another Wi-Fi, a hotspot or a cable.',
        ...at(nowhere),
      },
    ]
  }
  return [
    {
      code: 'firewall',
      cause: `${who} does not answer at ${nowhere}: most likely a firewall there drops what comes in.`,
      remedy: 'Allow the program incoming TCP connections in the firewall of that machine.',
      ...at(nowhere),
    },
  ]
}

const notAPeer = (address: string): Diagnosis => ({
  code: 'not-a-peer',
  cause: `What answers at ${address} is no peer, or one of another version.`,
  remedy: 'Look at the address that the peer itself shows, and use the same version of gavelring on both sides.',
  facts: { address },
})

function codes({ room, hasCode, given, running }: Findings, own: readonly FoundPeer[]): readonly Diagnosis[] {
  const apart = running !== undefined && running.roomName === room ? running.otherRooms : []
  const isRefused = ({ handshake }: Tried): boolean => handshake === 'another-code'
  const refused = [
    ...apart
      .filter(({ reason }) => reason === 'another-code')
      .map(({ founder }) => ({ text: `the room that ${founder} founded`, name: founder })),
    ...own.filter(({ tried }) => tried.some(isRefused)).map((peer) => ({ text: peerText(peer), name: nameOf(peer) })),
    ...given
      .filter(isRefused)
      .map(({ address }) => ({ text: `the peer at ${addressText(address)}`, name: addressText(address) })),
  ].slice(0, namesMax)
  const missing = own.filter((peer) => peer.hasCode && !hasCode)
  const [first] = missing
  if (first !== undefined) {
    return [
      {
        code: 'code-missing',
        cause: `The room “${first.roomName}” has a code, and none was given.`,
        remedy: 'Ask whoever is in it: gavelring peer --join --room NAME --code CODE',
        facts: { room: first.roomName },
      },
    ]
  }
  if (refused.length === 0) return []
  return [
    {
      code: 'another-code',
      cause: `${capital(list(refused.map(({ text }) => text)))} ${refused.length === 1 ? 'has' : 'have'} another room code${room === undefined ? '' : ` for “${room}”`}.`,
      remedy: hasCode ? 'Compare the codes, letter by letter.' : 'Give the room’s code with --code.',
      ...(!hasCode && { variant: 'no-code' }),
      facts: { who: refused.map(({ name }) => name) },
    },
  ]
}

function versions(own: readonly FoundPeer[]): readonly Diagnosis[] {
  const others = own.filter(({ version }) => version !== wireVersion)
  const [first] = others
  if (first === undefined) return []
  const isOlder = first.version < wireVersion
  return [
    {
      code: 'another-version',
      cause: `${capital(list(others.slice(0, namesMax).map(peerText)))} ${others.length === 1 ? 'speaks' : 'speak'} version ${first.version} of the protocol, this program ${wireVersion}.`,
      remedy: `Install the newer version of gavelring ${isOlder ? 'there' : 'here'}.`,
      variant: isOlder ? 'older' : 'newer',
      facts: { who: others.slice(0, namesMax).map(nameOf), theirs: first.version, ours: wireVersion },
    },
  ]
}

function clocks({ running }: Findings, own: readonly FoundPeer[]): readonly Diagnosis[] {
  const heard = own.flatMap((peer) =>
    peer.clockOffset === undefined ? [] : [{ text: peerText(peer), name: nameOf(peer), clockOffset: peer.clockOffset }],
  )
  // A running peer has measured them, and better.
  const measured =
    running === undefined || running.clockOffsets.length === 0
      ? heard
      : running.clockOffsets.map((one) => ({ text: one.name, ...one }))
  const off = measured.filter(({ clockOffset }) => Math.abs(clockOffset) > clockMillisMax)
  const [first] = off
  if (first === undefined) return []
  const remedy = 'Set date, time and time zone by the network on both machines.'
  const ahead = off.filter(({ clockOffset }) => clockOffset > 0)
  const same = 2 * ahead.length > off.length ? ahead : off.filter((one) => !ahead.includes(one))
  // Where most of the others agree with each other, the odd one out is this machine.
  if (same.length > 1 && 2 * same.length > measured.length) {
    const offsets = same.map(({ clockOffset }) => clockOffset).sort((a, b) => a - b)
    const middle = offsets[Math.floor(offsets.length / 2)] ?? 0
    return [
      {
        code: 'clock-off',
        cause: `The clock of this machine is ${spanText(middle)} ${middle > 0 ? 'behind' : 'ahead of'} those of ${same.length} others.`,
        remedy: 'Set date, time and time zone of this machine by the network.',
        variant: middle > 0 ? 'own-behind' : 'own-ahead',
        facts: { millis: Math.abs(middle), count: same.length },
      },
    ]
  }
  return off.slice(0, namesMax).map(({ text, name, clockOffset }) => ({
    code: 'clock-off',
    cause: `The clock of ${text} is ${spanText(clockOffset)} ${clockOffset > 0 ? 'ahead of' : 'behind'} the one of this machine.`,
    remedy,
    variant: clockOffset > 0 ? 'ahead' : 'behind',
    facts: { who: name, millis: Math.abs(clockOffset) },
  }))
}

/** Of more than so many not each is named. */
const namesMax = 5

const nameOf = ({ name, peer }: FoundPeer): string => (name === '' ? `…${peer.slice(-6)}` : name)

const peerText = ({ name, peer }: FoundPeer): string => (name === '' ? `the peer ${peer.slice(-6)}` : name)

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

function spanText(millis: number): string {
  const seconds = Math.round(Math.abs(millis) / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)} min`
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`
}
