import type { Findings, FoundPeer, Tried } from '../../src/app/diagnosis.ts'
import { wireVersion } from '../../src/core/limits.ts'

/** What a look around may find, and what is wrong then: every code that there is, and each of its variants. */

const open: Tried = { address: '/ip4/192.168.1.7/tcp/4001', outcome: 'open', isNear: true, handshake: 'same-code' }
export const ana: FoundPeer = {
  peer: `12D3KooW${'a'.repeat(44)}`,
  name: 'Ana',
  version: wireVersion,
  roomName: 'evening',
  hasCode: true,
  room: { id: '0123456789abcdef', founder: 'Ana', members: 2 },
  isNear: true,
  tried: [open],
  clockOffset: 900,
}
export const bruno: FoundPeer = { ...ana, peer: `12D3KooW${'b'.repeat(44)}`, name: 'Bruno', clockOffset: -800 }
const eth0 = { interfaceName: 'eth0', address: '192.168.1.20', echoes: true }
const wlan0 = { interfaceName: 'wlan0', address: '10.0.0.20', echoes: true }
export const healthy: Findings = {
  room: 'evening',
  hasCode: true,
  links: [eth0],
  defaultRoute: { interfaceName: 'eth0', isTunnel: false },
  peers: [ana, bruno],
  given: [],
  running: undefined,
}
const running = { roomName: 'evening', connected: 0, clockOffsets: [], otherRooms: [], notices: [] }
export const tried = (outcome: Tried['outcome'], more: Partial<Tried> = {}): Tried => ({
  ...open,
  handshake: undefined,
  outcome,
  ...more,
})
export const far = { address: '/ip4/172.16.0.9/tcp/4001', isNear: false }

