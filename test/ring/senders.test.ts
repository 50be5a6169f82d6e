import { beforeEach, describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import {
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  id,
  opsAfter,
  placeOf,
  statusOf,
  token,
  view2,
  view3,
  viewAfter,
} from './harness.ts'

const { epoch } = view3
const leap = 2 ** 32
const epochLeap = 2 ** 20
const commit = placeOf(view3)
const status = (changes: object): Message => statusOf({ epoch, promised: epoch, commit, ...changes })
const refusalOf = (peer: DrivenReplica, from = 'A'): string | undefined => peer.view.refused.get(id(from))?.reason

describe('a number that a member says', () => {
  const rows: [string, (number: number) => Message, number, string][] = [
    ['an epoch', (number) => ({ kind: 'want', epoch: epochOf(number, 'A'), request: 1 }), 3 + epochLeap, 'its epoch leaps'],
    ['what it promised, in a status', (number) => status({ promised: epochOf(number, 'A') }), 3 + epochLeap, 'its epoch leaps'],
    [
      'what it promised, in an answer',
      (number) => ({ kind: 'agree', attempt: 1, promised: epochOf(number, 'A') }),
      3 + epochLeap,
      'its epoch leaps',
    ],
    [
      'what it asks to be above of',
      (number) => ({ kind: 'request', purpose: 'leave', above: epochOf(number, 'A'), loss: undefined }),
      3 + epochLeap / 2,
      'its epoch leaps',
    ],
    ['the turn of a token', (number) => token(number), leap, 'its turn leaps'],
    ['the turn of an acknowledgement', (number) => ({ kind: 'token-ack', epoch, turn: number }), leap, 'its turn leaps'],
    ['the turn in a status', (number) => status({ turn: number }), leap, 'its turn leaps'],
    ['a request', (number) => ({ kind: 'want', epoch, request: number }), leap, 'its request leaps'],
    [
      'a request that is announced',
      (number) => ({ kind: 'announce', domain: 'bank', epoch, request: number, ops: [] }),
      leap,
      'its request leaps',
    ],
    ['a request that was served', (number) => token(2, view3, { served: [number, 0, 0] }), leap, 'a request leaps'],
  ]
  it.each(rows)('is refused where it leaps: %s', (_what, message, most, reason) => {
    const near = follower().receive('A', message(most))
    expect(refusalOf(near)).toBeUndefined()
    const far = message(most + 1)
    const peer = follower().receive('A', far)
    expect(refusalOf(peer)).toBe(`${far.kind}: ${reason}`)
    expect(peer.view.holding).toBeUndefined()
    expect(peer.view.promised).toEqual(epoch)
  })

  it('is measured from the highest epoch that this peer has promised, or that its log ends in', () => {
    const said = (promised: number, number: number): string | undefined => {
      const peer = new DrivenReplica({ meta: { promised: epochOf(promised, 'A') } }).step({ kind: 'tick' })
      return refusalOf(peer.receive('A', { kind: 'want', epoch: epochOf(number, 'A'), request: 1 }))
    }
    expect(said(50, 50 + epochLeap)).toBeUndefined()
    expect(said(50, 51 + epochLeap)).toBe('want: its epoch leaps')
    expect(said(1, 2 + epochLeap)).toBeUndefined()
  })

  it('is refused where its clock leaps, from the log on', () => {
    expect(refusalOf(follower().receive('A', status({}), view3.lamport + leap))).toBeUndefined()
    const peer = follower().receive('A', status({}), view3.lamport + leap + 1)
    expect(refusalOf(peer)).toBe('status: its Lamport time leaps')
  })

  it('is measured from the newest turn that was seen, in a block or anywhere', () => {
    const seen = follower().receive('C', status({ turn: leap / 2 }))
    expect(refusalOf(seen.receive('A', { kind: 'token-ack', epoch, turn: leap + leap / 2 }))).toBeUndefined()
    const written = follower().push('C', [opsAfter(view3, ['x'], { author: 'C', turn: leap / 2 })])
    expect(refusalOf(written.receive('A', { kind: 'token-ack', epoch, turn: leap + leap / 2 }))).toBeUndefined()
  })

  it('of requests is measured from those that are known', () => {
    const asked = () => follower().receive('A', { kind: 'want', epoch, request: 5 })
    const again = (request: number) => refusalOf(asked().receive('A', { kind: 'want', epoch, request }))
    expect(again(leap + 5)).toBeUndefined()
    expect(again(leap + 6)).toBe('want: its request leaps')
    const served = (request: number) => refusalOf(asked().receive('A', token(2, view3, { served: [request, 0, 0] })))
    expect(served(leap + 5)).toBeUndefined()
    expect(served(leap + 6)).toBe('token: a request leaps')
  })

  it('of a clock is followed by half a leap at most, from the log on', () => {
    const clockAfter = (ahead: number) => follower().receive('A', status({}), view3.lamport + ahead).view.lamport
    expect(clockAfter(leap / 2)).toBeGreaterThan(leap / 2)
    expect(clockAfter(leap / 2 + 1)).toBeLessThan(100)
  })

  it('of a status that leaps is an offer to catch up, and nothing else', () => {
    const x = opsAfter(view3, ['x'])
    const far = epochOf(2 ** 30, 'C')
    const offer = status({ epoch: far, promised: far, commit: placeOf(x), durable: placeOf(x) })
    const active = follower().receive('A', offer)
    expect(refusalOf(active)).toBe('status: its epoch leaps')
    expect(active.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 3 }])
    expect(follower().receive('X', offer).sent('fetch')).toEqual([])
    const behind = new DrivenReplica({ blocks: [genesis, view2, view3, x], commit: 2 }).step({ kind: 'tick' }).receive('X', offer)
    expect(behind.sent('fetch')).toEqual([])
    const away = () => new DrivenReplica().step({ kind: 'tick' })
    expect(away().receive('X', offer).sent('fetch')).toMatchObject([{ to: 'X' }])
    expect(refusalOf(away().receive('X', offer), 'X')).toBeUndefined()
    expect(refusalOf(away().receive('A', offer))).toBeUndefined()
    expect(away().receive('A', offer, leap / 2).view.lamport).toBeLessThan(100)
    const having = new DrivenReplica({ blocks: [genesis, view2, view3, x], commit: 2 }).step({ kind: 'tick' })
    having.receive('A', offer)
    expect(having.view.commit.index).toBe(2)
  })

  it('of a stranger’s that is of no use is forgiven once that turns out to be a member', () => {
    const peer = follower()
    for (let times = 0; times < 101; times++) peer.receive('X', { kind: 'want', epoch: epochOf(2, 'A'), request: 1 })
    expect(refusalOf(peer, 'X')).toBe('want: its sender is not a member')
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABCX'), [view3])
    expect(refusalOf(peer, 'X')).toBeUndefined()
  })

  it('that leaps is forgiven to nobody, although its sender becomes a member', () => {
    const peer = follower().receive('X', { kind: 'request', purpose: 'join', above: epochOf(2 ** 30, 'X'), loss: undefined })
    expect(refusalOf(peer, 'X')).toBe('request: its epoch leaps')
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABCX'), [view3])
    expect(refusalOf(peer, 'X')).toBe('request: its epoch leaps')
  })

  it('of a turn in another epoch is measured by nothing', () => {
    const peer = follower().receive('A', { kind: 'token-ack', epoch: epochOf(2, 'A'), turn: 2 ** 40 })
    expect(refusalOf(peer)).toBeUndefined()
  })
})

