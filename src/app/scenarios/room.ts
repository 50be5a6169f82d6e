import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../core/failure.ts'
import { type AccountId, type AuctionId, auctionId, parsePeerId } from '../../core/ids.ts'
import type { Cents } from '../../core/money.ts'
import { createClock } from '../../io/clock.ts'
import { createEntropy } from '../../io/entropy.ts'
import { createIdentity } from '../../io/identity.ts'
import { createStore } from '../../io/store/store.ts'
import { createTransport } from '../../io/transport/transport.ts'
import { createPeer } from '../../peer/create-peer.ts'
import type { Peer, Receipt } from '../../peer/peer.ts'
import type { Logger } from '../../peer/ports.ts'
import { programVersion } from '../version.ts'
import { type Severable, severable } from './severable.ts'

/** A real peer of a scenario: its own key, disk, sockets on loopback and clock. */
export interface Person {
  readonly name: string
  readonly peer: Peer
  readonly link: Severable
  /** Milliseconds since 1970, as its own laptop says. */
  wall(): number
}

export interface PeopleOptions {
  readonly names: readonly string[]
  readonly seed: number
  /** Milliseconds that somebody's wall clock is ahead. */
  readonly clocks?: Readonly<Record<string, number>>
}

const silent: Logger = { error() {}, warn() {}, info() {}, debug() {} }
const idleHop = 50
const patience = 30_000
const lookEvery = 20

/** Founds a room of real peers in this process, and takes it down again; the first is the host. Nothing of it leaves this machine. */
export async function withPeople<T>({ names, seed, clocks = {} }: PeopleOptions, act: (people: readonly Person[]) => Promise<T>) {
  const folder = await mkdtemp(join(tmpdir(), 'gavelring-scenario-'))
  const people: Person[] = []
  try {
    for (const name of names) people.push(await enter(name, people))
    await until('all are members', () =>
      people.every(({ peer }) => peer.status().members.length === names.length && isMember(peer)),
    )
    return await act(people)
  } finally {
    for (const { link } of people) link.heal()
    await Promise.all(people.map(({ peer }) => peer.stop(500).catch(() => {})))
    await rm(folder, { recursive: true, force: true })
  }

  async function enter(name: string, others: readonly Person[]): Promise<Person> {
    const identity = createIdentity()
    const room = { name: 'scenario', code: `scenario ${seed}` }
    const bootstrap = others.flatMap(({ link }) => link.transport.addresses)
    const link = severable(createTransport({ identity, room, listen: ['127.0.0.1:0'], mdns: false, bootstrap }))
    const real = createClock()
    const wall = (): number => real.wall() + (clocks[name] ?? 0)
    const peer = await createPeer(
      {
        name,
        room: { name: room.name, currency: 'EUR', deposits: 'open' },
        code: room.code,
        entry: others.length === 0 ? { kind: 'create' } : { kind: 'join', room: undefined },
        lookMillis: patience,
        pace: { idleHop },
        seed: seed + others.length,
        version: programVersion(),
        onProgress: () => {},
      },
      {
        identity,
        store: createStore(join(folder, name)),
        transport: link.transport,
        clock: { ...real, wall },
        entropy: createEntropy(),
        logger: silent,
      },
    )
    return { name, peer, link, wall }
  }
}

export const isMember = (peer: Peer): boolean => peer.status().role === 'member'

/** Rejects when that does not come about: then the scenario says nothing. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const last = performance.now() + patience
  while (!holds()) {
    if (performance.now() > last) throw new Failure('unsettled', `The scenario waited in vain until ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
}

export const cents = (amount: number): Cents => amount as Cents

type Asked = Parameters<Peer['submit']>[0]['operation']

/** Waits as long as it takes; throws where the rules refuse it. */
export async function done(peer: Peer, operation: Asked): Promise<Receipt> {
  const receipt = await peer.submit({ request: undefined, operation }, patience)
  if (!receipt.outcome.accepted) throw new Failure('unsettled', `The scenario was refused: ${JSON.stringify(receipt.outcome)}`)
  return receipt
}

/** Each has one account. */
export const accountOf = ({ name }: Person): AccountId => name.toLowerCase() as AccountId

/** With money in it. */
export async function openWith(person: Person, amount: number): Promise<AccountId> {
  const { name, peer } = person
  const id = accountOf(person)
  await done(peer, { kind: 'open-account', account: id, holder: name })
  await done(peer, { kind: 'deposit', account: id, amount: cents(amount) })
  return id
}

/** A lamp, from 1.00 EUR on. */
export async function offerLamp({ peer }: Person, payee: AccountId, durationMillis: number): Promise<AuctionId> {
  const receipt = await done(peer, {
    kind: 'start-auction',
    ...{ item: 'a lamp', description: '', picture: new Uint8Array(), payee },
    ...{ startingPrice: cents(100), increment: cents(10), reserve: undefined, buyNow: undefined },
    ...{ durationMillis, softClose: undefined },
  })
  const [author = '', incarnation, sequence] = receipt.id.split('/')
  const parsed = parsePeerId(author)
  if (!parsed.ok) throw new Failure('unsettled', 'An operation has no author.')
  return auctionId(parsed.value, Number(incarnation), Number(sequence))
}
