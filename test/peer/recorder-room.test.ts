import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { encodeLabFrame } from '../../src/peer/lab-frame.ts'
import type { Peer } from '../../src/peer/peer.ts'
import type { Topic, Transport } from '../../src/peer/ports.ts'
import type { FrameStep, RingStep } from '../../src/peer/ring-steps.ts'
import { until } from '../support/wait.ts'
import { accept, account, cents, createRig, openWith, type Rig } from './rig.ts'

let rig: Rig
afterEach(() => rig.end())

/** Real peers of one room, in one ring. */
async function startRoom(count: number): Promise<Peer[]> {
  rig = createRig()
  const peers = [await rig.machine('Ana').start({ entry: { kind: 'create' } })]
  for (const name of ['Bob', 'Cleo', 'Dora'].slice(0, count - 1)) peers.push(await rig.machine(name).start())
  await until('all are members', () =>
    peers.every((peer) => peer.status().members.length === count && peer.status().role === 'member'),
  )
  return peers
}

interface Watch {
  readonly steps: RingStep[]
  readonly stop: () => void
  /** By id, as they were told last. */
  frames(): Map<string, FrameStep>
}

function watch(peer: Peer): Watch {
  const steps: RingStep[] = []
  const stop = peer.watchRing((step) => steps.push(step))
  return {
    steps,
    stop,
    frames: () => new Map(steps.flatMap((step) => (step.kind === 'frame' ? [[step.id, step] as const] : []))),
  }
}

/** Told twice: both of its ends are known. */
const isWhole = ({ steps }: Watch, id: string): boolean =>
  steps.filter((step) => step.kind === 'frame' && step.id === id).length === 2
const turnsOf = ({ steps }: Watch) => steps.flatMap((step) => (step.kind === 'token' ? [step] : []))

describe('a room that is watched', () => {
  it('tells token moves in the order of their turns, from peer to peer, at the watcher and where it is not', async () => {
    const [ana, bob, cleo] = (await startRoom(3)) as [Peer, Peer, Peer]
    const seen = watch(ana)
    await until('the token has gone round', () => turnsOf(seen).length >= 12)
    const moves = turnsOf(seen)
    const turns = moves.map(({ turn }) => turn)
    expect(turns).toEqual(turns.map((_, i) => (turns[0] as number) + i))
    const others: PeerId[] = [bob, cleo].map((peer) => peer.status().self)
    const between = moves.filter(({ from, to }) => others.includes(to) && others.includes(from as PeerId))
    expect(between.length).toBeGreaterThan(0)
    for (const [i, { from }] of moves.entries()) if (i > 0) expect(from).toBe(moves[i - 1]?.to)
    expect(seen.steps.filter(({ kind }) => kind === 'recorders').at(-1)).toEqual({
      kind: 'recorders',
      peers: [ana.status().self, ...[...others].sort()],
    })
  })

  it('tells the same of each message wherever it is watched: both ends, both clocks, and a time that does not run back', async () => {
    const [ana, bob, cleo] = (await startRoom(3)) as [Peer, Peer, Peer]
    const [atAna, atBob] = [watch(ana), watch(bob)]
    await openWith(cleo, 'cleo', 10_000)
    await openWith(bob, 'bob', 10_000)
    for (let i = 0; i < 10; i++) {
      await accept(cleo, { kind: 'transfer', from: account('cleo'), to: account('bob'), amount: cents(1), memo: '' })
    }
    const toCleo = ({ from, to }: FrameStep) => [from, to].includes(cleo.status().self) && to !== ''
    const both = () => [...atAna.frames().values()].filter(({ id }) => isWhole(atAna, id) && isWhole(atBob, id))
    await until('both have heard of both ends of many', () => both().filter(toCleo).length >= 40)
    for (const frame of both()) {
      const other = atBob.frames().get(frame.id)
      expect(frame.arrivedAt).toBeGreaterThanOrEqual(frame.at)
      // Of what goes to everyone each tells the first arrival that it heard of.
      if (frame.to === '') expect(other).toMatchObject({ from: frame.from, lamport: frame.lamport, message: frame.message })
      else expect(other).toEqual(frame)
      if (frame.arrivedLamport !== undefined) expect(frame.arrivedLamport).toBeGreaterThan(frame.lamport)
    }
    const kinds = () => new Set([...atAna.frames().values()].map(({ message }) => message))
    await until('all that a room says was seen', () =>
      (['token', 'blocks', 'durable', 'status', 'ping', 'pong'] as const).every((kind) => kinds().has(kind)),
    )
    const blocks = atAna.steps.flatMap((step) => (step.kind === 'block' ? [step.index] : []))
    expect(blocks.length).toBeGreaterThan(0)
    expect(blocks).toEqual(blocks.map((_, i) => (blocks[0] as number) + i))
  })

  it('gives each event of one peer a clock of its own: sendings and arrivals count one by one', async () => {
    const [ana, bob] = (await startRoom(3)) as [Peer, Peer, Peer]
    const seen = watch(ana)
    await openWith(ana, 'ana', 10_000)
    const own = ana.status().self
    const ownFrames = () => [...seen.frames().values()].filter(({ from, to }) => from === own || to === own)
    await until('much has happened', () => ownFrames().length >= 100)
    // One sending may go to several, under one time.
    const sent = new Set(ownFrames().flatMap(({ from, lamport }) => (from === own ? [lamport] : [])))
    const arrived = ownFrames().flatMap(({ to, arrivedLamport = 0 }) =>
      to === own && arrivedLamport > 0 ? [arrivedLamport] : [],
    )
    expect(new Set([...sent, ...arrived]).size).toBe(sent.size + arrived.length)
    expect(bob.status().role).toBe('member')
  })

  it('shows a message in full at its ends, in short elsewhere, and stops recording when nobody watches', async () => {
    const [ana, bob] = (await startRoom(3)) as [Peer, Peer, Peer]
    const seen = watch(ana)
    const self = ana.status().self
    const tokenOf = (isOwn: boolean) =>
      [...seen.frames().values()].find(({ message, from, to }) => message === 'token' && [from, to].includes(self) === isOwn)
    await until('tokens were seen', () => tokenOf(true) !== undefined && tokenOf(false) !== undefined)
    const own = ana.ringFrame(tokenOf(true)?.id ?? '')
    expect(own).toMatchObject({ message: 'token', fields: { turn: tokenOf(true)?.turn, head: { index: expect.any(Number) } } })
    expect(own?.hex).toHaveLength(2 * (own?.bytes ?? 0))
    expect(ana.ringFrame(tokenOf(false)?.id ?? '')).toMatchObject({
      message: 'token',
      hex: '',
      fields: { turn: tokenOf(false)?.turn },
    })
    expect(bob.ringFrame(tokenOf(true)?.id ?? '')).toBeUndefined()
    seen.stop()
    const told = seen.steps.length
    expect(ana.ringFrame(own?.id ?? '')).toBeUndefined()
    const { turn } = ana.status()
    await until('the token goes on', () => ana.status().turn > turn + 3)
    expect(seen.steps).toHaveLength(told)
  })

  it('goes on through a new epoch when a member dies, and the token is never told to go back', async () => {
    rig = createRig()
    const cleo = rig.machine('Cleo')
    const ana = await rig.machine('Ana').start({ entry: { kind: 'create' } })
    const bob = await rig.machine('Bob').start()
    await cleo.start()
    await until('all are members', () => [ana, bob].every((peer) => peer.status().members.length === 3))
    const seen = watch(ana)
    await until('the token is seen', () => turnsOf(seen).length > 5)
    await cleo.crash()
    await until('two are left', () => [ana, bob].every((peer) => peer.status().members.length === 2))
    await until(
      'the token goes round in the new epoch',
      () => turnsOf(seen).filter(({ epoch }) => epoch === ana.status().epoch).length > 5,
    )
    const places = turnsOf(seen).map(({ epoch, turn }) => Number.parseInt(epoch, 10) * 100_000 + turn)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
  })
})

