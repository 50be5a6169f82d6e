import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { TokenMove } from '../../src/mutex/room-ring.ts'
import { createRingNotes } from '../../src/peer/ring-notes.ts'
import type { Block, Head } from '../../src/ring/block.ts'
import type { Message, StatusMessage, TokenMessage } from '../../src/ring/message.ts'
import type { Output, Replica, ReplicaView } from '../../src/ring/types.ts'
import { epochText } from '../../src/ring/view.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob, cleo, eve] = ['A', 'B', 'C', 'E'].map(peerNamed) as [PeerId, PeerId, PeerId, PeerId]
const epoch = { number: 2, initiator: ana }
const commit = { index: 7, hash: 'ab'.repeat(32) }
const head = { ...commit, epoch } as unknown as Head

const status = (turn: number, changes: Partial<StatusMessage> = {}): StatusMessage => ({
  kind: 'status',
  epoch,
  durable: commit,
  commit,
  persistedCommit: { epoch, index: 7 },
  turn,
  promised: epoch,
  active: true,
  wallClock: 0,
  ...changes,
})
const token = (turn: number, served: number[], wants: boolean[]): TokenMessage => ({
  ...{ kind: 'token', epoch, turn, head, commit, served, wants, blocks: [] },
})

/** Ana’s ring of three, which has seen every turn up to 100, and says what the test has it say. */
function notesOfAna() {
  const view = {
    members: [ana, bob, cleo],
    installed: epoch,
    turnSeen: 100,
    holding: undefined as number | undefined,
    time: (now: number) => now,
  }
  let outputs: readonly Output[] = []
  const bare: Replica = { view: view as unknown as ReplicaView, step: () => outputs }
  const notes = createRingNotes(ana)
  const replica = notes.around(bare)
  return {
    notes,
    view,
    hears: (from: PeerId, message: Message, now: number) => {
      outputs = []
      replica.step(now, { kind: 'receive', from, lamport: 1, message })
    },
    says: (message: Message, to: readonly PeerId[], now: number) => {
      outputs = [{ kind: 'send', to, lamport: 1, message }]
      replica.step(now, { kind: 'tick' })
    },
    doubts: (suspect: PeerId, now: number, event = 'pre-vote') => {
      outputs = [{ kind: 'note', note: { event, facts: { why: 'silent', suspect } } }]
      replica.step(now, { kind: 'tick' })
    },
    passes: (now: number) => {
      outputs = []
      replica.step(now, { kind: 'tick' })
    },
    applies: (block: Pick<Block, 'turn' | 'author' | 'index'>, kind: 'ops' | 'view', now: number) => {
      outputs = [{ kind: 'apply', blocks: [{ epoch, ...block, body: { kind } } as Block] }]
      replica.step(now, { kind: 'tick' })
    },
  }
}

it('a peer is heard as long as its heartbeats come, and not for anything else that it says', () => {
  const { notes, hears } = notesOfAna()
  expect(notes.of(bob, 0).isHeard).toBe(false)
  hears(bob, { kind: 'want', epoch, request: 1 }, 0)
  expect([notes.of(bob, 1).isHeard, notes.of(bob, 1).told]).toEqual([false, undefined])
  hears(bob, status(5), 10)
  expect([notes.of(bob, 2_010).isHeard, notes.of(bob, 2_011).isHeard]).toEqual([true, false])
  expect(notes.of(bob, 2_011).told).toMatchObject({ commit, durable: commit })
})

describe('a round trip', () => {
  it('is from a question to its answer, and one slow answer is no slow network', () => {
    const { notes, says, hears } = notesOfAna()
    for (const [nonce, took] of [
      [0, 2],
      [5_000, 2],
      [10_000, 42],
    ] as const) {
      says({ kind: 'ping', nonce }, [bob], nonce)
      hears(bob, { kind: 'pong', nonce, wallClock: 0 }, nonce + took)
    }
    expect(notes.of(bob, 11_000).roundTrip).toBe(12)
  })

  it('is of no answer that comes twice, late, or to no question', () => {
    const { notes, says, hears } = notesOfAna()
    hears(bob, { kind: 'pong', nonce: 3, wallClock: 0 }, 5)
    expect(notes.of(bob, 6).roundTrip).toBeUndefined()
    says({ kind: 'ping', nonce: 10 }, [bob], 10)
    says({ kind: 'ping', nonce: 20 }, [bob], 20)
    hears(bob, { kind: 'pong', nonce: 10, wallClock: 0 }, 21)
    hears(bob, { kind: 'pong', nonce: 20, wallClock: 0 }, 24)
    hears(bob, { kind: 'pong', nonce: 20, wallClock: 0 }, 999)
    expect(notes.of(bob, 1_000).roundTrip).toBe(4)
  })
})

