import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { type Block, headOf, signBlock } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Epoch } from '../../src/ring/view.ts'
import { TestRoom, testCrypto } from './room.ts'

const names = ['A', 'B', 'C'] as const
const stranger = 'X' as PeerId
const noHash = 'ee'.repeat(32)

/** A room whose three members have met, and written something. */
function openRoom(): TestRoom {
  const room = new TestRoom(names, () => {})
  for (let waited = 0; waited < 60 && room.view('A').members.length < 3; waited++) room.run(250)
  submit(room, 'A', 'first')
  room.run(300)
  expect(room.peers.get('A')?.applied).toEqual(['first'])
  return room
}

function submit(room: TestRoom, name: string, text: string): void {
  room.feed(name, { kind: 'submit', domain: 'bank', ops: [new TextEncoder().encode(text)] })
}

/** Whoever knows the code can say anything: the room goes on, in the same epoch, and nobody stops. */
function expectUnharmed(room: TestRoom, epoch: Epoch | undefined): void {
  submit(room, 'B', 'after')
  for (let waited = 0; waited < 80 && !names.every((name) => room.peers.get(name)?.applied.includes('after')); waited++)
    room.run(250)
  for (const name of names) {
    expect(room.view(name).stopped, name).toBeUndefined()
    expect(room.peers.get(name)?.applied, name).toEqual(['first', 'after'])
    if (epoch !== undefined) expect(room.view(name).installed, name).toEqual(epoch)
  }
}

const numbers = (own: number): fc.Arbitrary<number> =>
  fc.constantFrom(0, 1, own, own + 1, own + 5, own + 2 ** 20, own + 2 ** 21, own + 2 ** 32, 2 ** 48)

/** Any message at all, around what the room knows. `author` signs the blocks in it. */
function anyMessage(room: TestRoom, author: PeerId): fc.Arbitrary<Message> {
  const view = room.view('A')
  const { head, commit, installed, members, turnSeen } = view
  const last = room.peers.get('A')?.blocks.at(-1) as Block
  const number = numbers(turnSeen)
  const epoch = fc.oneof(
    fc.constant(installed),
    fc.record({ number: numbers(installed.number), initiator: fc.constantFrom(author, ...members) }),
  )
  const hash = fc.constantFrom(head.hash, commit.hash, noHash)
  const index = numbers(head.index)
  const place = fc.record({ index, hash })
  const longPlace = fc.record({ epoch, index, hash })
  const block = fc
    .record({
      index: fc.constantFrom(head.index + 1, head.index, head.index + 2, 1),
      epoch,
      turn: number,
      lamport: numbers(last.lamport),
      time: numbers(last.time) as fc.Arbitrary<never>,
      prevHash: fc.constantFrom(head.hash, last.prevHash, noHash),
      checkpoint: fc.option(fc.record({ index, stateHash: fc.constant(noHash) }), { nil: undefined }),
      body: fc.oneof(
        fc.record({
          kind: fc.constant('view' as const),
          members: fc.constantFrom([author], [author, 'A' as PeerId], members),
          lost: fc.constantFrom([], [{ peer: 'A' as PeerId, loss: 7 }]),
        }),
        fc.record({
          kind: fc.constant('ops' as const),
          incarnation: numbers(1),
          firstSequence: numbers(1),
          ops: fc.constant([new Uint8Array([1])]),
        }),
      ),
      signer: fc.constantFrom(author, author, 'A' as PeerId),
    })
    .map(({ signer, ...unsigned }) => ({ ...signBlock({ ...unsigned, author: signer }, testCrypto(author)) }))
  const blocks = fc.oneof(fc.array(block, { maxLength: 2 }), fc.constant([last]))
  const what = fc.constantFrom('tail' as const, 'committed' as const)
  const kind = <Kind extends Message['kind']>(name: Kind) => fc.constant(name)
  return fc.oneof(
    fc.record({ kind: kind('want'), epoch, request: number }),
    fc.record({ kind: kind('announce'), domain: fc.constant('bank' as const), epoch, request: number, ops: fc.constant([]) }),
    fc.record({
      kind: kind('token'),
      epoch,
      turn: number,
      head: longPlace,
      commit: place,
      served: fc.array(number, { maxLength: 4 }),
      wants: fc.array(fc.boolean(), { maxLength: 4 }),
      blocks,
    }),
    fc.record({ kind: kind('token-ack'), epoch, turn: number }),
    fc.record({ kind: kind('blocks'), epoch, blocks, commit: place }),
    fc.record({ kind: kind('durable'), epoch, durable: place }),
    fc.record({ kind: kind('committed'), epoch, commit: place }),
    fc.record({
      kind: kind('status'),
      epoch,
      durable: fc.option(place, { nil: undefined }),
      commit: place,
      persistedCommit: fc.record({ epoch, index }),
      turn: number,
      promised: epoch,
      active: fc.boolean(),
      wallClock: number,
    }),
    fc.record({ kind: kind('ping'), nonce: number }),
    fc.record({ kind: kind('pong'), nonce: number, wallClock: number }),
    fc.record({
      kind: kind('evidence'),
      evidence: fc.oneof(
        fc.record({ kind: fc.constant('two-blocks' as const), first: block, second: fc.constant(last) }),
        fc.record({ kind: fc.constant('checkpoint' as const), block }),
      ),
    }),
    fc.record({ kind: kind('pre-vote'), attempt: number, suspect: fc.constantFrom(undefined, ...members) }),
    fc.record({ kind: kind('agree'), attempt: number, promised: epoch }),
    fc.record({ kind: kind('prepare'), epoch, views: blocks }),
    fc.record({ kind: kind('promise'), epoch, head: longPlace, commit: place }),
    fc.record({ kind: kind('refuse'), epoch, promised: epoch }),
    fc.record({ kind: kind('install'), epoch, viewBlock: block }),
    fc.record({ kind: kind('installed'), epoch }),
    fc.record({ kind: kind('activated'), epoch, commit: place }),
    fc.record({ kind: kind('fetch'), what, from: index }),
    fc.record({ kind: kind('fetched'), what, blocks, commit: longPlace, head: longPlace }),
  )
}

