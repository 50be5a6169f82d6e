import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { LogEvent } from '../../src/core/log-events.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { encodeHello } from '../../src/peer/network.ts'
import { foundRoomOn, roomIdOf } from '../../src/peer/room.ts'
import type { Waiting } from '../../src/peer/search.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'

import { bob, bobs, createRig, diskOfAna, hello, watched } from './residence-rig.ts'

describe('a peer whose log is damaged', () => {
  const damage = new Failure('store-damaged', 'Block 3 is damaged.')
  const damaged = (options: Partial<PeerOptions> = {}) => {
    const store = createMemoryStore()
    const open = async () => ({ ...(await store.open()), damage })
    return createRig({ entry: { kind: 'look' }, ...options }, { open }, store)
  }

  it('looks for the others for ten seconds, founds nothing, and then says what is damaged', async () => {
    const rig = damaged()
    const state = watched(rig.residence.open())
    await rig.pass(9_900)
    expect(state()).toBe('under way')
    await rig.pass(600)
    expect([state(), rig.logged]).toEqual(['store-damaged', ['log-damaged']])
  })

  it('looks as long as it was told to', async () => {
    const rig = damaged({ waitMillis: 20_000 })
    const state = watched(rig.residence.open())
    await rig.pass(19_000)
    expect(state()).toBe('under way')
    await rig.pass(2_000)
    expect(state()).toBe('store-damaged')
  })

  it('whose search is called off says that', async () => {
    const calling = new AbortController()
    const rig = damaged({ signal: calling.signal })
    const state = watched(rig.residence.open())
    await rig.pass(1_000)
    expect(state()).toBe('under way')
    calling.abort()
    await rig.pass(300)
    expect(state()).toBe('stopping')
  })
})

describe('a peer whose log is gone', () => {
  const gone = new Failure('log-gone', 'The log is gone.', { folder: '/rooms/test' })
  const withoutLog = (options: Partial<PeerOptions>) => {
    const store = createMemoryStore()
    const open = async () => ({ ...(await store.open()), gone })
    const notices: (readonly string[])[] = []
    const onWaiting = (waiting: Waiting) => void notices.push(waiting.notices.map(({ code }) => code))
    return { ...createRig({ onWaiting, ...options }, { open }, store), notices }
  }

  it('founds nothing where it would have, but looks for the others for ten seconds, and then says what is gone, and for whom it looked', async () => {
    const rig = withoutLog({ entry: { kind: 'look' } })
    const opening = rig.residence.open()
    const state = watched(opening)
    await rig.pass(9_900)
    expect(state()).toBe('under way')
    await rig.pass(600)
    expect([state(), rig.logged]).toEqual(['log-gone', ['log-gone']])
    await expect(opening).rejects.toMatchObject({ facts: { folder: '/rooms/test', room: 'test', obstacles: expect.any(Array) } })
  })

  it('waits as it was told to where it is to join, and says as long as it waits what is gone', async () => {
    const rig = withoutLog({ entry: { kind: 'join', room: undefined } })
    const state = watched(rig.residence.open())
    await rig.pass(60_000)
    expect([state(), rig.logged, rig.notices[0], rig.notices.at(-1)]).toEqual([
      ...['under way', ['log-gone'], ['log-gone'], ['log-gone']],
    ])
    rig.events().onConnected(bob, hello())
    await rig.pass(500)
    rig.answer()
    await rig.pass(5_000)
    expect([state(), rig.context.notices]).toEqual(['done', [{ code: 'log-gone', text: expect.stringContaining('/rooms/test') }]])
    await rig.residence.close()
  })
})

describe('what the start found on the disk', () => {
  const rows: readonly [string, readonly LogEvent[]][] = [
    ['value-lost', ['value-lost']],
    ['older', ['log-taken-over']],
    ['ahead', ['log-ahead']],
    ['clean', []],
  ]
  it.each(rows)('is said in the log: %s', async (found, said) => {
    const { store } = await diskOfAna()
    const rig = createRig(
      { entry: { kind: 'look' } },
      { open: async () => ({ ...(await store.open()), found: found as 'clean' }) },
      store,
    )
    await rig.residence.open()
    expect(rig.logged.filter((event) => said.includes(event) || /value-lost|log-taken|log-ahead|damaged/.test(event))).toEqual(
      said,
    )
    await rig.residence.close()
  })
})