describe('the token, for whoever looks at it', () => {
  it('comes from somebody and goes to somebody, also in one step; and is said to be gone where it is lost', () => {
    const { notes, view, hears, says, passes } = notesOfAna()
    const moves: TokenMove[] = []
    const stop = notes.hearToken((move) => moves.push(move))
    const place = (turn: number) => ({ epoch: epochText(epoch), turn })
    hears(cleo, token(7, [0, 0, 0], [false, false, false]), 1)
    view.holding = 7
    passes(2)
    passes(3)
    view.holding = undefined
    for (const now of [4, 5]) says(token(8, [0, 0, 0], [false, false, false]), [bob], now)
    hears(eve, token(10, [0, 0, 0], [false, false, false]), 6)
    hears(cleo, token(10, [0, 0, 0], [false, false, false]), 6)
    says(token(11, [0, 0, 0], [false, false, false]), [bob], 7)
    // Whoever is no member has none to hand on.
    hears(eve, token(13, [0, 0, 0], [false, false, false]), 7)
    view.holding = 13
    passes(8)
    view.holding = undefined
    passes(9)
    expect(moves).toEqual([
      { kind: 'came', place: place(7), from: cleo },
      { kind: 'left', hop: { to: bob, place: place(8) } },
      { kind: 'came', place: place(10), from: cleo },
      { kind: 'left', hop: { to: bob, place: place(11) } },
      { kind: 'came', place: place(13), from: undefined },
      { kind: 'left', hop: undefined },
    ])
    stop()
    view.holding = 14
    passes(10)
    expect(moves).toHaveLength(6)
  })

  it('has left this peer for whoever begins to look while it is repeated', () => {
    const { notes, says } = notesOfAna()
    const moves: TokenMove[] = []
    says(token(8, [0, 0, 0], [false, false, false]), [bob], 1)
    notes.hearToken((move) => moves.push(move))
    for (const now of [2, 3]) says(token(8, [0, 0, 0], [false, false, false]), [bob], now)
    expect(moves.at(-1)).toEqual({ kind: 'left', hop: { to: bob, place: { epoch: epochText(epoch), turn: 8 } } })
    expect(moves.filter(({ kind }) => kind === 'left')).toHaveLength(1)
  })

  it.each([
    [15, cleo],
    [16, undefined],
  ])('comes from whoever is remembered, as others have come after it (%s): %s', (others, from) => {
    const { notes, view, hears, passes } = notesOfAna()
    const moves: TokenMove[] = []
    notes.hearToken((move) => moves.push(move))
    hears(cleo, token(7, [0, 0, 0], [false, false, false]), 1)
    for (let turn = 8; turn < 8 + others; turn++) hears(bob, token(turn, [0, 0, 0], [false, false, false]), turn)
    view.holding = 7
    passes(99)
    expect(moves).toEqual([{ kind: 'came', place: { epoch: epochText(epoch), turn: 7 }, from }])
  })
})

