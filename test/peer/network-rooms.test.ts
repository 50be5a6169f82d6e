import { describe, expect, it } from 'vitest'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { encodeCopyNotice, isCopyNotice, readCopyNotice } from '../../src/peer/copy-notice.ts'
import { toStored } from '../../src/peer/disk.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeFrame, encodeFrame } from '../../src/ring/message.ts'
import { until } from '../support/wait.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { opsAfter } from './log-of-blocks.ts'
import { createNetworkRig, elsewhere, genesis, hello, here, other, peer, self } from './network-rig.ts'
import { createTestClock } from './test-clock.ts'

describe('a peer that looks for a room', () => {
  it('takes one that holds fast before others, and of these the one to which the others give way', async () => {
    const { network, events } = createNetworkRig({ enters: false })
    const rooms = ['5', '3', '7', '6'].map((digit) => digit.repeat(64) as RoomId)
    const peers = ['A', 'B', 'C', 'D'].map(peerNamed)
    const histories = [false, false, true, true]
    const best = async (except: readonly PeerId[] = []) =>
      (await network.look(performance.now() + 5, ({ peer }) => !except.includes(peer)))?.room.id.slice(0, 1)
    expect(await best()).toBeUndefined()
    const found: (string | undefined)[] = []
    for (const [at, one] of peers.entries()) {
      events.onConnected(one, hello(rooms[at], histories[at]))
      found.push(await best())
    }
    expect(found).toEqual(['5', '3', '7', '7'])
    expect(await best(peers.slice(2, 3))).toBe('6')
    expect(await best(peers.slice(2))).toBe('3')
    expect(await best(peers)).toBeUndefined()
  })

  it('waits for the first that comes', async () => {
    const { network, events } = createNetworkRig({ enters: false })
    const looking = network.look(performance.now() + 20_000, () => true)
    events.onConnected(other, hello(undefined))
    events.onConnected(peer, hello(here))
    expect((await looking)?.peer).toBe(peer)
  })

  it('leaves no timer once it has found one, or its time is over', async () => {
    const { clock, timers, moveTo } = createTestClock()
    const { network, events } = createNetworkRig({ enters: false, clock })
    const inVain = network.look(1_000, () => true)
    moveTo(1_000)
    expect([await inVain, timers()]).toEqual([undefined, 0])
    const looking = network.look(2_000, () => true)
    events.onConnected(peer, hello(here))
    expect([(await looking)?.peer, timers()]).toEqual([peer, 0])
  })

  it('looks at no room any more once it has found one, or its time is over', async () => {
    const { network, events } = createNetworkRig({ enters: false })
    const asked: string[] = []
    const look = (name: string, millis: number, isIt: boolean) =>
      network.look(performance.now() + millis, () => {
        asked.push(name)
        return isIt
      })
    const finds = look('finds', 20_000, true)
    const hurries = look('hurries', 1, false)
    const waits = network.look(performance.now() + 20_000, (found) => found.peer === other)
    events.onConnected(peer, hello(here))
    await Promise.all([finds, hurries])
    const before = asked.length
    expect(new Set(asked)).toEqual(new Set(['finds', 'hurries']))
    events.onConnected(other, hello(elsewhere))
    expect(asked.length).toBe(before)
    // Whoever still looks is not forgotten with them.
    expect((await waits)?.peer).toBe(other)
  })
})

