import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/core/crypto.ts'
import type { AccountId, Instant, PeerId } from '../../src/core/ids.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import { createMarket } from '../../src/market/market.ts'
import { createAskAgain, fetchBeginning as fetchFrom } from '../../src/peer/fetch-beginning.ts'
import { foundRoom, foundRoomOn, incarnationIn, roomIdOf } from '../../src/peer/room.ts'
import { type Block, decodeBlock, faultOf, signBlock, type Unsigned, viewOf } from '../../src/ring/block.ts'
import type { View } from '../../src/ring/view.ts'
import { createKeyedCrypto } from './keyed-crypto.ts'
import { opsAfter } from './log-of-blocks.ts'
import { verifyLog } from './verify-log.ts'

const ana = 'ana' as PeerId
const crypto = createKeyedCrypto(ana)
const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
const founding = [plan, ana, new Uint8Array(16), 1_700_000_000_000, crypto] as const

/** Of a market with so many accounts that it takes several blocks. */
function stateOf(accounts: number): Uint8Array {
  const market = createMarket({ version: 3, currency: 'EUR', deposits: 'open', founder: ana }, crypto.hash)
  market.apply({
    ...{ index: 1, time: 1_700_000_000_000 as Instant, author: ana, incarnation: 7, firstSequence: 1 },
    ops: Array.from({ length: accounts }, (_, at) =>
      encodeSubmission({
        request: undefined,
        operation: { kind: 'open-account', account: `a${at}` as AccountId, holder: 'x'.repeat(60) },
      }),
    ),
  })
  return market.snapshot()
}

const beginning = foundRoomOn(stateOf(12_000), ...founding)
const [genesis, ...parts] = beginning as readonly [Block, ...Block[]]
const wanted = { id: roomIdOf(genesis), name: 'test', isChosen: false }
const fetchBeginning = (ask: Parameters<typeof fetchFrom>[0], room = wanted, clock = { monotonic: () => 0 }) =>
  fetchFrom(ask, room, crypto, clock)
const inPieces =
  (blocks: readonly Block[], size = 2) =>
  async (from: number): Promise<readonly Block[]> =>
    from === 0 ? blocks.slice(0, 1) : blocks.slice(from, from + size)

/** A genesis block with the state of an empty market in it, as programs wrote it before states were cut into parts. */
const foundedByEarlier =
  'AAEDYW5hAANhbmEBgNCV_7wxAAAABHRlc3QDA0VVUgADYW5hEAAAAAAAAAAAAAAAAAAAAAABRwMAp3pRM45fFp5RASi4nzycPmWcll7guoV3ZAfmdrmNAekAAAAA' +
  'ACSXKmm7QXc5-8ZbYhSr297hwXXarer3qCjwXdovegEimOHGgO0Ne82ca0MFQfpHXzDxlGPybOjdjPWTGMDmvEqC7tmDb9ZG8NbnUW4FPFwZUAbsgTYyuE7TOp-' +
  'oxeqf9w'

/** The part at this place in another form, and signed again. */
function bent(at: number, bend: (part: Unsigned) => Unsigned): Block[] {
  const { signature: _, hash: __, bytes: ___, ...unsigned } = parts[at] as Block
  const block = signBlock(bend(unsigned), crypto)
  return [genesis, ...parts.slice(0, at), block, ...parts.slice(at + 1)]
}

/** The parts of another state, whole in itself, behind the genesis block of this one. */
function withOtherState(): Block[] {
  const blocks = [genesis]
  for (const part of foundRoomOn(stateOf(12_001), ...founding).slice(1)) {
    const { signature: _, hash: __, bytes: ___, ...unsigned } = part
    blocks.push(signBlock({ ...unsigned, prevHash: (blocks.at(-1) as Block).hash }, crypto))
  }
  return blocks
}

const otherPart = (part: Unsigned): Unsigned => ({
  ...part,
  body: { kind: 'state', left: part.body.kind === 'state' ? part.body.left : 0, part: new Uint8Array(10) },
})