describe('the turns of the token', () => {
  it('are those of heartbeats, of passing it on, and of holding it', () => {
    const { notes, view, hears, says } = notesOfAna()
    hears(bob, status(5), 1)
    view.holding = 7
    says(token(8, [0, 0, 0], [false, false, false]), [cleo], 2)
    view.holding = undefined
    hears(bob, status(9), 3)
    expect(notes.turns.map(({ turn, holder }) => [turn, holder])).toEqual([
      [5, bob],
      [7, ana],
      [8, cleo],
      [9, bob],
    ])
    expect(notes.holder).toBe(bob)
  })

  it('are those of blocks, with what was written in them, and of no view block', () => {
    const { notes, hears, applies } = notesOfAna()
    hears(bob, status(5), 1)
    applies({ turn: 5, author: bob, index: 8 }, 'ops', 2)
    applies({ turn: 6, author: cleo, index: 9 }, 'ops', 3)
    applies({ turn: 7, author: cleo, index: 10 }, 'view', 4)
    expect(notes.turns.map(({ turn, holder, block, at }) => [turn, holder, block, at])).toEqual([
      [5, bob, 8, 1],
      [6, cleo, 9, 3],
    ])
  })

  it('of this peer are known once, from the step in which it took the token on', () => {
    const { notes, view, passes } = notesOfAna()
    view.holding = 7
    passes(40.9)
    passes(50)
    expect(notes.turns).toEqual([{ epoch, turn: 7, holder: ana, at: 40, block: undefined }])
    expect(notes.holder).toBe(ana)
    view.holding = undefined
    passes(60)
    view.holding = 9
    passes(70)
    expect(notes.turns.map(({ turn, at }) => [turn, at])).toEqual([
      [7, 40],
      [9, 70],
    ])
  })

  it('are what whoever did them says, and not what is said later', () => {
    const { notes, view, hears, says, passes } = notesOfAna()
    says(token(8, [0, 0, 0], [false, false, false]), [cleo], 2.7)
    hears(bob, status(8), 3)
    expect(notes.turns).toEqual([{ epoch, turn: 8, holder: cleo, at: 2, block: undefined }])
    hears(bob, status(9), 4)
    says(token(9, [0, 0, 0], [false, false, false]), [cleo], 5)
    hears(bob, status(11), 6)
    view.holding = 11
    passes(7)
    expect(notes.turns.map(({ turn, holder }) => [turn, holder])).toEqual([
      [8, cleo],
      [9, cleo],
      [11, ana],
    ])
  })

  it('are as many as the ring has seen, the last one included', () => {
    const { notes, hears } = notesOfAna()
    hears(bob, status(100), 1)
    expect([notes.turns.length, notes.holder]).toEqual([1, bob])
  })

  it('are none of another epoch, of strangers, of whoever takes no part, or beyond what the ring has seen', () => {
    const { notes, hears } = notesOfAna()
    hears(bob, status(5, { epoch: { number: 3, initiator: bob } }), 1)
    hears(eve, status(6), 1)
    hears(bob, status(7, { active: false }), 1)
    hears(bob, status(101), 1)
    hears(bob, status(0), 1)
    expect([notes.turns, notes.holder]).toEqual([[], undefined])
  })

  it('of a new epoch begin with nobody seen', () => {
    const { notes, view, hears } = notesOfAna()
    hears(bob, status(5), 1)
    view.installed = { number: 3, initiator: bob }
    expect(notes.holder).toBeUndefined()
    expect(notes.turns).toHaveLength(1)
  })
})

describe('who waits for the token', () => {
  const want = (request: number): Message => ({ kind: 'want', epoch, request })

  it('is who asked, until it has had it, or says no more', () => {
    const { notes, hears } = notesOfAna()
    hears(bob, want(1), 0)
    hears(cleo, want(1), 0)
    hears(eve, want(1), 0)
    expect([bob, cleo, eve].map((peer) => notes.of(peer, 10).wants)).toEqual([true, true, false])
    hears(bob, status(6), 20)
    expect(notes.of(bob, 30).wants).toBe(false)
    expect([notes.of(cleo, 2_500).wants, notes.of(cleo, 2_501).wants]).toEqual([true, false])
  })

  it('is whom the token itself names, and nobody whose request it has served', () => {
    const { notes, hears, says } = notesOfAna()
    hears(bob, want(4), 0)
    says(token(50, [0, 4, 1], [false, false, true]), [bob], 10)
    expect([notes.of(bob, 20).wants, notes.of(cleo, 20).wants]).toEqual([false, true])
    expect(notes.of(cleo, 2_511).wants).toBe(false)
    // A request of an epoch that is over.
    hears(cleo, { kind: 'want', epoch: { number: 1, initiator: ana }, request: 9 }, 30)
    expect(notes.of(cleo, 40).wants).toBe(false)
  })
})