describe('the genesis block', () => {
  it('is asked for, and taken from the one who was asked, if it is that room’s', async () => {
    const { network, events, bulk, logger } = createNetworkRig({ enters: false })
    const commit = headOf(genesis)
    const given = encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [genesis], commit, head: commit })
    events.onConnected(peer, hello(here))
    const asked = network.fetchBeginning(peer, here, false)
    expect(bulk().map(({ to }) => to)).toEqual([peer])
    events.onFrame(other, given)
    events.onFrame(peer, given)
    expect((await asked)?.map(({ hash }) => hash)).toEqual([genesis.hash])
    const wrong = network.fetchBeginning(peer, elsewhere, false)
    events.onFrame(peer, given)
    expect(await wrong).toBeUndefined()
    const reason = 'its genesis block is of another room'
    expect(logger.warnings.map(({ facts }) => facts)).toEqual([{ peer, room: elsewhere, reason }])
    expect([...network.scene().refused]).toEqual([[peer, reason]])
    const gone = network.fetchBeginning(peer, here, false)
    events.onDisconnected(peer, false)
    // At once: nobody is left to wait for.
    const later = new Promise((resolve) => setImmediate(() => resolve('still waits')))
    expect(await Promise.race([gone, later])).toBeUndefined()
  })

  it('is waited for three seconds, and no timer is left once it came', async () => {
    const { clock, timers, moveTo } = createTestClock()
    const { network, events } = createNetworkRig({ enters: false, clock })
    const head = headOf(genesis)
    events.onConnected(peer, hello(here))
    const late = network.fetchBeginning(peer, here, false)
    moveTo(2_999)
    expect(timers()).toBe(1)
    moveTo(3_000)
    expect([await late, timers()]).toEqual([undefined, 0])
    const asked = network.fetchBeginning(peer, here, false)
    events.onFrame(peer, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [genesis], commit: head, head }))
    expect([(await asked)?.length, timers()]).toEqual([1, 0])
  })

  it('is not waited for where an answer holds nothing: who gave that is named at once', async () => {
    const { clock, timers } = createTestClock()
    const { network, events } = createNetworkRig({ enters: false, clock })
    const head = headOf(genesis)
    events.onConnected(peer, hello(here))
    const asked = network.fetchBeginning(peer, here, false)
    events.onFrame(peer, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [], commit: head, head }))
    expect(timers()).toBe(0)
    expect(await asked).toBeUndefined()
    expect([...network.scene().refused.keys()]).toEqual([peer])
  })

  it('that two wait for at the same time comes to both', async () => {
    const { network, events } = createNetworkRig({ enters: false })
    const head = headOf(genesis)
    events.onConnected(peer, hello(here))
    const answers: unknown[] = []
    const asks = [0, 1].map((ask) =>
      network.fetchBeginning(peer, here, false).then((blocks) => {
        answers.push([ask, blocks?.[0]?.hash])
      }),
    )
    events.onFrame(peer, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [genesis], commit: head, head }))
    await Promise.all(asks)
    expect(answers).toEqual([
      [0, genesis.hash],
      [1, genesis.hash],
    ])
  })

  it('is all that a peer outside the room is given, one at a time', async () => {
    const { events, bulk, drains, frames } = createNetworkRig()
    const ask = encodeFrame(1, { kind: 'fetch', what: 'committed', from: 0 })
    events.onConnected(peer, hello(undefined))
    for (let times = 0; times < 5; times++) events.onFrame(peer, ask)
    events.onFrame(peer, encodeFrame(1, { kind: 'ping', nonce: 1 }))
    expect([bulk().length, frames.length]).toEqual([1, 0])
    const answer = decodeFrame(bulk()[0]?.frame as Uint8Array, createKeyedCrypto(peer))
    expect(answer).toMatchObject({ message: { kind: 'fetched', blocks: [{ index: 0, hash: genesis.hash }] } })
    drains[0]?.()
    await until('it may ask again', () => {
      events.onFrame(peer, ask)
      return bulk().length === 2
    })
  })
})

describe('the state behind a genesis block', () => {
  const ask = (from: number): Uint8Array => encodeFrame(1, { kind: 'fetch', what: 'committed', from })
  const blocks: Block[] = [genesis]
  while (blocks.length < 5) blocks.push(opsAfter(blocks.at(-1) as Block, self, blocks.length))
  const given = (rig: ReturnType<typeof createNetworkRig>) =>
    rig.bulk().map(({ frame }) => {
      const decoded = decodeFrame(frame, createKeyedCrypto(peer))
      return decoded.kind === 'frame' && decoded.message.kind === 'fetched' && decoded.message.blocks.map(({ index }) => index)
    })

  it('is given to a peer outside the room from the part on that it asks for, as far as it goes, and nothing behind it', async () => {
    const rig = createNetworkRig({ parts: 3 })
    await rig.store.open()
    await rig.store.write({ cutFrom: undefined, blocks: blocks.map(toStored), values: [], meta: Uint8Array.of() })
    rig.events.onConnected(peer, hello(undefined))
    rig.events.onFrame(peer, ask(4))
    rig.events.onFrame(peer, ask(2))
    await until('it is given', () => rig.bulk().length > 0)
    expect(given(rig)).toEqual([[2, 3]])
    const answer = decodeFrame(rig.bulk()[0]?.frame as Uint8Array, createKeyedCrypto(peer))
    const last = headOf(blocks[3] as Block)
    expect(answer).toMatchObject({ message: { commit: last, head: last } })
    rig.drains[0]?.()
    await until('it may ask for the last', () => {
      rig.events.onFrame(peer, ask(3))
      return rig.bulk().length === 2
    })
    expect(given(rig)[1]).toEqual([3])
  })

  it('is none in a room that began without any: nothing behind its genesis block is for a peer outside', async () => {
    const rig = createNetworkRig()
    await rig.store.open()
    await rig.store.write({ cutFrom: undefined, blocks: blocks.map(toStored), values: [], meta: Uint8Array.of() })
    rig.events.onConnected(peer, hello(undefined))
    rig.events.onFrame(peer, ask(1))
    await new Promise((resolve) => setImmediate(resolve))
    rig.events.onFrame(peer, ask(0))
    expect(given(rig)).toEqual([[0]])
  })

  it('that cannot be read leaves the way free for the next question', async () => {
    const rig = createNetworkRig({ parts: 3 })
    rig.events.onConnected(peer, hello(undefined))
    rig.events.onFrame(peer, ask(1))
    await new Promise((resolve) => setImmediate(resolve))
    rig.events.onFrame(peer, ask(0))
    expect(given(rig)).toEqual([[0]])
    expect(rig.logger.warnings.map(({ facts }) => facts)).toEqual([{ from: 1, error: expect.anything() }])
  })
})

