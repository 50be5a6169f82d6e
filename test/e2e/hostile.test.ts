import { isDeepStrictEqual } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { PeerView } from '../../src/api/views.ts'
import { frameBytesMax, wireVersion } from '../../src/core/limits.ts'
import { createRandom } from '../../src/core/random.ts'
import { headOf } from '../../src/ring/block.ts'
import { encodeFrame, type Message, topicOf } from '../../src/ring/message.ts'
import { run } from '../cli/run.ts'
import { edges, messagesOf, noHash, ownBlock, ownView, variantsOf } from '../support/hostile-messages.ts'
import { type HostilePeer, type Sight, sendCutFrames, startHostilePeer } from '../support/hostile-peer.ts'
import { accounts, balancesOf, openAccounts } from './accounts.ts'
import { pay } from './payments.ts'
import { allMembers, call, kill, type PeerProcess, restart, roomCode, sameState, startRoom, statusOf, until } from './room.ts'

/** The room that is attacked, and who attacks it. */
interface Attack {
  readonly peers: readonly PeerProcess[]
  readonly hostile: HostilePeer
  readonly sight: Sight
}

const whatIs = { name: 'classroom', code: roomCode }

async function startHostile(peer: PeerProcess): Promise<HostilePeer> {
  const hostile = await startHostilePeer({ room: whatIs, address: peer.address })
  onTestFinished(() => hostile.stop())
  return hostile
}

/** Everybody is a member of the epoch that was, and works: each commits a payment. */
async function expectUnharmed(what: string, peers: readonly PeerProcess[], epoch: string | undefined): Promise<void> {
  await payEach(peers, `after-${what}`)
  const all = await Promise.all(peers.map(statusOf))
  const members = all.map(({ self }) => self).sort()
  for (const status of all) {
    expect([what, status.name, status.role, [...status.members].sort()]).toEqual([what, status.name, 'member', members])
    if (epoch !== undefined) expect([what, status.name, status.epoch]).toEqual([what, status.name, epoch])
  }
}

/** A cent from each to the next, once it is committed. */
async function payEach(peers: readonly PeerProcess[], requestId: string): Promise<void> {
  for (const [index, { api }] of peers.entries()) {
    const [from, to] = [accounts[index] as string, accounts[(index + 1) % peers.length] as string]
    await pay(api, { from, to, amount: '0.01', requestId })
  }
}

/** Each message to each member, and on topics; each with Lamport times at the edges, too. Done when all of it was looked at. */
async function sayToAll({ peers, hostile, sight }: Attack, messages: readonly Message[]): Promise<void> {
  for (const to of sight.members) {
    for (const message of messages) hostile.send(to, message)
    const [first] = messages
    if (first !== undefined) for (const lamport of edges) hostile.send(to, first, lamport)
  }
  for (const message of messages) {
    hostile.publish(topicOf(message) ?? 'ring', message)
    if (message.kind === 'blocks') hostile.publish('log', message)
  }
  expect(sight.members).toHaveLength(peers.length)
  for (const to of sight.members) await hostile.settle(to)
}

/** Of the newest view and head, by a liar who says more than one message: in the order in which an initiator would. */
function takeover(sight: Sight, hostile: HostilePeer): readonly Message[] {
  const viewBlock = ownView(sight, hostile, [hostile.self])
  const { epoch } = viewBlock
  const commit = { index: viewBlock.index, hash: viewBlock.hash }
  const status = { ...messagesOf(sight, hostile).status, epoch, promised: epoch, commit, durable: commit }
  return [
    { kind: 'prepare', epoch, views: [sight.viewBlock, viewBlock] },
    { kind: 'install', epoch, viewBlock },
    { kind: 'activated', epoch, commit },
    { ...status, persistedCommit: { epoch, index: viewBlock.index } },
    { kind: 'fetched', what: 'committed', blocks: [viewBlock], commit: headOf(viewBlock), head: headOf(viewBlock) },
  ]
}

function forgedTokens(sight: Sight, hostile: HostilePeer): readonly Message[] {
  const { token } = messagesOf(sight, hostile)
  const here = headOf(sight.head)
  return [
    { ...token, head: here, blocks: [] },
    { ...token, turn: token.turn + 1_000, head: here, blocks: [] },
    { ...token, turn: token.turn + 1_000, head: { ...here, hash: noHash }, blocks: [] },
  ]
}