const anyLamport = numbers(100)

describe('a stranger that knows the room code', () => {
  it('changes nothing, whatever it says but a request: the room goes on in its epoch, and names it', () => {
    const room = openRoom()
    const saying = fc.record({
      to: fc.constantFrom(...names),
      lamport: anyLamport,
      message: anyMessage(room, stranger),
      wait: fc.nat(30),
    })
    fc.assert(
      fc.property(fc.array(saying, { minLength: 1, maxLength: 60 }), (sayings) => {
        const attacked = openRoom()
        const { installed } = attacked.view('A')
        for (const { to, lamport, message, wait } of sayings) {
          attacked.feed(to, { kind: 'receive', from: stranger, lamport, message })
          attacked.run(wait)
        }
        expectUnharmed(attacked, installed)
      }),
      { numRuns: 150 },
    )
  })

  it('that makes itself a view gets no peer of the room into it', () => {
    const room = openRoom()
    const epoch: Epoch = { number: 50, initiator: stranger }
    for (const to of names) {
      const head = room.view(to).head
      const viewBlock = signBlock(
        {
          index: head.index + 1,
          epoch,
          turn: 0,
          author: stranger,
          lamport: 5_000,
          time: room.view(to).time(room.now) as never,
          prevHash: head.hash,
          checkpoint: undefined,
          body: { kind: 'view', members: [stranger], lost: [] },
        },
        testCrypto(stranger),
      )
      const commit = { index: viewBlock.index, hash: viewBlock.hash }
      const messages: Message[] = [
        { kind: 'prepare', epoch, views: [viewBlock] },
        { kind: 'install', epoch, viewBlock },
        { kind: 'activated', epoch, commit },
        {
          kind: 'status',
          epoch,
          durable: commit,
          commit,
          persistedCommit: { epoch, index: commit.index },
          turn: 1,
          promised: epoch,
          active: true,
          wallClock: 0,
        },
        { kind: 'fetched', what: 'committed', blocks: [viewBlock], commit: headOf(viewBlock), head: headOf(viewBlock) },
      ]
      for (const message of messages) room.feed(to, { kind: 'receive', from: stranger, lamport: 10, message })
      expect(room.view(to).refused.get(stranger)?.reason).toContain('prepare')
    }
    room.run(5_000)
    expectUnharmed(room, room.view('A').installed)
    expect(room.view('A').members).not.toContain(stranger)
  })
})

