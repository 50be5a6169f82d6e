import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { parseJoinLink } from '../../src/core/join-link.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { peersOf, ringOf } from '../../src/peer/known-peers.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { createRingNotes } from '../../src/peer/ring-notes.ts'
import type { Session } from '../../src/peer/session.ts'
import {
  type Condition,
  conditionOf,
  type Ending,
  isAsOfLog,
  linkOf,
  nameOrId,
  roleOf,
  statusOf,
  stopText,
  toProof,
  troubleOf,
} from '../../src/peer/status.ts'
import type { Evidence } from '../../src/ring/faults.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Refusal, ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy, opsAfter } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob, cleo, eve] = ['A', 'B', 'C', 'E'].map(peerNamed) as [PeerId, PeerId, PeerId, PeerId]
const names = new Map([
  [ana, 'Ana'],
  [bob, 'Bob'],
])
const well: Condition = {
  stopped: undefined,
  leaving: false,
  failed: undefined,
  self: ana,
  membership: 'member',
  active: true,
  behind: 0,
  quorum: true,
  members: [ana, bob, cleo],
  reachable: [ana, bob],
  nameOf: (peer) => nameOrId(names.get(peer), peer),
}
const full = new Failure('disk-full', 'No space left.')
const learner = { membership: 'learner', active: false, members: [bob, cleo], reachable: [bob, cleo] } as const

describe('what is wrong with a peer, and what it is to the ring', () => {
  const rows: readonly [string, Partial<Condition>, string | undefined, string][] = [
    ['nothing', {}, undefined, 'member'],
    [
      'no quorum',
      { quorum: false, reachable: [ana] },
      'no quorum: 1 of 3 members reachable, waiting for Bob, CCCCCC',
      'read-only',
    ],
    ['a full disk', { failed: full, quorum: false }, 'disk full: read-only until the peer is started again', 'read-only'],
    [
      'another write failure',
      { failed: new Failure('disk-failed', '') },
      'the disk failed: read-only until the peer is started again',
      'read-only',
    ],
    ['not a member yet', learner, undefined, 'learner'],
    ['a log that grows', { ...learner, behind: 812 }, 'catching up: 812 blocks behind', 'learner'],
    ['a log that lacks one block', { ...learner, behind: 1 }, 'catching up: 1 block behind', 'learner'],
    ['nobody heard yet', { ...learner, reachable: [] }, 'no member of the room was heard yet', 'learner'],
    ['a member that missed an epoch', { active: false, behind: 3, quorum: false }, 'catching up: 3 blocks behind', 'read-only'],
    [
      'a lost log',
      { membership: 'forgotten', active: false },
      'its log was lost: catching up until the room has written that down',
      'forgotten',
    ],
    [
      'a lost log that is being fetched',
      { membership: 'forgotten', active: false, behind: 5, members: [bob] },
      'its log was lost: catching up until the room has written that down (5 blocks behind)',
      'forgotten',
    ],
    [
      'a lost log of which one block is still to come',
      { membership: 'forgotten', active: false, behind: 1, members: [bob] },
      'its log was lost: catching up until the room has written that down (1 block behind)',
      'forgotten',
    ],
    ['stopped', { stopped: { kind: 'left' }, failed: full }, 'left the room', 'stopped'],
    ['leaving', { leaving: true }, undefined, 'leaving'],
  ]
  for (const [what, changes, trouble, role] of rows) {
    it(`${what}: ${role}`, () => {
      const condition = { ...well, ...changes }
      expect([troubleOf(condition)?.text, roleOf(condition)]).toEqual([trouble, role])
    })
  }
})

describe('members as of the log', () => {
  const rows: readonly [string, Partial<Condition>, boolean][] = [
    ['of a peer that takes part', {}, false],
    ['of a room of one', { members: [ana], reachable: [ana] }, false],
    ['of a room of one that was just opened', { active: false, members: [ana], reachable: [ana] }, false],
    ['of a room of one that has gone on', { active: false, behind: 1, members: [ana], reachable: [ana] }, true],
    ['of a learner that hears them', learner, false],
    ['of a learner that is behind', { ...learner, behind: 1 }, true],
    ['of a learner that hears none', { ...learner, reachable: [] }, true],
    ['of a member that came back and hears nobody', { active: false, reachable: [ana] }, true],
    ['of a member that came back and hears another', { active: false }, false],
  ]
  for (const [what, changes, expected] of rows) {
    it(`${what}: ${expected ? 'may be old' : 'are the room’s'}`, () => expect(isAsOfLog({ ...well, ...changes })).toBe(expected))
  }

  it('are not reachable members for a learner that is behind', () => {
    const { context } = createTestContext(ana)
    const view = viewWith({ membership: 'learner', active: false, behind: 9, members: [bob, cleo] }, [bob])
    const condition = conditionOf(context, { view, failed: undefined }, { leaving: false, stopReason: undefined })
    expect([condition.reachable, condition.members]).toEqual([[], [bob, cleo]])
  })
})