describe('who is obeyed', () => {
  const members: [string, Message][] = [
    ['want', { kind: 'want', epoch, request: 1 }],
    ['token', token(2)],
    ['token-ack', { kind: 'token-ack', epoch, turn: 1 }],
    ['blocks', { kind: 'blocks', epoch, blocks: [], commit }],
    ['durable', { kind: 'durable', epoch, durable: commit }],
    ['committed', { kind: 'committed', epoch, commit }],
  ]
  it.each(members)('in %s: members, and no stranger', (_kind, message) => {
    expect(refusalOf(follower().receive('A', message))).toBeUndefined()
    const peer = follower().receive('X', message)
    expect(refusalOf(peer, 'X')).toBe(`${message.kind}: its sender is not a member`)
    expect(peer.view.holding).toBeUndefined()
  })

  const makers: [string, Message][] = [
    ['prepare', { kind: 'prepare', epoch: epochOf(4, 'X'), views: [] }],
    ['install', { kind: 'install', epoch: epochOf(4, 'X'), viewBlock: view3 }],
    ['activated', { kind: 'activated', epoch: epochOf(4, 'X'), commit }],
    ['promise', { kind: 'promise', epoch, head: headOf(view3), commit }],
    ['refuse', { kind: 'refuse', epoch, promised: epochOf(9, 'X') }],
    ['installed', { kind: 'installed', epoch }],
  ]
  it.each(makers)('in %s: no stranger, and nobody who was not asked', (_kind, message) => {
    expect(refusalOf(follower().receive('X', message), 'X')).toBe(`${message.kind}: its sender is not a member`)
  })

  it('in what may be late, or of before a restart: nobody, and nobody is named for it', () => {
    const late: readonly Message[] = [
      { kind: 'promise', epoch: epochOf(2, 'B'), head: headOf(view3), commit },
      { kind: 'refuse', epoch: epochOf(2, 'B'), promised: epochOf(9, 'X') },
      { kind: 'installed', epoch: epochOf(2, 'B') },
      { kind: 'ping', nonce: 1 },
      { kind: 'pong', nonce: 1, wallClock: 1 },
      { kind: 'pre-vote', attempt: 1, suspect: undefined },
      { kind: 'agree', attempt: 1, promised: epoch },
      { kind: 'want', epoch: epochOf(2, 'A'), request: 1 },
      { kind: 'durable', epoch: epochOf(2, 'A'), durable: commit },
    ]
    for (const message of late) expect(refusalOf(follower().receive('X', message), 'X'), message.kind).toBeUndefined()
  })

  it('in an epoch of its own: nobody who shows only a view that it made itself, and who is named for it', () => {
    const prepareOf = (author: string): Message => {
      const shown = viewAfter(genesis, epochOf(2, author), 'ABX')
      return { kind: 'prepare', epoch: epochOf(9, 'X'), views: [shown] }
    }
    const peer = follower().receive('X', prepareOf('X'))
    expect(refusalOf(peer, 'X')).toBe('prepare: its sender is not a member')
    const former = follower().receive('X', prepareOf('A'))
    expect(refusalOf(former, 'X')).toBeUndefined()
    expect(former.view.promised).toEqual(epoch)
  })

  it('not itself, whoever says so', () => {
    const peer = follower().receive('B', { kind: 'prepare', epoch: epochOf(9, 'B'), views: [] })
    expect(peer.view.promised).toEqual(epoch)
    expect(peer.outputs).toEqual([])
  })
})