describe('the first blocks of a room that goes on from another', () => {
  it('are the same for the same state, whoever reads them, and all of them are there', async () => {
    expect(parts.length).toBeGreaterThan(2)
    expect(foundRoomOn(stateOf(12_000), ...founding).map(({ hash }) => hash)).toEqual(beginning.map(({ hash }) => hash))
    for (const block of beginning)
      expect(decodeBlock(block.bytes, crypto)).toMatchObject({ value: { hash: block.hash, body: block.body } })
    expect(await fetchBeginning(inPieces(beginning))).toEqual({ blocks: beginning })
    expect(await fetchBeginning(inPieces(beginning, 1))).toEqual({ blocks: beginning })
    expect(
      verifyLog(
        beginning.map(({ bytes }) => bytes),
        crypto,
      ),
    ).toMatchObject({ ok: true, blocks: beginning.length })
    expect(incarnationIn(beginning, ana, crypto)).toBe(7)
  })

  it('are taken without what comes after them', async () => {
    const more = [...beginning, opsAfter(parts.at(-1) as Block, ana, 1)]
    expect(await fetchBeginning(inPieces(more, 100))).toEqual({ blocks: beginning })
  })

  it('of a room that goes on from nothing are one', async () => {
    const plain = foundRoom(...founding)
    expect(await fetchBeginning(inPieces([plain]), { id: roomIdOf(plain), name: 'test', isChosen: false })).toEqual({
      blocks: [plain],
    })
  })

  it('of a room that an earlier version founded hold the state in the genesis block, and are read as they were', async () => {
    const bytes = new Uint8Array(Buffer.from(foundedByEarlier, 'base64url'))
    const decoded = decodeBlock(bytes, crypto)
    if ('malformed' in decoded) throw new Error(decoded.malformed)
    const { hash, bytes: _, signature: __, ...unsigned } = decoded.value
    expect(hash).toBe('02bce90806f3c5cc004716d5481867068da7f8d9d1307a7d66f355fe08b76a04')
    expect(signBlock(unsigned, crypto).bytes).toEqual(bytes)
    const old = { id: roomIdOf(decoded.value), name: 'test', isChosen: false }
    expect(await fetchBeginning(inPieces([decoded.value]), old)).toEqual({ blocks: [decoded.value] })
    expect(verifyLog([bytes], crypto)).toMatchObject({ ok: true, room: hash })
    // One that goes on from nothing is as it was, too, but for the version of its rules.
    const { hash: ___, bytes: ____, signature: _____, body, ...rest } = foundRoom(...founding)
    if (body.kind !== 'genesis') throw new Error('a room begins with a genesis block')
    const earlier = { ...rest, body: { ...body, genesis: { ...body.genesis, rulesVersion: 3 } } }
    expect(signBlock(earlier, crypto).hash).toBe('74a349c8b6a1c1e00e42d992e45b1c306cb2171d26c1edd79d97e9707e41accb')
  })

  const lies: Readonly<Record<string, readonly Block[]>> = {
    nothing: [],
    'another room’s genesis block': [foundRoom(...founding), ...parts],
    'only some of them': beginning.slice(0, -1),
    'only the genesis block': [genesis],
    'one twice': [genesis, parts[0] as Block, ...parts],
    'another state': withOtherState(),
    'a gap': [genesis, ...parts.slice(1)],
    'a part with other bytes': bent(1, otherPart),
    'a last part with other bytes': bent(parts.length - 1, otherPart),
    'a part that says less is to come': bent(0, (part) => ({
      ...part,
      body: { kind: 'state', left: 0, part: new Uint8Array(1) },
    })),
    'operations in the place of a part': [genesis, opsAfter(genesis, ana, 1)],
    'a part of another author': bent(0, (part) => ({ ...part, author: 'bob' as PeerId })),
    'a part of another time': bent(0, (part) => ({ ...part, time: (part.time + 1) as Instant })),
    'a part with another Lamport time': bent(0, (part) => ({ ...part, lamport: part.lamport + 1 })),
    'a part with another turn': bent(0, (part) => ({ ...part, turn: part.turn + 1 })),
    'a part with a checkpoint': bent(0, (part) => ({ ...part, checkpoint: { index: 0, stateHash: genesis.hash } })),
    'a part that its founder did not sign': bent(0, (part) => part).map((block, at) =>
      at === 1 ? { ...block, signature: new Uint8Array(64) } : block,
    ),
  }
  it.each(Object.entries(lies))('are refused: %s', async (_what, blocks) => {
    const fetched = await fetchBeginning(inPieces(blocks))
    expect(fetched).toMatchObject({ reason: expect.stringMatching(/\w+/) })
    const given = blocks.map(({ bytes, signature }) => new Uint8Array(Buffer.concat([bytes.subarray(0, -64), signature])))
    const verified = verifyLog(given, crypto)
    // Another room is as good a room, by itself.
    if (blocks[0]?.hash === genesis.hash) expect(verified.ok).toBe(false)
  })

  it('come before everything else, and nowhere else: in the ring, too', () => {
    const view = viewOf(genesis) as View
    const last = parts.at(-1) as Block
    const ops = (previous: Block): Block => opsAfter(previous, ana, 1)
    expect(faultOf(ops(genesis), genesis, view, crypto)).toBe('the state that its room goes on from is not all there')
    expect(faultOf(ops(parts[0] as Block), parts[0] as Block, view, crypto)).toBe(
      'the state that its room goes on from is not all there',
    )
    expect(faultOf(ops(last), last, view, crypto)).toBeUndefined()
    const plain = foundRoom(...founding)
    const { signature: _, hash: __, bytes: ___, ...unsigned } = last
    const late = signBlock({ ...unsigned, index: 1, turn: 1, lamport: 2, prevHash: plain.hash }, crypto)
    expect(faultOf(late, plain, view, crypto)).toBe('the state that its room goes on from is all there')
  })
})