/** Far ahead by its own word; whoever asks is given a chain that its sender has made. */
function offerForgedChain(sight: Sight, hostile: HostilePeer): Message {
  const viewBlock = ownView(sight, hostile, [hostile.self, ...sight.members])
  const far = { epoch: viewBlock.epoch, index: sight.head.index + 100_000, hash: noHash }
  hostile.answerWith((_from, message) =>
    message.kind === 'fetch'
      ? [{ kind: 'fetched', what: message.what, blocks: [viewBlock, ownBlock(sight, hostile)], commit: far, head: far }]
      : [],
  )
  const commit = { index: far.index, hash: far.hash }
  const { status } = messagesOf(sight, hostile)
  return { ...status, epoch: far.epoch, promised: far.epoch, commit, durable: commit, persistedCommit: far }
}

/** Bytes that are no frame: every beginning of a frame, every byte after a kind, and noise. Each of this wire version. */
function garbage(sight: Sight, hostile: HostilePeer): readonly Uint8Array[] {
  const random = createRandom(7)
  const frames = Object.values(messagesOf(sight, hostile)).map((message) => encodeFrame(1, message))
  const beginnings = frames.flatMap((frame) => [1, 2, 3, 4, 8, frame.length - 1].map((length) => frame.subarray(0, length)))
  const longer = frames.map((frame) => Uint8Array.of(...frame, 0))
  const noise = Array.from({ length: 64 }, () => {
    const bytes = Uint8Array.from({ length: 1 + random.below(200) }, () => random.below(256))
    bytes[0] = wireVersion
    return bytes
  })
  return [new Uint8Array(), ...beginnings, ...longer, ...noise]
}

/** What a peer's pane accuses another one of, which is told by the end of its id. */
const linesAbout = (culprit: string, written: string): readonly string[] =>
  written.split('\n').filter((line) => new RegExp(`\\b${culprit.slice(-6)}\\)? says`).test(line))

async function expectShownAsRefused(peers: readonly PeerProcess[], culprit: string): Promise<void> {
  for (const peer of peers) {
    const shown = (await call<PeerView[]>(peer, 'peers')).find((one) => one.peer === culprit)
    expect([peer.name, shown]).toEqual([
      peer.name,
      expect.objectContaining({ member: false, refused: { reason: expect.stringMatching(/\w/), count: expect.any(Number) } }),
    ])
    expect(shown?.refused?.count).toBeGreaterThan(0)
  }
}

async function expectGoodLogs(peers: readonly PeerProcess[]): Promise<void> {
  for (const { name, profile } of peers) {
    const verified = await run(['log', 'verify', '--profile', profile])
    expect([name, verified]).toEqual([name, expect.objectContaining({ exitCode: 0 })])
  }
}

