import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { type LogEvent, logEvents } from '../../src/core/log-events.ts'
import type { News } from '../../src/peer/context.ts'
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

const genesis = genesisBy(ana)
const room = { id: genesis.hash as never, history: true }
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
      expect([logger.warnings.map((warning) => warning.message), notes()]).toEqual([[logEvents[event]], [logEvents[event]]])
    })
  }

  it('is said of each peer, but not of more than so many, and leaves room for everything else', () => {
    const { context, logger } = createRig()
    for (let at = 0; at < 1_000; at++) {
      context.tell({ kind: 'refused', peer: `${bob.slice(0, -4)}${1_000 + at}` as PeerId, reason: 'no member' })
    }
    context.tell({ kind: 'version', peer: bob, version: 9 })
    expect([logger.warnings.length, logger.warnings.at(-1)?.facts.peer]).toEqual([257, bob])
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