describe('whoever makes up a room that goes on from another', () => {
  const statePart = 248 * 1024
  /** It promises so many parts, and has all of them: what is in them can be read by nobody. */
  const madeUp = (count: number) => foundRoomOn(new Uint8Array(count * statePart), ...founding)
  const roomOf = ([first]: readonly Block[], isChosen: boolean) => ({ ...wanted, id: roomIdOf(first as Block), isChosen })
  /** So many milliseconds pass with each answer. */
  const slowly = (blocks: readonly Block[], millis: number) => {
    let [now, asked] = [1_000, 0]
    const ask = async (from: number): Promise<readonly Block[]> => {
      now += millis
      asked++
      return blocks.slice(from, from + 1)
    }
    return { ask, clock: { monotonic: () => now }, asked: () => asked, took: () => now - 1_000 }
  }

  it('is given up where that comes too slowly, be it asked for by its id', async () => {
    const blocks = madeUp(60)
    for (const isChosen of [false, true]) {
      const peer = slowly(blocks, 2_500)
      expect(await fetchBeginning(peer.ask, roomOf(blocks, isChosen), peer.clock)).toEqual({
        reason: 'the state that its room goes on from comes too slowly',
        isFault: false,
      })
      expect(peer.took()).toBeLessThan(20_000)
    }
  })

  it.each([
    [0, 'the state that its room goes on from cannot be read'],
    [1, 'the state that its room goes on from comes too slowly'],
  ])('may give it at 128 KiB a second after the first five, and no later (%s ms)', async (late, reason) => {
    const blocks = madeUp(20)
    let now = 0
    const ask = async (from: number): Promise<readonly Block[]> => {
      const bytes = blocks.slice(1, from + 1).reduce((sum, part) => sum + part.bytes.length, 0)
      now = 5_000 + (1_000 * bytes) / (128 * 1024) + late
      return blocks.slice(from, from + 1)
    }
    expect(await fetchBeginning(ask, roomOf(blocks, true), { monotonic: () => now })).toMatchObject({ reason })
  })

  it('has a minute, unless a person asked for that room by its id', async () => {
    const blocks = madeUp(60)
    const unchosen = slowly(blocks, 1_500)
    expect(await fetchBeginning(unchosen.ask, roomOf(blocks, false), unchosen.clock)).toMatchObject({ isFault: false })
    expect(unchosen.took()).toBe(61_500)
    const chosen = slowly(blocks, 1_500)
    expect(await fetchBeginning(chosen.ask, roomOf(blocks, true), chosen.clock)).toEqual({
      reason: 'the state that its room goes on from cannot be read',
      isFault: true,
    })
    expect(chosen.asked()).toBe(61)
  })

  it('is left where others are to be looked at', async () => {
    const blocks = madeUp(60)
    const peer = slowly(blocks, 1_000)
    const isEnough = (millis: number): boolean => millis > 5_000
    expect(await fetchFrom(peer.ask, roomOf(blocks, false), crypto, peer.clock, isEnough)).toMatchObject({ isFault: false })
    expect(peer.took()).toBe(6_000)
  })

  it('fills no memory: of a state over 128 MiB no part is asked for, unless a person asked for that room by its id', async () => {
    const promise = (count: number) => [foundRoom(...founding, { count, hash: toHex(crypto.hash(new Uint8Array())) })]
    const askedOf = async (blocks: readonly Block[], isChosen: boolean) => {
      const peer = slowly(blocks, 1)
      return [peer.asked, await fetchBeginning(peer.ask, roomOf(blocks, isChosen), peer.clock)].map((one) =>
        typeof one === 'function' ? one() : one,
      )
    }
    const large = expect.stringContaining('too large')
    expect(await askedOf(promise(513), false)).toEqual([1, { reason: large, isFault: false }])
    expect(await askedOf(promise(513), true)).toMatchObject([2, { isFault: true }])
    expect(await askedOf(promise(512), false)).toMatchObject([2, { isFault: true }])
  })

  it('cuts it into whole parts, or is refused with the first', async () => {
    const withFirst = (bytes: number): Block[] =>
      bent(0, (part) => ({ ...part, body: { kind: 'state', left: parts.length - 1, part: new Uint8Array(bytes) } }))
    const reason = 'in the state that its room goes on from, block 1: it is too small a part'
    for (const bytes of [10, 128 * 1024 - 1])
      expect(await fetchBeginning(inPieces(withFirst(bytes)))).toEqual({ reason, isFault: true })
    // The next one does not follow it.
    expect(await fetchBeginning(inPieces(withFirst(128 * 1024)))).toMatchObject({ reason: expect.stringMatching(/block 2: /) })
  })

  it('is at fault, and nobody who is silent, has moved, or is of a later version', async () => {
    const faultIn = async (ask: (from: number) => Promise<readonly Block[] | undefined>, room = wanted) => {
      const fetched = await fetchBeginning(ask, room)
      return 'isFault' in fetched ? fetched.isFault : undefined
    }
    const { hash: _, bytes: __, signature: ___, body, ...rest } = foundRoom(...founding)
    if (body.kind !== 'genesis') throw new Error('a room begins with a genesis block')
    const later = signBlock({ ...rest, body: { ...body, genesis: { ...body.genesis, rulesVersion: 99 } } }, crypto)
    expect(await faultIn(async () => undefined)).toBe(false)
    expect(await faultIn(async (from) => (from === 0 ? [genesis] : undefined))).toBe(false)
    expect(await faultIn(inPieces([foundRoom(...founding)]))).toBe(false)
    expect(await faultIn(inPieces([later]), roomOf([later], false))).toBe(false)
    expect(await faultIn(async () => [])).toBe(true)
    expect(await faultIn(async (from) => (from === 0 ? [genesis] : []))).toBe(true)
    expect(await faultIn(inPieces([{ ...genesis, signature: new Uint8Array(64) }]))).toBe(true)
    expect(await faultIn(inPieces(withOtherState()))).toBe(true)
  })
})

