import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { type LogEvent, logEvents } from '../../src/core/log-events.ts'
import { createClock } from '../../src/io/clock.ts'
import type { News } from '../../src/peer/context.ts'
import type { Logger, Transport } from '../../src/peer/ports.ts'
import type { Session } from '../../src/peer/session.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

const [ana, bob, eve] = ['A', 'B', 'E'].map(peerNamed) as [PeerId, PeerId, PeerId]

function createRig() {
  const logger = createListeningLogger()
  const { context, news } = createTestContext(ana, { logger })
  const notes = () => context.events.recent().flatMap((event) => (event.kind === 'note' ? [event.event] : []))
  return { context, news, logger, notes }
}

/** One of the names that somebody made up. */
const made = (at: number): PeerId => `${bob.slice(0, -4)}${1_000 + at}` as PeerId
const genesis = genesisBy(ana)
const room = { id: genesis.hash as never, holdsFast: true }
const once: readonly (readonly [string, News, LogEvent])[] = [
  ['a frame that cannot be read', { kind: 'malformed', from: bob, reason: 'ends too early' }, 'peer-refused'],
  [
    'a bad frame that the transport found',
    { kind: 'trouble', trouble: { kind: 'bad-frame', peer: bob, reason: 'over its limit' } },
    'peer-refused',
  ],
  ['what the ring refuses', { kind: 'refused', peer: bob, reason: 'token: no member' }, 'peer-refused'],
  ['another version', { kind: 'version', peer: bob, version: 9 }, 'peer-version'],
  ['another version, at the handshake', { kind: 'trouble', trouble: { kind: 'version', peer: bob, version: 9 } }, 'peer-version'],
  [
    'another room code',
    { kind: 'trouble', trouble: { kind: 'wrong-code', address: '/ip4/127.0.0.1/tcp/1', peer: undefined } },
    'peer-wrong-code',
  ],
  [
    'proof of a fault',
    { kind: 'faulty', evidence: { kind: 'two-blocks', first: opsAfter(genesis, eve, 1), second: opsAfter(genesis, eve, 2) } },
    'peer-faulty',
  ],
]

describe('what happens again and again', () => {
  for (const [what, news, event] of once) {
    it(`is said once, in the log and to people: ${what}`, () => {
      const { context, logger, notes } = createRig()
      for (let times = 0; times < 3; times++) context.tell(news)
      expect([logger.warnings.map((warning) => warning.message), notes()]).toEqual([[logEvents[event]], [event]])
    })
  }

  it('is said of each peer, but not of more than so many, and leaves room for everything else', () => {
    const { context, logger } = createRig()
    for (let at = 0; at < 1_000; at++) context.tell({ kind: 'refused', peer: made(at), reason: 'no member' })
    context.tell({ kind: 'version', peer: bob, version: 9 })
    expect(logger.warnings.slice(257).map(({ facts }) => facts)).toEqual([{ unnamed: 1 }, { peer: bob, version: 9 }])
  })

  it('is said of members at once, of whoever is connected once a second, and of others once a minute, though names are made up', () => {
    let now = 0
    const logger = createListeningLogger()
    const peers = [{ peer: made(2_000), addresses: [] }]
    const transport = { peers } as unknown as Transport
    const { context } = createTestContext(ana, { logger, transport, clock: { ...createClock(), monotonic: () => now } })
    context.room = { view: { time: () => 1, members: [ana, bob] } } as unknown as Session
    const tell = (peer: PeerId): unknown[] => {
      const before = logger.warnings.length
      context.tell({ kind: 'malformed', from: peer, reason: 'x' })
      return logger.warnings.slice(before).map(({ facts }) => facts.peer ?? facts.unnamed)
    }
    for (let at = 0; at < 256; at++) tell(made(at))
    expect([tell(made(256)), tell(made(257)), tell(made(258))]).toEqual([[made(256)], [1], []])
    expect(tell(bob)).toEqual([bob])
    now += 999
    expect(tell(made(2_000))).toEqual([])
    now += 1
    expect(tell(made(2_000))).toEqual([made(2_000)])
    for (let at = 300; at < 600; at++) {
      now += 60_000
      expect(tell(made(at))).toEqual([made(at)])
    }
    expect([tell(bob), tell(made(2_000))]).toEqual([[], []])
    expect([bob, made(2_000), made(599)].map((peer) => context.refused.has(peer))).toEqual([true, true, true])
    now += 1
    expect(tell(made(700))).toEqual([3])
  })

  it('is said once of each author whom proof is of, whatever it did; and of each two', () => {
    const { context, logger } = createRig()
    const block = (author: PeerId, at: number) => opsAfter(genesis, author, at)
    const two = (first: PeerId, second: PeerId, at: number): News => ({
      kind: 'faulty',
      evidence: { kind: 'two-blocks', first: block(first, 1), second: block(second, at) },
    })
    for (let at = 2; at < 5; at++)
      for (const [one, other] of [
        [eve, eve],
        [bob, eve],
        [eve, bob],
      ] as const)
        context.tell(two(one, other, at))
    context.tell({ kind: 'faulty', evidence: { kind: 'checkpoint', block: block(eve, 1) } })
    expect(logger.warnings.map(({ facts }) => facts.peer)).toEqual([eve, undefined])
  })

  it('is no reason to say anything: what concerns nobody here', () => {
    const { context, logger, notes } = createRig()
    context.tell({ kind: 'trouble', trouble: { kind: 'unreachable', address: '/ip4/127.0.0.1/tcp/1', reason: 'refused' } })
    context.tell({ kind: 'met', found: { peer: bob, room } })
    expect([logger.warnings, notes()]).toEqual([[], []])
  })
})