describe('a former member', () => {
  it('with the signed view in which it once stood starts no epoch any more', () => {
    const room = new TestRoom(['A', 'B', 'C', 'X'], () => {})
    for (let waited = 0; waited < 80 && room.view('A').members.length < 4; waited++) room.run(250)
    const views = room.peers.get('X')?.blocks.filter(({ body }) => body.kind === 'view') ?? []
    expect(views.length).toBeGreaterThan(0)
    room.kill('X')
    room.run(3_000)
    submit(room, 'A', 'first')
    room.run(500)
    room.peers.delete('X')
    const { installed } = room.view('A')
    expect(room.view('A').members).toEqual(['A', 'B', 'C'])
    const epoch: Epoch = { number: installed.number + 1, initiator: stranger }
    for (const to of names)
      room.feed(to, { kind: 'receive', from: stranger, lamport: 10, message: { kind: 'prepare', epoch, views } })
    expectUnharmed(room, installed)
  })
})

describe('a stranger that asks to join, and then does not do its part', () => {
  const request: Message = { kind: 'request', purpose: 'join', above: { number: 0, initiator: stranger }, loss: undefined }
  const invented = (epoch: Epoch): Message => {
    const head = { epoch: { number: epoch.number - 1, initiator: 'B' as PeerId }, index: 10 ** 6, hash: noHash }
    return { kind: 'promise', epoch, head, commit: { index: 10 ** 6, hash: noHash } }
  }
  const rows: [string, (message: Message, room: TestRoom) => Message | undefined][] = [
    ['promises an invented head', (message) => (message.kind === 'prepare' ? invented(message.epoch) : undefined)],
    [
      'promises what is true, and installs nothing',
      (message, room) =>
        message.kind === 'prepare'
          ? { kind: 'promise', epoch: message.epoch, head: room.view('A').head, commit: room.view('A').commit }
          : undefined,
    ],
    ['does not answer', () => undefined],
    [
      'refuses for a higher epoch each time',
      (message) =>
        message.kind === 'prepare'
          ? { kind: 'refuse', epoch: message.epoch, promised: { number: message.epoch.number + 1_000, initiator: stranger } }
          : undefined,
    ],
  ]
  it.each(rows)('and %s: the room makes ever fewer epochs for it, and works in between', (_story, answer) => {
    const room = openRoom()
    let asked = 0
    room.onStranger = (_to, from, message) => {
      if (message.kind === 'prepare') asked++
      const said = answer(message, room)
      if (said !== undefined) room.feed(from, { kind: 'receive', from: stranger, lamport: 5, message: said })
    }
    const before = room.view('A').installed.number
    let written = 0
    for (let tenth = 0; tenth < 600; tenth++) {
      for (const to of tenth % 3 === 0 ? names : [])
        room.feed(to, { kind: 'receive', from: stranger, lamport: 5, message: request })
      if (tenth % 10 === 0) submit(room, 'B', `op${written++}`)
      room.run(100)
    }
    // A minute of asking three times a second; a room that made an epoch of 3 s for each would have written nothing.
    expect(asked).toBeGreaterThan(0)
    expect(room.view('A').installed.number - before).toBeLessThan(30)
    expect(room.peers.get('C')?.applied.length).toBeGreaterThan(written * 0.9)
    for (const name of names) expect(room.view(name).stopped).toBeUndefined()
  })
})

describe('a member that lies', () => {
  it('stops nobody, and gets nothing invalid applied', () => {
    const room = openRoom()
    const liar = 'C' as PeerId
    const saying = fc.record({
      to: fc.constantFrom('A', 'B'),
      lamport: anyLamport,
      message: anyMessage(room, liar),
      wait: fc.nat(30),
    })
    fc.assert(
      fc.property(fc.array(saying, { minLength: 1, maxLength: 60 }), (sayings) => {
        const attacked = openRoom()
        for (const { to, lamport, message, wait } of sayings) {
          attacked.feed(to, { kind: 'receive', from: liar, lamport, message })
          attacked.run(wait)
        }
        attacked.run(2_000)
        for (const name of ['A', 'B']) expect(attacked.view(name).stopped, name).toBeUndefined()
        const committed = Math.min(...['A', 'B'].map((name) => attacked.view(name).commit.index))
        const logOf = (name: string) =>
          attacked.peers
            .get(name)
            ?.blocks.slice(0, committed + 1)
            .map(({ hash }) => hash)
        expect(logOf('A')).toEqual(logOf('B'))
      }),
      { numRuns: 150 },
    )
  })
})