it('a peer that takes part is not behind, whatever it has heard of blocks on their way', () => {
  const { context } = createTestContext(ana)
  const view = viewWith({ behind: 3 }, [ana, bob])
  const condition = conditionOf(context, { view, failed: undefined }, { leaving: false, stopReason: undefined })
  expect([condition.behind, troubleOf(condition)]).toEqual([0, undefined])
})

describe('the status of a peer', () => {
  const genesis = genesisBy(ana)
  const statusWith = (view: Partial<ReplicaView>, options: Partial<PeerOptions> = {}, ending: Partial<Ending> = {}) => {
    const { context } = createTestContext(ana, {}, options)
    const ring = {
      ...{
        installed: { number: 2, initiator: ana },
        turnSeen: 4,
        head: genesis,
        commit: { index: 7, hash: genesis.hash },
        durable: 6,
      },
      ...{ holding: undefined, lamport: 90, time: () => 5 },
    }
    const session = {
      room: genesis.hash,
      genesisBlock: genesis,
      genesis: genesis.body.kind === 'genesis' && genesis.body.genesis,
      view: viewWith({ ...ring, ...view } as Partial<ReplicaView>, [ana, bob]),
      market: { stateHash: 'ab' },
      failed: undefined,
    } as unknown as Session
    const residence = { session, entered: 'kept', otherRooms: () => [] } as const
    return statusOf(context, residence, { leaving: false, stopReason: undefined, ...ending })
  }

  it('says whether it holds the token, and whether the room has a code', () => {
    expect(statusWith({})).toMatchObject({
      holdsToken: false,
      turn: 4,
      epoch: '2.AAAAAA',
      room: { hasCode: true },
      role: 'member',
    })
    expect(statusWith({ holding: 4 }).holdsToken).toBe(true)
    expect(statusWith({}, { code: '' }).room.hasCode).toBe(false)
  })

  it('says what is wrong by a code for programs, too', () => {
    const codeOf = (view: Partial<ReplicaView>, ending: Partial<Ending> = {}) => statusWith(view, {}, ending).troubleCode
    expect(codeOf({})).toBeUndefined()
    expect(codeOf({ hasQuorum: () => false })).toBe('no-quorum')
    expect(codeOf({ membership: 'forgotten', active: false })).toBe('forgotten')
    expect(codeOf({ active: false, behind: 3 })).toBe('catching-up')
    expect(codeOf({}, { stopReason: { kind: 'left' } })).toBe('left')
    const later = { kind: 'own-later-block', index: 9, incarnation: 4 } as const
    for (const which of ['twin', 'older-copy'] as const) expect(codeOf({}, { stopReason: { ...later, which } })).toBe(which)
  })

  it('says of a move that the disk cut off what it says of a disk that fails elsewhere', () => {
    for (const code of ['disk-full', 'disk-read-only', 'disk-failed', 'store-damaged'] as const) {
      const failure = new Failure(code, 'No space left.')
      const stopped = troubleOf({ ...well, stopped: { kind: 'stranded', failure } })
      expect([stopped?.code, stopped?.text]).toEqual([
        troubleOf({ ...well, failed: failure })?.code,
        'stopped: the room could not be changed: No space left',
      ])
    }
  })
})

describe('the link into a room', () => {
  const genesis = genesisBy(ana)
  const [lan, here, hereToo] = ['/ip4/192.168.1.20/tcp/4001', '/ip4/127.0.0.1/tcp/4001', '/ip6/::1/tcp/4001'] as const
  const rows: readonly [string, readonly string[], readonly string[]][] = [
    ['those that others can reach', [here, lan, hereToo], [lan]],
    ['those of this machine, where there are no others', [here, hereToo], [here, hereToo]],
    ['none, where there is none', [], []],
  ]
  it.each(rows)('names of its addresses %s', (_, addresses, named) => {
    const transport = { addresses } as Partial<Transport> as Transport
    const { context } = createTestContext(ana, { transport })
    const session = { room: genesis.hash as RoomId, genesis: { name: 'evening' } } as Pick<Session, 'room' | 'genesis'>
    const link = parseJoinLink(linkOf(context, session, 'old lamp'))
    expect(link).toEqual({ ok: true, value: { room: 'evening', code: 'old lamp', roomId: genesis.hash, addresses: named } })
  })
})