describe('frames that cannot be read', () => {
  it('are counted by sender, wherever they were found', () => {
    const { context } = createRig()
    context.tell({ kind: 'malformed', from: bob, reason: 'ends too early' })
    context.tell({ kind: 'trouble', trouble: { kind: 'bad-frame', peer: bob, reason: 'over its limit' } })
    context.tell({ kind: 'malformed', from: eve, reason: 'unknown kind of frame' })
    expect([...context.refused]).toEqual([
      [bob, { reason: 'ends too early', count: 2 }],
      [eve, { reason: 'unknown kind of frame', count: 1 }],
    ])
  })
})

it('of senders whose frames cannot be read 256 are counted, and the oldest gives its place to a new one', () => {
  const { context } = createRig()
  const tell = (at: number) => context.tell({ kind: 'malformed', from: made(at), reason: 'x' })
  for (let at = 0; at < 300; at++) tell(at)
  tell(44)
  expect([...context.refused].slice(0, 2)).toEqual([
    [made(44), { reason: 'x', count: 2 }],
    [made(45), { reason: 'x', count: 1 }],
  ])
  expect([context.refused.size, context.refused.has(made(299))]).toEqual([256, true])
})

describe('the log of the program', () => {
  it('has an error where the ring stops by itself or a write fails, and none where the peer leaves', () => {
    const errors: unknown[] = []
    const logger = { ...createListeningLogger(), error: (event: LogEvent, facts: unknown) => errors.push([event, facts]) }
    const { context } = createTestContext(ana, { logger })
    const failure = new Failure('disk-full', 'No space left.')
    context.tell({ kind: 'stopped', reason: { kind: 'left' } })
    expect(errors).toEqual([])
    context.tell({ kind: 'failed', failure })
    context.tell({ kind: 'stopped', reason: { kind: 'bug', message: 'it cannot be' } })
    expect(errors).toEqual([
      ['write-failed', { code: 'disk-full', error: failure }],
      ['peer-stopped', { reason: 'stopped: it cannot be' }],
    ])
  })

  it('has each step of the ring for whoever looks for a fault, and an error where the log is damaged', () => {
    const lines: unknown[] = []
    const logger: Logger = {
      ...createListeningLogger(),
      debug: (event, facts) => lines.push([event, typeof facts === 'function' ? facts() : facts]),
      error: (event, facts) => lines.push([event, facts]),
    }
    const { context } = createTestContext(ana, { logger })
    context.tell({ kind: 'note', note: { event: 'token-passed', facts: { to: bob, turn: 4 } } })
    context.tell({ kind: 'damaged', damage: new Failure('store-damaged', 'Block 3 is damaged.', { index: 3 }) })
    expect(lines).toEqual([
      ['ring-step', { step: 'token-passed', to: bob, turn: 4 }],
      ['log-damaged', { index: 3 }],
    ])
  })

  it('names another room of this name, and people are told of it, each time that it is news', () => {
    const { context, logger } = createRig()
    const facts = { founded: genesis.time, hasCode: true, reason: 'another-code', version: 2 } as const
    const other = { ...facts, id: 'ab'.repeat(8), name: 'test', founder: 'Bob', size: 3 }
    for (let times = 0; times < 2; times++) context.tell({ kind: 'other-room', room: other })
    const warning = { message: logEvents['other-room'], facts: { ...facts, room: other.id, members: 3 } }
    expect(logger.warnings).toEqual([warning, warning])
    expect(context.events.recent()).toMatchObject(Array(2).fill({ kind: 'other-room', room: other }))
  })
})

describe('what a person should know though the peer goes on', () => {
  it('is kept once for each text', () => {
    const { context } = createRig()
    const damaged = (message: string): News => ({ kind: 'damaged', damage: new Failure('store-damaged', message) })
    const copied: News = { kind: 'copied', incarnation: 3 }
    for (const news of [copied, damaged('one'), damaged('one'), copied, damaged('other')]) context.tell(news)
    expect(context.notices).toEqual([
      { code: 'peer-copied', text: logEvents['peer-copied'] },
      { code: 'log-damaged', text: expect.stringContaining('one') },
      { code: 'log-damaged', text: expect.stringContaining('other') },
    ])
  })
})