describe('whoever gave nothing of use', () => {
  const [bob, eve] = ['bob', 'eve'] as [PeerId, PeerId]
  const rig = () => {
    let now = 0
    const askAgain = createAskAgain({ monotonic: () => now })
    return {
      ...askAgain,
      pauseOf(peer: PeerId): number {
        const from = now
        while (!askAgain.isDue(peer)) now += 50
        return now - from
      },
    }
  }

  it('is asked later and later, up to ten seconds, and the longer it took, the later', () => {
    const { failed, pauseOf } = rig()
    const pauses = (took: number, times: number): number[] =>
      Array.from({ length: times }, () => {
        failed(bob, took)
        return pauseOf(bob)
      })
    expect(pauses(10, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    expect(pauses(60_000, 7)).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
  })

  it('waits its turn: who can be asked for longest comes first, and beyond 512 the oldest is forgotten', () => {
    const { failed, dueSince, isDue, pauseOf } = rig()
    for (let times = 0; times < 4; times++) failed(bob, 10)
    expect([isDue(bob), isDue(eve), dueSince(bob), dueSince(eve)]).toEqual([false, true, 8, 0])
    pauseOf(bob)
    expect([dueSince(eve), dueSince(bob), dueSince('new' as PeerId)]).toEqual([0, 8, 8])
    failed(bob, 10)
    for (let at = 1; at < 512; at++) failed(`x${at}` as PeerId, 10)
    expect([isDue(bob), isDue('x511' as PeerId)]).toEqual([false, false])
    failed('x512' as PeerId, 10)
    expect([isDue(bob), isDue('x512' as PeerId)]).toEqual([true, false])
  })

  it('can be asked at once when it is seen first, however fast the clock runs', () => {
    let now = 0
    expect(createAskAgain({ monotonic: () => now++ }).isDue(bob)).toBe(true)
  })

  it('has more time with each try while others wait', () => {
    const { failed, patienceWith } = rig()
    const patiences = Array.from({ length: 4 }, () => {
      failed(bob, 10)
      return patienceWith(bob)
    })
    expect([patienceWith(eve), ...patiences]).toEqual([5_000, 10_000, 20_000, 40_000, 80_000])
  })
})