/** What differs from {@link healthy}, and the codes that this leads to. */
export const looks: readonly (readonly [what: string, found: Partial<Findings>, codes: readonly string[]])[] = [
  ['all is well', {}, []],
  ['no room is meant', { room: undefined }, []],
  ['there is no default route', { defaultRoute: undefined }, []],
  ['a VPN is up, and does no harm', { defaultRoute: { interfaceName: 'tun0', isTunnel: true } }, []],
  ['no interface is up', { links: [], peers: [] }, ['no-network']],
  ['multicast is blocked here', { links: [{ ...eth0, echoes: false, reason: 'EPERM' }], peers: [] }, ['multicast-blocked']],
  ['multicast is blocked on one of two', { links: [eth0, { ...wlan0, echoes: false }] }, ['multicast-blocked']],
  ['multicast is blocked for one family only', { links: [eth0, { ...eth0, address: 'fe80::20', echoes: false }] }, []],
  ['nobody is heard', { peers: [] }, ['nobody-heard']],
  ['nobody is heard, but met by address', { peers: [], given: [open] }, []],
  ['nobody is heard, but the running peer has met others', { peers: [], running: { ...running, connected: 2 } }, []],
  ['nobody is heard by the running peer either', { peers: [], running }, ['nobody-heard']],
  ['a VPN holds all routes', { peers: [], defaultRoute: { interfaceName: 'tun0', isTunnel: true } }, ['vpn']],
  [
    'a VPN forbids the local network',
    { peers: [], links: [{ ...eth0, echoes: false }], defaultRoute: { interfaceName: 'tun0', isTunnel: true } },
    ['multicast-blocked', 'vpn'],
  ],
  ['only other rooms are heard', { peers: [{ ...ana, roomName: 'Evening' }] }, ['room-not-heard']],
  [
    'the other room’s troubles are not ours',
    { peers: [ana, { ...bruno, roomName: 'other', version: 99, tried: [tried('refused')], clockOffset: 9_999_999 }] },
    [],
  ],
  [
    'there are two rooms of one name',
    { peers: [ana, { ...bruno, room: { id: 'fedcba9876543210', founder: 'Bruno', members: 1 } }] },
    ['several-rooms'],
  ],
  ['one still looks for the room', { peers: [ana, { ...bruno, room: undefined }] }, []],
  ['a port is closed', { peers: [{ ...ana, tried: [tried('refused')] }] }, ['port-closed']],
  ['one of several addresses answers', { peers: [{ ...ana, tried: [tried('unreachable', far), tried('refused'), open] }] }, []],
  ['a firewall there drops all', { peers: [{ ...ana, tried: [tried('silent')] }] }, ['firewall']],
  ['no packet gets to a neighbour', { peers: [{ ...ana, tried: [tried('unreachable')] }] }, ['client-isolation']],
  ['the firewall here forbids it', { peers: [{ ...ana, tried: [tried('forbidden')] }] }, ['own-firewall']],
  ['it is in another network', { peers: [{ ...ana, isNear: false, tried: [tried('silent', far)] }] }, ['two-networks']],
  ['and there is no way there', { peers: [{ ...ana, isNear: false, tried: [tried('unreachable', far)] }] }, ['two-networks']],
  ['a given address is closed', { given: [tried('refused')] }, ['port-closed']],
  ['something else answers at a given address', { given: [{ ...open, handshake: 'other' }] }, ['not-a-peer']],
  ['nobody is at a given address', { given: [tried('unreachable')] }, ['nobody-there']],
  ['a given address is far', { peers: [], given: [tried('silent', far)] }, ['nobody-heard', 'two-networks']],
  ['a given name is unknown', { given: [tried('no-such-name', { address: '/dns/nobody.local/tcp/4001' })] }, ['no-such-name']],
  ['no code was given', { hasCode: false, peers: [{ ...ana, tried: [tried('open')] }] }, ['code-missing']],
  ['the code is another one', { peers: [{ ...ana, tried: [{ ...open, handshake: 'another-code' }] }] }, ['another-code']],
  ['the code is another one at a given address', { given: [{ ...open, handshake: 'another-code' }] }, ['another-code']],
  [
    'the running peer met a room with another code',
    {
      running: { ...running, connected: 1, otherRooms: [{ id: 'fedcba9876543210', founder: 'Bruno', reason: 'another-code' }] },
    },
    ['another-code'],
  ],
  [
    'an interface of the system’s own has no multicast',
    { links: [eth0, { interfaceName: 'utun0', address: 'fe80::1', echoes: false }] },
    [],
  ],
  ['there is IPv6 alone, and blocked', { links: [{ ...eth0, address: 'fe80::20', echoes: false }] }, ['multicast-blocked']],
  ['another version is spoken', { peers: [ana, { ...bruno, version: wireVersion + 1 }] }, ['another-version']],
  ['one clock of two is off', { peers: [ana, { ...bruno, clockOffset: 3_600_000 }] }, ['clock-off']],
  [
    'a running peer has measured the clocks',
    { running: { ...running, connected: 1, clockOffsets: [{ name: 'Clara', clockOffset: -60_000 }] } },
    ['clock-off'],
  ],
  [
    'several things at once, the more fundamental first',
    { links: [{ ...eth0, echoes: false }], peers: [{ ...ana, version: 1, tried: [tried('refused')], clockOffset: 60_000 }] },
    ['multicast-blocked', 'port-closed', 'another-version', 'clock-off'],
  ],
  ['an older version is spoken', { peers: [ana, { ...bruno, version: wireVersion - 1 }] }, ['another-version']],
  ['a given address does not answer', { given: [tried('silent')] }, ['firewall']],
  [
    'a code was not given, and is another one',
    { hasCode: false, given: [{ ...open, handshake: 'another-code' }], peers: [] },
    ['another-code'],
  ],
  ['one clock of two is behind', { peers: [ana, { ...bruno, clockOffset: -3_600_000 }] }, ['clock-off']],
  ['the own clock is behind', { peers: [ana, bruno].map((peer) => ({ ...peer, clockOffset: 60_000 })) }, ['clock-off']],
  ['the own clock is ahead', { peers: [ana, bruno].map((peer) => ({ ...peer, clockOffset: -60_000 })) }, ['clock-off']],
]
