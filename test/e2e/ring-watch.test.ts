import { expect, onTestFinished, test } from 'vitest'
import type { RingStepView } from '../../src/api/views.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { encodeLabFrame } from '../../src/peer/lab-frame.ts'
import { startHostilePeer } from '../support/hostile-peer.ts'
import { openAccounts } from './accounts.ts'
import { pay } from './payments.ts'
import { allMembers, type PeerProcess, roomCode, startRoom, statusOf, stopAll, until } from './room.ts'

type FrameView = Extract<RingStepView, { kind: 'frame' }>

/** All that a peer tells of its ring from now on. */
async function watch({ api }: PeerProcess): Promise<RingStepView[]> {
  const told: RingStepView[] = []
  const leaving = new AbortController()
  const steps = await api.ring.watch(undefined, { signal: leaving.signal })
  const reading = (async () => {
    for await (const step of steps) told.push(step)
  })().catch(() => {})
  onTestFinished(async () => {
    leaving.abort()
    await reading
  })
  return told
}

const tokensIn = (told: readonly RingStepView[]) => told.flatMap((step) => (step.kind === 'token' ? [step] : []))
const recordersIn = (told: readonly RingStepView[]) => told.findLast((step) => step.kind === 'recorders')?.peers ?? []

/** Messages of which both ends are known, by id. */
function wholeIn(told: readonly RingStepView[]): ReadonlyMap<string, FrameView> {
  const [once, twice] = [new Set<string>(), new Map<string, FrameView>()]
  for (const step of told) {
    if (step.kind !== 'frame') continue
    if (once.has(step.id)) twice.set(step.id, step)
    once.add(step.id)
  }
  return twice
}

test('two screens see one ring: tokens in order, and of each message the same two ends', async () => {
  const peers = await startRoom()
  const [ana, bob, cleo] = peers
  await openAccounts(peers)
  const [atAna, atBob] = [await watch(ana), await watch(bob)]
  await until('all record for both', async () => [atAna, atBob].every((told) => recordersIn(told).length === 3))
  for (let i = 0; i < 20; i++) await pay(cleo.api, { from: 'cleo', to: 'ana', amount: '0.01', requestId: `paid-${i}` })
  await until('the token was seen to move', async () => tokensIn(atAna).length >= 20)

  const turns = tokensIn(atAna).map(({ turn }) => turn)
  expect(turns).toEqual([...new Set(turns)].sort((a, b) => a - b))
  const { self } = await statusOf(cleo)
  const ofCleo = (): FrameView[] =>
    [...wholeIn(atAna).values()].filter(({ id, from, to }) => [from, to].includes(self) && to !== '' && wholeIn(atBob).has(id))
  await until('many messages are known at both screens', async () => ofCleo().length >= 40)
  for (const frame of ofCleo()) {
    expect(wholeIn(atBob).get(frame.id)).toEqual(frame)
    expect(frame.arrivedAt).toBeGreaterThanOrEqual(frame.at)
    expect(frame.arrivedLamport).toBeGreaterThan(frame.lamport)
  }
  // What passes between the two others is known here only by their records; what this peer sent itself, to the last byte.
  const { self: own } = await statusOf(ana)
  const tokenOf = (isOwn: boolean): Promise<FrameView> =>
    until('a token was seen', async () =>
      ofCleo().findLast(({ from, to, message }) => message === 'token' && [from, to].includes(own) === isOwn),
    )
  const [near, far] = [await tokenOf(true), await tokenOf(false)]
  expect(await ana.api.ring.frame({ id: near.id })).toMatchObject({ message: 'token', hex: expect.stringMatching(/^02/) })
  expect(await ana.api.ring.frame({ id: far.id })).toMatchObject({ message: 'token', hex: '', fields: { turn: far.turn } })
  await stopAll(peers)
})

test('whoever knows the code and lies on the topic lab shows nothing, harms nothing, and is named', async () => {
  const peers = await startRoom()
  const [ana, bob, cleo] = peers
  await openAccounts(peers)
  const told = await watch(ana)
  await until('all record', async () => recordersIn(told).length === 3)
  const hostile = await startHostilePeer({ room: { name: 'classroom', code: roomCode }, address: ana.address })
  onTestFinished(() => hostile.stop())
  const members = await Promise.all(peers.map(statusOf))
  await until('it is connected with all', async () => members.every(({ self }) => hostile.isConnected(self as PeerId)))
  const { epoch, members: ids } = await hostile.look()
  const { time, turn } = await statusOf(ana)
  const facts = { message: 'token', at: time, block: 2 ** 47, bytes: 1, wanting: [], way: 'sent', topic: undefined } as const
  const lies = ids.flatMap((to) => [
    { ...facts, to, lamport: 2 ** 47, epoch: { number: 2 ** 47, initiator: hostile.self }, turn: 2 ** 47 },
    { ...facts, to, lamport: 7, block: 1, epoch, turn: turn + 50 },
  ])
  for (let i = 0; i < 5; i++) {
    hostile.publishBytes('lab', encodeLabFrame({ kind: 'watch' }))
    hostile.publishBytes('lab', encodeLabFrame({ kind: 'records', missed: 3, records: lies }))
    hostile.publishBytes('lab', Uint8Array.of(0x4c, 2, 1, i))
  }
  await until('it is named', async () =>
    (await ana.api.peers()).some(({ peer, refused }) => peer === hostile.self && refused !== undefined),
  )

  for (let i = 0; i < 10; i++) await pay(bob.api, { from: 'bob', to: 'cleo', amount: '0.01', requestId: `after-${i}` })
  const seen = tokensIn(told).length
  await until('the true token is still told', async () => tokensIn(told).length > seen + 10)
  expect(tokensIn(told).filter(({ from, to }) => [from, to].includes(hostile.self))).toEqual([])
  for (const { epoch: now } of tokensIn(told)) expect(now).toBe(members[0]?.epoch)
  await allMembers(peers)
  expect((await statusOf(cleo)).lamport).toBeLessThan(1_000_000)
  await hostile.stop()
  await stopAll(peers)
})