describe('the peers of a room', () => {
  const genesis = genesisBy(ana)
  const later: Evidence = { kind: 'checkpoint', block: opsAfter(opsAfter(genesis, eve, 1), eve, 2) }
  const twoBlocks: Evidence = { kind: 'two-blocks', first: opsAfter(genesis, eve, 1), second: opsAfter(genesis, eve, 2) }
  const seenBy = (changes: Partial<ReplicaView>) => {
    const { context } = createTestContext(ana)
    context.learnName(bob, 'Bob')
    const known = { notes: createRingNotes(ana), clockOffsets: new Map([[bob, 12]]) }
    const session = { room: 'here', view: viewWith(changes, [ana, bob]), failed: undefined, ...known }
    const rooms = new Map([
      [bob, 'here'],
      [cleo, 'elsewhere'],
    ]) as ReadonlyMap<PeerId, string>
    const connected = new Map([...rooms.keys()].map((peer) => [peer, undefined]))
    const roomOf = (peer: PeerId) => ({ id: rooms.get(peer) }) as never
    return { context, peers: () => peersOf(context, session as unknown as Session, { connected, roomOf }) }
  }

  it('are its members in ring order, then who is connected and in it', () => {
    const { peers } = seenBy({ members: [eve, ana] })
    expect(peers().map(({ name, peer, member, connected }) => [name || nameOrId('', peer), member, connected])).toEqual([
      ['EEEEEE', true, false],
      ['Ana', true, true],
      ['Bob', false, true],
    ])
  })

  it('tell how far their clocks are ahead of ours, as far as they have said', () => {
    const { peers } = seenBy({ members: [ana, bob, eve] })
    expect(peers().map(({ peer, self, clockOffset }) => [peer, self, clockOffset])).toEqual([
      [ana, true, 0],
      [bob, false, 12],
      [eve, false, undefined],
    ])
  })

  it('are named by what is refused of them, by the ring and before it, and by what they are proven of', () => {
    const refused = new Map<PeerId, Refusal>([
      [bob, { reason: 'token: no member', count: 2 }],
      [eve, { reason: 'prepare: no member', count: 7 }],
    ])
    const { context, peers } = seenBy({ members: [ana, bob], refused, evidence: [twoBlocks, later] })
    for (const from of [bob, bob, cleo]) context.tell({ kind: 'malformed', from, reason: 'ends too early' })
    expect(peers().map(({ peer, refused: count, faulty }) => [peer, count, faulty])).toEqual([
      [ana, undefined, undefined],
      [bob, { reason: 'token: no member', count: 4 }, undefined],
      [cleo, { reason: 'ends too early', count: 1 }, undefined],
      [eve, { reason: 'prepare: no member', count: 7 }, 'signed two different blocks 1'],
    ])
  })

  it('are labelled where the members are those of an old log', () => {
    const labels = (behind: number) =>
      seenBy({ membership: 'learner', active: false, behind, members: [bob, eve] })
        .peers()
        .map(({ member, memberAsOfLog }) => [member, memberAsOfLog])
    expect(labels(4)).toEqual([
      [true, true],
      [true, true],
      [false, false],
    ])
    expect(labels(0)).toEqual([
      [true, false],
      [true, false],
      [false, false],
    ])
  })

  it('are what they are to the ring in this peer’s eyes', () => {
    const refused = new Map<PeerId, Refusal>([[cleo, { reason: 'token: no member', count: 2 }]])
    const roles = (changes: Partial<ReplicaView>) =>
      seenBy(changes)
        .peers()
        .map(({ peer, role }) => [peer, role])
    expect(roles({ members: [eve, ana, bob], refused })).toEqual([
      [eve, 'unreachable'],
      [ana, 'member'],
      [bob, 'member'],
      [cleo, 'refused'],
    ])
    expect(roles({ members: [eve] })).toEqual([
      [eve, 'unreachable'],
      [ana, 'learner'],
      // It is connected, and has said nothing in the room.
      [bob, 'visitor'],
    ])
  })

  it('are shown with what was heard of each, and this peer with what it knows of itself', () => {
    const { context } = createTestContext(ana, {
      transport: {
        addresses: [],
        remoteOf: (peer) => (peer === bob ? '/ip4/10.0.0.2/tcp/4001' : undefined),
      } as Partial<Transport> as Transport,
    })
    const commit = { index: 7, hash: 'ab'.repeat(32) }
    const notes = createRingNotes(ana)
    const pending = [{ written: false }] as unknown as ReplicaView['pending']
    const turns = {
      holding: undefined,
      turnSeen: 9,
      installed: { number: 2, initiator: ana },
      viewIndex: 3,
      time: (now: number) => now,
    }
    const view = viewWith({ members: [ana, bob, cleo], commit, durable: 6, pending, ...turns } as Partial<ReplicaView>, [
      ana,
      bob,
    ])
    const replica = notes.around({ view, step: () => [] })
    const epoch = { number: 2, initiator: ana }
    const now = context.ports.clock.monotonic()
    const hears = (from: PeerId, message: Message): void => void replica.step(now, { kind: 'receive', from, lamport: 1, message })
    const said = {
      kind: 'status',
      epoch,
      persistedCommit: { epoch, index: 4 },
      promised: epoch,
      active: true,
      wallClock: 0,
    } as const
    hears(bob, { ...said, turn: 5, durable: { index: 5, hash: commit.hash }, commit: { index: 4, hash: commit.hash } })
    hears(cleo, { ...said, turn: 4, durable: undefined, commit: { index: 3, hash: commit.hash } })
    hears(cleo, { kind: 'want', epoch, request: 1 })
    hears(bob, { kind: 'pre-vote', attempt: 1, suspect: cleo })
    const session = {
      room: 'here',
      view,
      failed: undefined,
      notes,
      clockOffsets: new Map(),
      paceMillis: 250,
    } as unknown as Session
    const lobby = { connected: new Map([[bob, undefined]]), roomOf: () => undefined }
    const shown = peersOf(context, session, lobby)
    expect(shown.map(({ peer, path }) => [peer, path])).toEqual([
      [ana, { kind: 'self' }],
      [bob, { kind: 'direct', address: '/ip4/10.0.0.2/tcp/4001' }],
      [cleo, { kind: 'mesh' }],
    ])
    expect(shown.map(({ durable, head }) => [durable, head?.index])).toEqual([
      [6, 7],
      [5, 4],
      [undefined, 3],
    ])
    expect(shown.map(({ holdsToken, wants, suspected }) => [holdsToken, wants, suspected])).toEqual([
      [false, true, false],
      [true, false, false],
      [false, true, true],
    ])
    expect(ringOf(context, session)).toMatchObject({
      epoch: '2.AAAAAA',
      view: 3,
      members: [ana, bob, cleo],
      turn: 9,
      holder: bob,
      requests: [ana, cleo],
      suspected: [cleo],
      quorum: true,
      paceMillis: 250,
      turns: [
        { epoch: '2.AAAAAA', turn: 4, holder: cleo },
        { epoch: '2.AAAAAA', turn: 5, holder: bob },
      ],
    })
    for (const [pending, wants] of [
      [[], false],
      [[true], false],
      [[true, false], true],
    ] as const) {
      const waiting = pending.map((written) => ({ written }))
      const other = { ...session, view: { ...view, pending: waiting } } as unknown as Session
      expect(ringOf(context, other).requests).toEqual(wants ? [ana, cleo] : [cleo])
      expect(peersOf(context, other, lobby)[0]?.wants).toBe(wants)
    }
  })

  it('can be shown what proves a fault: whose it is, and the blocks', () => {
    const blocks = [twoBlocks.first, twoBlocks.second].map(({ hash }) => ({ index: 1, epoch: '1.AAAAAA', author: eve, hash }))
    expect(toProof(twoBlocks)).toEqual({ kind: 'two-blocks', author: eve, what: 'signed two different blocks 1', blocks })
    const ofTwo: Evidence = { kind: 'two-blocks', first: opsAfter(genesis, eve, 1), second: opsAfter(genesis, bob, 1) }
    expect(toProof(ofTwo)).toMatchObject({ author: undefined, what: 'two members signed a block 1 each' })
    const wrong = blockAfter(genesis, bob, { kind: 'view', members: [bob], lost: [] })
    expect(toProof({ kind: 'checkpoint', block: wrong })).toMatchObject({
      author: bob,
      what: 'vouched for a wrong state in block 1',
      blocks: [{ hash: wrong.hash }],
    })
  })
})

describe('why a peer stopped', () => {
  it('is a sentence that says which of two it may be, and how it comes back', () => {
    const later = { kind: 'own-later-block', index: 9, incarnation: 4 } as const
    expect(stopText({ ...later, which: 'older-copy' })).toMatch(/older copy of itself.*number 4.*block 9.*--refetch/)
    expect(stopText({ ...later, which: 'twin' })).toMatch(
      /block 9.*copy of this folder runs.*or this one was restored.*--refetch/,
    )
    expect(stopText({ kind: 'state-diverged', index: 7, authors: [bob, cleo] })).toMatch(/block 7.*2 other members.*--refetch/)
    expect(stopText({ kind: 'left' })).toBe('left the room')
  })
})

function viewWith(changes: Partial<ReplicaView>, reachable: readonly PeerId[]): ReplicaView {
  const view: Partial<ReplicaView> = {
    membership: 'member',
    active: true,
    behind: 0,
    members: [ana, bob],
    refused: new Map(),
    evidence: [],
    pending: [],
    hasQuorum: () => true,
    reachable: () => reachable,
    ...changes,
  }
  return view as ReplicaView
}