test('whatever somebody says who only knows the room code, the room works on, names the culprit, and starts again as it was', async () => {
  const peers = await startRoom()
  await openAccounts(peers)
  const { epoch } = await statusOf(peers[0])
  const hostile = await startHostile(peers[0])
  const attack = async (): Promise<Attack> => ({ peers, hostile, sight: await hostile.look() })

  const { sight: first } = await attack()
  for (const kind of Object.keys(messagesOf(first, hostile)) as Message['kind'][]) {
    // Honest or not, a request is served: it comes last, since it may bring about an epoch.
    if (kind === 'request') continue
    const { sight } = await attack()
    const message = messagesOf(sight, hostile)[kind]
    await sayToAll({ peers, hostile, sight }, [message, ...variantsOf(message, sight, hostile)])
    await expectUnharmed(kind, peers, epoch)
  }

  const { sight } = await attack()
  await sayToAll({ peers, hostile, sight }, takeover(sight, hostile))
  await expectUnharmed('takeover', peers, epoch)
  await sayToAll(await attack(), forgedTokens(sight, hostile))
  await expectUnharmed('forged-token', peers, epoch)
  await sayToAll(await attack(), [offerForgedChain(sight, hostile)])
  await expectUnharmed('forged-chain', peers, epoch)
  hostile.answerWith(() => [])

  for (const to of sight.members) {
    for (const bytes of garbage(sight, hostile)) {
      hostile.sendBytes(to, bytes)
      hostile.publishBytes('ring', bytes)
      hostile.publishBytes('log', bytes)
    }
    // A hello that cannot be read: from then on its sender is in no room, until it greets again.
    hostile.sendBytes(to, Uint8Array.of(0, 255, 255))
    hostile.greet(to)
    hostile.sendBytes(to, new Uint8Array(frameBytesMax + 1))
    hostile.greet(to)
    await hostile.settle(to)
    void hostile.sendBulk(to, new Uint8Array(frameBytesMax + 1))
    await hostile.settle(to)
  }
  await expectUnharmed('garbage', peers, epoch)
  const cutters = await Promise.all(peers.map(({ address }) => sendCutFrames({ room: whatIs, address })))
  await expectUnharmed('cut-frames', peers, epoch)

  const request = messagesOf(sight, hostile).request
  await sayToAll(await attack(), [request, ...variantsOf(request, sight, hostile)])
  await allMembers(peers)
  await expectUnharmed('request', peers, undefined)

  await expectShownAsRefused(peers, hostile.self)
  for (const [index, cutter] of cutters.entries()) await expectShownAsRefused([peers[index] as PeerProcess], cutter)
  await sameState(peers)
  const balances = await balancesOf(peers[0])
  await Promise.all(peers.map(kill))
  for (const [index, { name, running }] of peers.entries()) {
    const { out, errors } = await running.finished
    for (const culprit of [hostile.self, cutters[index] as string]) {
      const lines = linesAbout(culprit, out + errors)
      expect([name, lines]).toEqual([name, [expect.stringMatching(/refused/)]])
    }
  }
  await expectGoodLogs(peers)

  const back = await restart(peers[0])
  const others = await Promise.all(peers.slice(1).map((peer) => restart(peer, '--bootstrap', back.address)))
  const everyone = [back, ...others]
  await allMembers(everyone)
  await sameState(everyone)
  // What the first start knew to be committed is so again as soon as the new epoch is active everywhere.
  await until('everybody has what it had', async () => {
    const all = await Promise.all(everyone.map(balancesOf))
    return all.every((one) => isDeepStrictEqual(one, balances))
  })
  await expectUnharmed('restart', everyone, undefined)
  await expectGoodLogs(everyone)
})

test('who asks to join and promises a head that nobody has costs the room no payment, and ends outside', async () => {
  const peers = await startRoom()
  await openAccounts(peers)
  const hostile = await startHostile(peers[0])
  const sight = await hostile.look()
  hostile.answerWith((_from, message) => {
    if (message.kind !== 'prepare') return []
    const far = { ...message.epoch, number: message.epoch.number + 2 ** 19 }
    const head = { epoch: far, index: sight.head.index + 2 ** 30, hash: noHash }
    return [{ kind: 'promise', epoch: message.epoch, head, commit: { index: head.index, hash: noHash } }]
  })
  const join: Message = { kind: 'request', purpose: 'join', above: sight.epoch, loss: undefined }
  await until('somebody asks for its promise', async () => {
    for (const to of sight.members) hostile.send(to, join)
    return hostile.heard('prepare') > 0
  })
  await payEach(peers, 'joining')
  await allMembers(peers)
  await expectUnharmed('join', peers, undefined)
})

test('who was a member once and is out cannot stop the room with the view that it was in', async () => {
  const peers = await startRoom()
  await openAccounts(peers)
  const hostile = await startHostile(peers[0])
  const before = await hostile.look()
  hostile.answerWith((_from, message) => {
    if (message.kind === 'prepare') {
      const { head } = before
      return [{ kind: 'promise', epoch: message.epoch, head: headOf(head), commit: { index: head.index, hash: head.hash } }]
    }
    return message.kind === 'install' ? [{ kind: 'installed', epoch: message.epoch }] : []
  })
  const join: Message = { kind: 'request', purpose: 'join', above: before.epoch, loss: undefined }
  const inside = await until('it is a member', async () => {
    for (const to of before.members) hostile.send(to, join)
    const sight = await hostile.look()
    return sight.members.includes(hostile.self) ? sight : undefined
  })
  hostile.answerWith(() => [])
  await allMembers(peers)

  const { epoch } = await statusOf(peers[0])
  const now = await hostile.look()
  const next = { number: now.epoch.number + 1, initiator: hostile.self }
  await sayToAll({ peers, hostile, sight: now }, [{ kind: 'prepare', epoch: next, views: [inside.viewBlock] }])
  await expectUnharmed('old-view', peers, epoch)
})
