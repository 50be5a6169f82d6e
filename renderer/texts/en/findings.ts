import type { FaultCode, GoodCode } from '../../../src/api/views.ts'

/** Those whose words hang on a number. */
type Counted = 'several-rooms' | 'peers-answer' | 'connected'
type Key = Exclude<FaultCode | GoodCode, Counted> | `${Counted}_${'one' | 'other'}` | `${FaultCode}_remedy`
/** Of a code: its sentence, and its remedy. Behind `_` comes the variant, where the peer names one that needs other words. */
type Words = Readonly<Record<Key, string>> & Readonly<Record<string, string>>

/** What the peer finds good and bad about the network. */
export const findings = {
  'mdns-off': 'This peer neither looks for others on the network nor is found by them: it was started with --no-mdns.',
  'mdns-off_remedy': 'Come in by a link or an address, or start it without --no-mdns.',
  'no-network': 'This machine is in no network: no interface is up with an address.',
  'no-network_remedy':
    'Join the Wi-Fi of the others, or plug a cable in. Peers on this machine alone find each other all the same.',
  'multicast-blocked': 'Multicast does not work on {{on}}: peers cannot find each other there.',
  'multicast-blocked_reason': 'Multicast does not work on {{on}} ({{reason}}): peers cannot find each other there.',
  'multicast-blocked_remedy': 'Let UDP port 5353 through the firewall of this machine, or come in by link or address.',
  'nobody-heard': 'Nobody is heard on {{on}}, though this machine sends and hears by multicast.',
  'nobody-heard_remedy':
    'Make sure that a peer runs on the same network. If one does, the network keeps multicast back: come in by link or address.',
  vpn: 'Nobody is heard, and a VPN ({{on}}) has taken the routes of this machine: many VPNs cut it off from its own network.',
  vpn_remedy: 'Switch the VPN off while you are in the room, or allow it the local network.',
  'room-not-heard': 'Nobody of the room {{room}} is heard; heard are: {{rooms}}.',
  'room-not-heard_remedy': 'Look how the name of the room is written, capitals and spaces too.',
  'several-rooms_one': 'There is {{count, number}} room {{room}}, founded by {{founders}}.',
  'several-rooms_other': 'There are {{count, number}} rooms {{room}}, founded by {{founders}}.',
  'several-rooms_remedy': 'Agree on one. Who is in another moves there from the list of rooms.',
  'two-networks': '{{who}} is at {{address}}, in another network than this machine.',
  'two-networks_given': 'The peer is at {{address}}, in another network than this machine.',
  'two-networks_remedy': 'Bring both into one network: the same Wi-Fi, the same switch, no guest network.',
  'port-closed': '{{who}} does not answer at {{address}}: the machine is there, but the port is closed.',
  'port-closed_given': 'The peer does not answer at {{address}}: the machine is there, but the port is closed.',
  'port-closed_remedy':
    'Start the peer there again, and look at the address that it shows: its port may be another one after each start.',
  firewall: '{{who}} does not answer at {{address}}: most likely a firewall there drops what comes in.',
  firewall_given: 'The peer does not answer at {{address}}: most likely a firewall there drops what comes in.',
  firewall_remedy: 'Allow the program incoming TCP connections in the firewall of that machine.',
  'client-isolation':
    '{{who}} is in the same network at {{address}}, but no packet gets there: the network keeps its clients apart.',
  'client-isolation_remedy':
    'Switch client isolation (AP isolation) off in the access point, or use another Wi-Fi, a hotspot or a cable.',
  'nobody-there': 'No machine answers in this network at the address in {{address}}.',
  'nobody-there_remedy':
    'Look at the address that the peer itself shows. If it is this one, the network keeps its clients apart: use another one.',
  'own-firewall': 'This machine itself forbids connecting with {{address}}.',
  'own-firewall_remedy': 'Allow the program outgoing TCP connections in the firewall of this machine.',
  'no-such-name': 'Nobody knows a machine of the name in {{address}}.',
  'no-such-name_remedy': 'Give its address as a number: its settings show it there.',
  'not-a-peer': 'What answers at {{address}} is no peer, or one of another version.',
  'not-a-peer_remedy': 'Look at the address that the peer itself shows, and use the same version of Gavelring on both sides.',
  'code-missing': 'The room {{room}} has a code, and none was given.',
  'code-missing_remedy': 'Ask whoever is in it for the code, and join with it.',
  'another-code': 'Another room code is used by {{who}}.',
  'another-code_remedy': 'Compare the codes, letter by letter.',
  'another-code_remedy_no-code': 'Join the room with its code.',
  'another-version': 'Version {{theirs, number}} of the protocol is spoken by {{who}}, version {{ours, number}} by this program.',
  'another-version_remedy': 'Use the same version of Gavelring on all laptops.',
  'another-version_remedy_older': 'Install the newer version of Gavelring there.',
  'another-version_remedy_newer': 'Install the newer version of Gavelring here.',
  'clock-off': 'The clocks are {{span}} apart.',
  'clock-off_ahead': 'The clock of {{who}} is {{span}} ahead of the one of this machine.',
  'clock-off_behind': 'The clock of {{who}} is {{span}} behind the one of this machine.',
  'clock-off_own-ahead': 'The clock of this machine is {{span}} ahead of those of {{count, number}} others.',
  'clock-off_own-behind': 'The clock of this machine is {{span}} behind those of {{count, number}} others.',
  'clock-off_remedy': 'Set date, time and time zone by the network on both machines.',
  'clock-off_remedy_own-ahead': 'Set date, time and time zone of this machine by the network.',
  'clock-off_remedy_own-behind': 'Set date, time and time zone of this machine by the network.',
  multicast: 'Multicast works on {{on}}.',
  'peers-answer_one': '{{count, number}} peer of those that are heard answers.',
  'peers-answer_other': '{{count, number}} peers of those that are heard answer.',
  connected_one: 'This peer is connected with {{count, number}} other of its room.',
  connected_other: 'This peer is connected with {{count, number}} others of its room.',
} as const satisfies Words