describe('word of a copy', () => {
  const notice = (of: PeerId, room = here, incarnation = 3, signer = of): Uint8Array =>
    encodeCopyNotice({ peer: of, room, incarnation }, createKeyedCrypto(signer))

  it('is kept for the peer that left it, and handed on whenever it is connected, whoever of the two that is', () => {
    const { events, sent, news } = createNetworkRig()
    events.onConnected(peer, hello(here))
    events.onFrame(peer, notice(peer))
    const handedOn = () => sent.filter(({ to, frame }) => to === peer && isCopyNotice(frame)).length
    expect(handedOn()).toBe(2)
    events.onDisconnected(peer, false)
    events.onConnected(peer, hello(here))
    expect([handedOn(), news.some(({ kind }) => kind === 'copied')]).toEqual([3, false])
  })

  it('is kept for sixteen peers, those that left it last', () => {
    const { events, sent } = createNetworkRig()
    const peers = [...'ABCDEFGHJKLMNPQRT'].map((letter) => peerNamed(letter))
    for (const one of peers) events.onFrame(one, notice(one))
    // Whoever leaves it again is the last one.
    events.onFrame(peers[1] as PeerId, notice(peers[1] as PeerId))
    events.onFrame(peerNamed('U'), notice(peerNamed('U')))
    const before = sent.length
    for (const one of peers) events.onConnected(one, hello(here))
    const notices = sent.slice(before).filter(({ frame }) => isCopyNotice(frame))
    expect(notices.map(({ to }) => to)).toEqual([peers[1], ...peers.slice(3)])
  })

  it('is nothing to the one that has stopped', () => {
    const { events, news, view } = createNetworkRig()
    view.stopped = { kind: 'left' }
    events.onFrame(peer, notice(self))
    expect(news.some(({ kind }) => kind === 'copied')).toBe(false)
  })

  it('is told to the one that goes on, in that very life, and goes no further', () => {
    const { events, sent, news, frames } = createNetworkRig()
    events.onConnected(peer, hello(here))
    const before = sent.length
    events.onFrame(peer, notice(self))
    expect(news.filter(({ kind }) => kind === 'copied')).toEqual([{ kind: 'copied', incarnation: 3 }])
    expect([sent.length, frames.length]).toEqual([before, 0])
  })

  it.each([
    ['of another life', notice(self, here, 2)],
    ['of another room', notice(self, elsewhere)],
    ['of another peer', notice(other)],
    ['that somebody else signed', notice(self, here, 3, peer)],
    ['cut short', notice(self).subarray(0, -1)],
    ['with more behind it', Uint8Array.of(...notice(self), 0)],
    ['that is nothing else', Uint8Array.of(0x43)],
  ])('%s is nothing to it', (_what, frame) => {
    const { events, sent, news } = createNetworkRig()
    events.onConnected(peer, hello(here))
    const before = sent.length
    events.onFrame(peer, frame)
    expect([news.some(({ kind }) => kind === 'copied'), sent.length]).toEqual([false, before])
  })

  it('is left with everybody who is connected by a copy that stops, before it parts', async () => {
    const { events, bulk, context, network, drains } = createNetworkRig()
    events.onConnected(peer, hello(here))
    context.tell({ kind: 'stopped', reason: { kind: 'own-later-block', which: 'twin', index: 7, incarnation: 3 } })
    expect(bulk().map(({ to, frame }) => [to, readCopyNotice(frame, createKeyedCrypto(other))])).toEqual([
      [peer, { peer: self, room: here, incarnation: 3 }],
    ])
    let hasParted = false
    const parted = network.parted().then(() => {
      hasParted = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(hasParted).toBe(false)
    drains[0]?.()
    await parted
  })
  it('that hangs holds up nobody who parts for more than a second', async () => {
    const { clock, moveTo, timers } = createTestClock()
    const { events, context, network } = createNetworkRig({ clock })
    events.onConnected(peer, hello(here))
    context.tell({ kind: 'stopped', reason: { kind: 'own-later-block', which: 'twin', index: 7, incarnation: 3 } })
    let hasParted = false
    const parted = network.parted().then(() => {
      hasParted = true
    })
    moveTo(999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(hasParted).toBe(false)
    moveTo(1_000)
    await parted
    expect(timers()).toBe(0)
  })
})

describe('another room of the same name', () => {
  const rows = [
    [true, elsewhere, true, false],
    [false, elsewhere, true, true],
    [false, '0'.repeat(64) as RoomId, false, true],
    [false, elsewhere, false, false],
    [true, here, true, false],
  ] as const
  for (const [holdsFast, room, theirs, givesWay] of rows) {
    it(`ours ${holdsFast ? 'holds fast' : 'does not hold fast'}, ${room === here ? 'it is ours' : theirs ? 'theirs does' : 'theirs does not'}: ours ${givesWay ? 'gives way' : 'stays'}`, () => {
      const { events, news } = createNetworkRig({ holdsFast })
      events.onConnected(peer, hello(room, theirs))
      expect(news.flatMap((one) => (one.kind === 'met' ? [one.found.room.id] : []))).toEqual(givesWay ? [room] : [])
    })
  }
})
