import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createRingNotes } from '../../src/peer/ring-notes.ts'
import type { Head } from '../../src/ring/block.ts'
import type { Message, StatusMessage, TokenMessage } from '../../src/ring/message.ts'
import type { Output, Replica, ReplicaView } from '../../src/ring/types.ts'
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
    doubts: (suspect: PeerId, now: number) => {
      outputs = [{ kind: 'note', note: { event: 'pre-vote', facts: { why: 'silent', suspect } } }]
      replica.step(now, { kind: 'tick' })
    },
  }
}

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
    // A request of an epoch that is over.
    hears(cleo, { kind: 'want', epoch: { number: 1, initiator: ana }, request: 9 }, 30)
    expect(notes.of(cleo, 40).wants).toBe(false)
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

  it('is nobody whom a stranger names, and no stranger', () => {
    const { notes, hears } = notesOfAna()
    hears(eve, { kind: 'pre-vote', attempt: 1, suspect: cleo }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: eve }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: ana }, 0)
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: undefined }, 0)
    expect([ana, bob, cleo, eve].some((peer) => notes.of(peer, 1).suspected)).toBe(false)
  })
})

it('ten thousand names of strangers push out no member', () => {
  const { notes, hears } = notesOfAna()
  hears(bob, status(5), 0)
  for (let i = 0; i < 10_000; i++) hears(`stranger ${i}` as PeerId, status(5), 1)
  expect(notes.of(bob, 2).told?.commit).toEqual(commit)
  expect(notes.of('stranger 0' as PeerId, 2).told).toBeUndefined()
})