describe('the views that a stranger shows with its epoch', () => {
  const forgery = 'prepare: a view that it shows is not signed by its author'
  const prepare = (views: readonly Block[]): Message => ({ kind: 'prepare', epoch: epochOf(9, 'X'), views })
  let looks: Block[] = []
  /** Tells when its signature is looked at. */
  const watched = (block: Block, signature = block.signature): Block => {
    const seen = { ...block }
    const get = (): Uint8Array => {
      looks.push(seen)
      return signature
    }
    return Object.defineProperty(seen, 'signature', { get })
  }
  const forged = (block: Block): Block => watched(block, new Uint8Array(64))
  const viewBy = (author: string, members: string, number = 4): Block => viewAfter(view3, epochOf(number, author), members)
  beforeEach(() => {
    looks = []
  })

  it('cost one signature where the first is false, however many there are, and it is named', () => {
    const many = Array.from({ length: 128 }, (_, at) => forged(viewBy('ABC'[at % 3] as string, 'X', 4 + at)))
    const peer = follower().receive('X', prepare(many))
    expect([looks.length, refusalOf(peer, 'X')]).toEqual([1, forgery])
    expect(peer.view.promised).toEqual(epoch)
  })

  it('cost one signature where they are of views that are long gone', () => {
    const old = Array.from({ length: 128 }, (_, at) => forged(viewAfter(genesis, epochOf(2, 'ABC'[at % 3] as string), 'ABX')))
    const peer = follower().receive('X', prepare(old))
    expect([looks.length, refusalOf(peer, 'X')]).toEqual([1, forgery])
  })

  it('cost nothing where they lead nowhere, signed or not', () => {
    const own = Array.from({ length: 128 }, (_, at) => watched(viewBy('X', 'XY', 4 + at)))
    const peer = follower().receive('X', prepare([...own, forged(viewBy('A', 'ABY'))]))
    expect([looks.length, refusalOf(peer, 'X')]).toEqual([0, 'prepare: its sender is not a member'])
  })

  it('begin with the one that somebody known has made: what follows a false one is not looked at', () => {
    const peer = follower().receive('X', prepare([forged(viewBy('A', 'AY')), watched(viewBy('Y', 'XY', 5))]))
    expect([looks.length, refusalOf(peer, 'X')]).toEqual([1, forgery])
  })

  it('are each looked at once, and only those that lead to it', () => {
    const [toY, toX] = [watched(viewBy('A', 'AY')), watched(viewBy('Y', 'XY', 5))]
    const peer = follower().receive('X', prepare([toY, toY, forged(viewBy('C', 'ACZ', 6)), toX, forged(viewBy('X', 'XY', 7))]))
    expect(looks).toEqual([toY, toX])
    expect(peer.view.promised).toEqual(epochOf(9, 'X'))
  })
})