describe('somebody who knows the code and lies', () => {
  it('on the topic lab brings nothing down, moves no clock, and is named', async () => {
    const [ana, bob, cleo] = (await startRoom(3)) as [Peer, Peer, Peer]
    const seen = watch(ana)
    await until('the others record', () => seen.steps.some((step) => step.kind === 'recorders' && step.peers.length === 3))
    const station = await startStation(ana, () => {})
    const liar = station.self
    const { time, lamport } = ana.status()
    const record = {
      ...{
        message: 'token',
        lamport: 2 ** 47,
        at: time,
        epoch: { number: 2 ** 47, initiator: liar },
        turn: 2 ** 47,
        block: 2 ** 47,
      },
      ...{ bytes: 1, wanting: [], way: 'sent', to: bob.status().self, topic: undefined },
    } as const
    const told = seen.frames().size
    for (let i = 0; i < 200; i++) {
      station.gossip('lab', encodeLabFrame({ kind: 'records', missed: 2 ** 40, records: Array(250).fill(record) }))
      station.gossip('lab', Uint8Array.of(0x4c, 2, 1, i))
      station.gossip('lab', encodeLabFrame({ kind: 'watch' }))
    }
    await until('the liar is named', () => ana.peers().some(({ peer, refused }) => peer === liar && refused !== undefined))
    await openWith(cleo, 'cleo', 100)
    await until('the room goes on to be told', () => seen.frames().size > told + 50)
    for (const peer of [ana, bob, cleo]) {
      expect(peer.status()).toMatchObject({ role: 'member', trouble: undefined })
      expect(peer.status().lamport).toBeLessThan(lamport + 100_000)
    }
    expect([...seen.frames().values()].filter(({ from, to }) => from === liar || to === liar)).toEqual([])
    const missed = seen.steps.reduce((sum, step) => sum + (step.kind === 'missed' ? step.count : 0), 0)
    expect(missed).toBeLessThan(20 * 1_000_000)
    await station.stop()
  })

  it('may watch without being a member, as those do who are still learning the room', async () => {
    const [ana, bob] = (await startRoom(2)) as [Peer, Peer]
    const recorders = new Set<PeerId>()
    const station = await startStation(ana, (from, topic) => {
      if (topic === 'lab') recorders.add(from)
    })
    station.gossip('lab', encodeLabFrame({ kind: 'watch' }))
    await until('both record', () => [ana, bob].every((peer) => recorders.has(peer.status().self)))
    await station.stop()
  })
})

/** Somebody who knows the room's code, and is connected with `peer`, but asks for nothing else. */
async function startStation(peer: Peer, hear: (from: PeerId, topic: Topic) => void): Promise<Transport> {
  const { self } = rig.machine('Stranger').identity
  const station = rig.hub.transport(self)
  const nothing = () => {}
  await station.start({
    onConnected: nothing,
    onDisconnected: nothing,
    isUnlimited: () => true,
    onFrame: nothing,
    onGossip(from, topic) {
      hear(from, topic)
      return 'accept'
    },
    onSighted: nothing,
    onTrouble: nothing,
  })
  station.setHello(Uint8Array.of(0))
  station.enterRoom(peer.status().room.id)
  await until('the stranger is connected', () => peer.peers().some((other) => other.peer === self && other.connected))
  return station
}