describe('what a token says of who waits for it', () => {
  const want = (request: number): Message => ({ kind: 'want', epoch, request })
  const waits = (heard: (ring: ReturnType<typeof notesOfAna>) => void): boolean => {
    const ring = notesOfAna()
    heard(ring)
    return ring.notes.of(cleo, 30).wants
  }
  const none = [false, false, false]
  const cleoWants = [false, false, true]

  it('counts whoever brings it', () => {
    expect(waits(({ hears }) => hears(bob, token(50, [0, 0, 1], cleoWants), 10))).toBe(true)
    expect(waits(({ says }) => says(token(50, [0, 0, 1], cleoWants), [bob], 10))).toBe(true)
  })

  it('is of one request more than was served', () => {
    const served = (last: number) => (ring: ReturnType<typeof notesOfAna>) => {
      ring.hears(bob, token(50, [0, 0, 4], cleoWants), 10)
      ring.hears(bob, token(52, [0, 0, last], none), 20)
    }
    expect(waits(served(4))).toBe(true)
    expect(waits(served(5))).toBe(false)
  })

  it('is of the first one where it does not say what was served', () => {
    const served = (last: number) => (ring: ReturnType<typeof notesOfAna>) => {
      ring.hears(bob, token(50, [0, 0], cleoWants), 10)
      ring.hears(bob, token(52, [0, 0, last], none), 20)
    }
    expect(waits(served(0))).toBe(true)
    expect(waits(served(1))).toBe(false)
  })

  it('takes back no request that is newer', () => {
    const served = (last: number) => (ring: ReturnType<typeof notesOfAna>) => {
      ring.hears(cleo, want(9), 0)
      ring.hears(bob, token(50, [0, 0, 3], cleoWants), 10)
      ring.hears(bob, token(52, [0, 0, last], none), 20)
    }
    expect(waits(served(8))).toBe(true)
    expect(waits(served(9))).toBe(false)
  })

  it('is nothing where it is of another epoch, or of another number of members', () => {
    expect(
      waits(({ hears }) => hears(bob, { ...token(50, [0, 0, 1], cleoWants), epoch: { number: 3, initiator: bob } }, 10)),
    ).toBe(false)
    expect(waits(({ hears }) => hears(bob, token(50, [0, 0, 1, 0], [...cleoWants, false]), 10))).toBe(false)
    expect(
      waits(({ hears }) => {
        hears(cleo, want(1), 0)
        hears(bob, { ...token(50, [0, 0, 1], none), epoch: { number: 3, initiator: bob } }, 10)
      }),
    ).toBe(true)
  })

  it('ends with a turn of whoever waited, but not with one from before that of somebody else', () => {
    const askedAndHad = (turn: number) => (ring: ReturnType<typeof notesOfAna>) => {
      ring.hears(bob, status(9), 0)
      ring.hears(cleo, want(1), 10)
      ring.hears(cleo, status(turn), 20)
    }
    expect(waits(askedAndHad(8))).toBe(true)
    expect(waits(askedAndHad(10))).toBe(false)
  })
})

describe('who is suspected', () => {
  it('is a member whom this peer or another one asks after, until it is heard, or nobody asks any more', () => {
    const { notes, hears, doubts } = notesOfAna()
    doubts(cleo, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: cleo }, 10)
    expect([notes.of(cleo, 5_010).suspected, notes.of(cleo, 5_011).suspected]).toEqual([true, false])
    doubts(cleo, 6_000)
    hears(cleo, status(3), 6_100)
    expect(notes.of(cleo, 6_200).suspected).toBe(false)
  })

  it('is whom this peer itself asks after, as long as it asks nothing else', () => {
    const { notes, doubts } = notesOfAna()
    doubts(cleo, 0, 'silent')
    expect(notes.of(cleo, 1).suspected).toBe(false)
    doubts(cleo, 0)
    expect([notes.of(cleo, 5_000).suspected, notes.of(cleo, 5_001).suspected]).toEqual([true, false])
  })

  it('is nobody who is no member any more', () => {
    const { notes, view, doubts } = notesOfAna()
    doubts(cleo, 0)
    view.members = [ana, bob]
    expect(notes.of(cleo, 1).suspected).toBe(false)
  })

  it('is nobody whom a stranger names, and no stranger', () => {
    const { notes, hears } = notesOfAna()
    hears(eve, { kind: 'pre-vote', attempt: 1, suspect: cleo }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: eve }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: ana }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: undefined }, 0)
    expect([ana, bob, cleo, eve].some((peer) => notes.of(peer, 1).suspected)).toBe(false)
  })
})

it('so many strangers are remembered, and none of them where there is one more', () => {
  const { notes, hears } = notesOfAna()
  for (let i = 1; i <= 512; i++) hears(`stranger ${i}` as PeerId, status(5), 1)
  expect(notes.of('stranger 1' as PeerId, 2).told).toBeDefined()
  hears('stranger 513' as PeerId, status(5), 1)
  expect(notes.of('stranger 512' as PeerId, 2).told).toBeUndefined()
  expect(notes.of('stranger 513' as PeerId, 2).told).toBeDefined()
})

it('ten thousand names of strangers push out no member', () => {
  const { notes, hears } = notesOfAna()
  hears(bob, status(5), 0)
  for (let i = 0; i < 10_000; i++) hears(`stranger ${i}` as PeerId, status(5), 1)
  expect(notes.of(bob, 2).told?.commit).toEqual(commit)
  expect(notes.of('stranger 0' as PeerId, 2).told).toBeUndefined()
})