describe('a peer that has a room on its disk', () => {
  it('is in it before anybody hears of it', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'look' } }, {}, store)
    await rig.residence.open()
    expect(new Set(rig.hellos)).toEqual(new Set([room]))
    expect(rig.calls.indexOf(`enter ${room}`)).toBeGreaterThan(rig.calls.indexOf('start'))
    expect([rig.residence.session.room, rig.residence.entered]).toEqual([room, 'kept'])
    await rig.residence.close()
  })

  it('and was asked for another one tells nobody of it, and comes into the other', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'join', room: bobs.id } }, {}, store)
    const state = watched(rig.residence.open())
    await rig.pass(300)
    expect([rig.hellos.at(-1), rig.calls.includes(`enter ${room}`)]).toEqual([undefined, false])
    rig.events().onConnected(bob, hello())
    await rig.pass(300)
    rig.answer()
    await rig.pass(300)
    expect([state(), rig.residence.session.room, rig.residence.entered]).toEqual(['done', bobs.id, 'joined'])
    await rig.residence.close()
  })

  it('and was asked for that one is in it', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'join', room: room.slice(0, 8) } }, {}, store)
    await rig.residence.open()
    expect([rig.residence.session.room, rig.residence.entered]).toEqual([room, 'kept'])
    await rig.residence.close()
  })
})

describe('a peer that looks for its room', () => {
  it('leaves a large room for another one that waits, after five seconds', async () => {
    const mallory = peerNamed('C')
    const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
    const state = new Uint8Array(20 * 248 * 1024)
    const blocks = foundRoomOn(state, plan, mallory, new Uint8Array(16), 1_700_000_000_000, createKeyedCrypto(mallory))
    const [first] = blocks as [Block, ...Block[]]
    const rig = createRig({ entry: { kind: 'join', room: undefined } })
    const opened = watched(rig.residence.open())
    await rig.pass(300)
    rig.events().onConnected(mallory, hello({ id: roomIdOf(first) }))
    await rig.pass(300)
    rig.events().onConnected(bob, hello())
    const began = rig.time()
    for (let at = 0; !rig.askedOf.includes(bob); at++) {
      const block = blocks[at] as Block
      const place = headOf(block)
      const answer = { kind: 'fetched', what: 'committed', blocks: [block], commit: place, head: place } as const
      rig.events().onFrame(mallory, encodeFrame(1, answer))
      await rig.pass(500)
    }
    expect(rig.time() - began).toBeLessThan(6_000)
    rig.answer()
    await rig.pass(300)
    expect([opened(), rig.residence.session.room]).toEqual(['done', bobs.id])
    await rig.residence.close()
  })

  it('asks those first that it has not asked yet: many that give nothing keep nobody out', async () => {
    const rig = createRig({ entry: { kind: 'join', room: undefined } })
    const state = watched(rig.residence.open())
    await rig.pass(300)
    const silent = ['C', 'D', 'E', 'F', 'G', 'H'].map(peerNamed)
    // To the room with the least id all others give way.
    for (const peer of silent) rig.events().onConnected(peer, hello({ id: '00'.repeat(32) as RoomId }))
    rig.events().onConnected(bob, hello())
    await rig.pass(3_000 * silent.length + 500)
    expect(rig.askedOf).toEqual([...silent, bob])
    rig.answer()
    await rig.pass(300)
    expect([state(), rig.residence.session.room]).toEqual(['done', bobs.id])
    await rig.residence.close()
  })

  it('founds it once it has looked for so long, and says so in the log', async () => {
    const waits: Waiting[] = []
    const onWaiting = (waiting: Waiting) => void waits.push(waiting)
    const rig = createRig({ entry: { kind: 'look' }, lookMillis: 3_000, onWaiting })
    const state = watched(rig.residence.open())
    await rig.pass(2_900)
    expect([state(), waits]).toEqual(['under way', []])
    await rig.pass(400)
    expect([state(), rig.residence.entered, rig.logged.includes('room-founded')]).toEqual(['done', 'founded', true])
    await rig.residence.close()
  })

  it('says why it waits, once in ten seconds, and sooner where the reason is another one', async () => {
    const waits: string[] = []
    const onWaiting = ({ elapsed, obstacles }: Waiting) =>
      void waits.push(`${Math.round(elapsed / 1_000)} s: ${obstacles.map(({ kind }) => kind)}`)
    const rig = createRig({ entry: { kind: 'join', room: undefined }, lookMillis: 2_000, waitMillis: 30_000, onWaiting })
    const opening = rig.residence.open().catch((error: Failure) => error)
    await rig.pass(15_000)
    expect(waits).toEqual(['2 s: nobody', '12 s: nobody'])
    rig.events().onConnected(bob, encodeHello({ name: 'Bob', roomName: 'test', room: undefined }))
    await rig.pass(5_000)
    expect(waits.slice(2)).toEqual(['15 s: waits-too'])
    await rig.pass(11_000)
    expect(waits.slice(3)).toEqual(['25 s: waits-too'])
    expect(await opening).toMatchObject({ code: 'room-not-found', message: expect.stringContaining('in 30 s') })
    await rig.residence.close()
  })

  it.each([
    [undefined, false, false],
    [undefined, true, true],
    [bobs.id, false, true],
  ])('(%s) is in one that holds fast (%s), or that was chosen, for good: %s', async (room, holdsFast, isFast) => {
    const rig = createRig({ entry: { kind: 'join', room } })
    const state = watched(rig.residence.open())
    await rig.pass(100)
    rig.events().onConnected(bob, hello({ holdsFast }))
    await rig.pass(100)
    rig.answer()
    await rig.pass(100)
    expect([state(), rig.residence.session.holdsFast]).toEqual(['done', isFast])
    await rig.residence.close()
  })
})