describe('a copy of this profile that is heard', () => {
  const copyRig = (view: object | undefined) => {
    const { context, news } = createTestContext(ana)
    context.room = view && ({ view: { time: () => 1, incarnation: 3, ...view } } as unknown as Session)
    return {
      meet: (isLater: boolean) => context.tell({ kind: 'trouble', trouble: { kind: 'copy', isLater } }),
      heard: () => news.filter(({ kind }) => kind !== 'trouble'),
    }
  }

  it('and was started later is named; where this one was it stops, once', () => {
    const { meet, heard } = copyRig({ stopped: undefined })
    meet(false)
    expect(heard()).toEqual([{ kind: 'copied', incarnation: 3 }])
    for (const isLater of [true, true, false]) meet(isLater)
    expect(heard().slice(1)).toEqual([{ kind: 'stopped', reason: { kind: 'copy-runs' } }])
  })

  it.each([
    ['is in no room yet', undefined],
    ['has stopped', { stopped: { kind: 'left' } }],
  ])('is nothing to one that %s', (_what, view) => {
    const { meet, heard } = copyRig(view)
    for (const isLater of [false, true]) meet(isLater)
    expect(heard()).toEqual([])
  })
})

describe('whom the ring misses', () => {
  const preVote = (suspect: PeerId | undefined): News => ({
    kind: 'note',
    note: { event: 'pre-vote', facts: { why: suspect === undefined ? 'token-lost' : 'silent', suspect } },
  })

  it('is told by name and reason, not again and again, and to those who come later, too', () => {
    let now = 100_000
    const { context } = createTestContext(ana, { clock: { ...createClock(), monotonic: () => now } })
    const suspected = () =>
      context.events
        .recent()
        .flatMap((event) => (event.kind === 'suspected' ? [`${event.suspect ?? 'nobody'} ${event.why}`] : []))
    for (; now < 104_900; now += 700) for (const suspect of [bob, undefined, eve]) context.tell(preVote(suspect))
    const once = [`${bob} silent`, 'nobody token-lost', `${eve} silent`]
    expect(suspected()).toEqual(once)
    now = 105_000
    context.tell(preVote(bob))
    expect(suspected()).toEqual([...once, `${bob} silent`])
  })
})

it('is told of a question for a suspect alone, and for eyes of every step', () => {
  const { context } = createRig()
  const seen: string[] = []
  context.events.subscribe((event) => seen.push(event.kind))
  context.tell({ kind: 'note', note: { event: 'token-passed', facts: { to: bob, turn: 4 } } })
  expect(seen).toEqual(['note'])
  context.tell({ kind: 'note', note: { event: 'pre-vote', facts: { why: 'silent', suspect: bob } } })
  expect(seen).toEqual(['note', 'suspected', 'note'])
})

it('who is here is told with a name', () => {
  const { context } = createRig()
  context.learnName(bob, 'Bob')
  context.tell({ kind: 'presence', peer: bob, here: true })
  context.tell({ kind: 'presence', peer: eve, here: false })
  expect(context.events.recent()).toMatchObject([
    { kind: 'presence', peer: bob, name: 'Bob', here: true },
    { kind: 'presence', peer: eve, name: 'EEEEEE', here: false },
  ])
})

describe('names', () => {
  it('are those that peers gave, else the ends of their ids', () => {
    const { context } = createRig()
    context.learnName(bob, 'Bob')
    context.learnName(eve, '')
    expect([ana, bob, eve].map(context.nameOf)).toEqual(['Ana', 'Bob', 'EEEEEE'])
  })

  it('are kept for so many', () => {
    const { context } = createRig()
    for (let at = 0; at < 3_000; at++) context.learnName(`${bob.slice(0, -4)}${1_000 + at}` as PeerId, 'somebody')
    expect(context.names.size).toBeLessThanOrEqual(1_024)
  })

  it('are kept for 1,024 peers, and with one more begin anew', () => {
    const { context } = createRig()
    for (let at = 0; at < 1_024; at++) context.learnName(`${bob.slice(0, -4)}${1_000 + at}` as PeerId, 'somebody')
    expect(context.names.size).toBe(1_024)
    context.learnName(bob, 'Bob')
    expect([...context.names]).toEqual([[bob, 'Bob']])
  })
})

describe('whoever hears', () => {
  it('hears everything in order, until it is tired of it', () => {
    const { context, news } = createRig()
    const heard: string[] = []
    const stop = context.hear(({ kind }) => heard.push(kind))
    context.tell({ kind: 'failed', failure: new Failure('disk-full', '') })
    context.tell({ kind: 'quorum', held: false, text: 'no quorum' })
    stop()
    context.tell({ kind: 'stopped', reason: { kind: 'left' } })
    expect(heard).toEqual(['failed', 'quorum'])
    expect(news.map(({ kind }) => kind)).toEqual(['failed', 'quorum', 'stopped'])
    expect(context.events.recent()).toMatchObject([{ kind: 'quorum', held: false, text: 'no quorum' }])
  })
})
