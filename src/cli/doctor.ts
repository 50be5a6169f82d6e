import { readApiAddress } from '../api/api-files.ts'
import type { Api } from '../api/client.ts'
import { allPeers } from '../api/whole-lists.ts'
import type { Diagnosis, Findings, FoundPeer, RunningFindings, Tried } from '../app/diagnosis.ts'
import type { Running } from '../app/doctor.ts'
import { flagText } from '../app/flags.ts'
import { addressText } from '../core/address.ts'
import { profileOption } from './client.ts'
import type { Call, Command } from './command.ts'
import { usageError } from './errors.ts'
import { tell } from './output.ts'
import { pairs } from './table.ts'
import { noticeRows, whereIs } from './where.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'why peers do not find each other: what is wrong here, and what to do',
  operands: [],
  options: [
    { name: 'room', value: 'NAME', text: 'the room (default: that of the running peer, or any)' },
    { name: 'code', value: 'CODE', text: 'the room code, to try it with the peers of the room' },
    { name: 'bootstrap', value: 'ADDR', many: true, text: 'an address or a join link to try' },
    profileOption,
  ],
  examples: [
    'gavelring doctor',
    'gavelring doctor --room evening --code "old lamp"',
    'gavelring doctor --bootstrap 192.168.1.20:4001',
  ],
  details:
    'Listens for peers on every network of this machine for a few seconds, connects with those that it hears, and asks the peer\n' +
    'of --profile where one runs; at most 10 s. Run it on both machines that do not find each other.\n' +
    'Exit codes: 0 nothing is wrong as far as can be seen from here, 1 something was found.',
  async run(call) {
    const options = await readOptions(call)
    const [{ examine }, { diagnose }] = await Promise.all([import('../app/doctor.ts'), import('../app/diagnosis.ts')])
    const found = await examine({ ...options, onProgress: (what) => call.terminal.progress(`${what} …`) })
    const diagnoses = diagnose(found)
    tell(call, { findings: found, diagnoses }, [...findingLines(found), '', ...diagnosisLines(diagnoses)])
    return diagnoses.length === 0 ? 0 : 1
  },
}

async function readOptions(call: Call) {
  const { readPeerConfig } = await import('../app/config.ts')
  const config = readPeerConfig(call.flags, call.env)
  if (!config.ok) throw usageError(config.error.message, 'See `gavelring doctor --help`.')
  const { room, code, bootstrap, profile } = config.value
  return {
    room: namesRoom(call) ? room : undefined,
    code: code === '' ? undefined : code,
    addresses: bootstrap,
    async askRunning() {
      const address = readApiAddress(profile)
      if (address === undefined) return undefined
      const { connectApi } = await import('../api/client.ts')
      const { api, close } = await connectApi(address)
      try {
        return await askRunning(api)
      } finally {
        close()
      }
    },
  }
}

/** What the peer says of itself, also of its way into a room. */
export async function askRunning(api: Api): Promise<Running> {
  const { runningOf } = await import('../app/doctor.ts')
  const found = await whereIs(api)
  if ('role' in found) return runningOf(found, await allPeers(api))
  const { self, waiting } = found
  return runningOf({ self, room: undefined, otherRooms: [], notices: waiting?.notices ?? [] }, [])
}

/** Whether the person meant one room: by its name, or by a link. */
function namesRoom({ flags, env }: Call): boolean {
  const texts = ['room', 'join', 'bootstrap'].map((name) => flags[name] ?? flagText({}, env, name))
  const [room, ...mayBeLinks] = texts
  return typeof room === 'string' || mayBeLinks.some((text) => /gavelring:/i.test(String(text)))
}

export function findingLines({ links, defaultRoute, running, peers, given }: Findings): string[] {
  return pairs([
    ...group('Network', links.map(linkText), 'none is up'),
    [
      'Route',
      defaultRoute === undefined
        ? 'none beyond the own networks'
        : `${defaultRoute.interfaceName}${defaultRoute.isTunnel ? ', a VPN' : ''}`,
    ],
    ['Peer', running === undefined ? 'none runs with this profile' : runningText(running)],
    ...noticeRows(running?.notices ?? []),
    ...group('Heard', peers.map(peerText), 'nobody'),
    ...group('Given', given.map(triedText)),
  ])
}

const runningText = ({ roomName, connected }: RunningFindings): string =>
  roomName === undefined ? 'in no room, or on its way into one' : `in the room “${roomName}”, connected with ${connected}`

function group(name: string, texts: readonly string[], none?: string): (readonly [string, string])[] {
  const rows = texts.length === 0 && none !== undefined ? [none] : texts
  return rows.map((text, i) => [i === 0 ? name : '', text])
}

const linkText = ({ interfaceName, address, echoes, reason }: Findings['links'][number]): string =>
  `${interfaceName} ${address}: multicast ${echoes ? 'works' : `does not work${reason === undefined ? '' : ` (${reason})`}`}`

function peerText({ name, peer, roomName, room, tried }: FoundPeer): string {
  const where = tried.map(triedText).join('; ') || 'without an address'
  return `${name || peer.slice(-6)} in the room “${roomName}”${room === undefined ? ', which it looks for' : ` (${room.id.slice(0, 8)})`}, ${where}`
}

const triedText = ({ address, outcome, handshake }: Tried): string =>
  `${addressText(address)} ${outcomes[outcome]}${handshake === undefined ? '' : `, ${handshakes[handshake]}`}`

const outcomes: Readonly<Record<Tried['outcome'], string>> = {
  open: 'answers',
  refused: 'refuses',
  silent: 'is silent',
  unreachable: 'cannot be reached',
  'no-such-name': 'is not known',
  forbidden: 'is forbidden here',
}

const handshakes: Readonly<Record<NonNullable<Tried['handshake']>, string>> = {
  'same-code': 'the same code',
  'another-code': 'another code',
  other: 'but not as a peer of this version does',
}

function diagnosisLines(diagnoses: readonly Diagnosis[]): string[] {
  if (diagnoses.length === 0) return ['Nothing is wrong, as far as can be seen from here.']
  return diagnoses.flatMap(({ cause, remedy }, i) => [`${i + 1}. ${cause}`, `   ${remedy}`])
}