describe('a peer that has another room on its disk than the one that was asked for', () => {
  const archive = async () => 'somewhere'
  const cleos = genesisBy(peerNamed('C'))

  it.each<readonly [string, Partial<PeerOptions>]>([
    ['it was not told to leave it', { archive }],
    ['it cannot keep its log', { leavesHistory: true }],
  ])('stays out of both where something was done in it and %s', async (_why, options) => {
    const { store, room } = await diskOfAna(true)
    const rig = createRig({ entry: { kind: 'join', room: bobs.id }, ...options }, {}, store)
    await expect(rig.residence.open()).rejects.toMatchObject({ code: 'room-has-history', facts: { room } })
    await rig.residence.close()
  })

  it.each([true, false])(
    'keeps the log of what was done in it (%s), and comes into no third one meanwhile',
    async (hasHistory) => {
      const { store, room } = await diskOfAna(hasHistory)
      const kept: RoomId[] = []
      const keep: NonNullable<PeerOptions['archive']> = async (id) => {
        kept.push(id)
        return 'somewhere'
      }
      const rig = createRig({ entry: { kind: 'join', room: bobs.id }, leavesHistory: true, archive: keep }, {}, store)
      const state = watched(rig.residence.open())
      await rig.pass(100)
      rig.events().onConnected(peerNamed('C'), hello({ id: roomIdOf(cleos) }))
      await rig.pass(2_000)
      expect(rig.asked).toEqual([])
      rig.events().onConnected(bob, hello())
      await rig.pass(300)
      rig.answer()
      await rig.pass(300)
      expect([state(), rig.residence.session.room, kept]).toEqual(['done', bobs.id, hasHistory ? [room] : []])
      await rig.residence.close()
    },
  )
})

describe('a peer that gives no first block, or a wrong one', () => {
  it('is asked again after a quarter of a second, then after twice as long each time, up to ten seconds', async () => {
    const rig = createRig({ entry: { kind: 'join', room: undefined } })
    watched(rig.residence.open())
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    const pauses: number[] = []
    for (let waited = 0; waited < 60_000 && pauses.length < 9; waited += 50) {
      const before = rig.asked.length
      await rig.pass(50)
      if (rig.asked.length === before) continue
      pauses.push((rig.asked.at(-1) ?? 0) - (rig.asked.at(-2) ?? rig.asked.at(-1) ?? 0))
      rig.answer(genesisBy(bob, 9))
    }
    // It looks each 250 ms.
    const wanted = [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
    expect(pauses.map((pause, at) => pause >= (wanted[at] ?? 0) && pause <= (wanted[at] ?? 0) + 300)).toEqual(
      wanted.map(() => true),
    )
    await rig.residence.close().catch(() => undefined)
  })
})
