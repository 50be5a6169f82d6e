import { describe, expect, it } from 'vitest'
import type { Instant } from '../../src/core/ids.ts'
import { operationId } from '../../src/core/ids.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { AppliedOutcome } from '../../src/market/types.ts'
import { createEventLog, type NewEvent, recentEventsMax } from '../../src/peer/events.ts'
import type { PeerEvent } from '../../src/peer/peer.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'
import { account, cents } from './rig.ts'

const ana = peerNamed('A')
const at = 1_000 as Instant
const note = (event: string): NewEvent => ({ kind: 'note', at, event, facts: {} })
const failing = (error: unknown): never => {
  throw error
}

describe('the events of a peer', () => {
  it('are numbered from 1 without gaps, the same for every listener', () => {
    const events = createEventLog(failing)
    const heard: PeerEvent[][] = [[], []]
    events.add(note('a'))
    events.subscribe((event) => heard[0]?.push(event))
    events.add(note('b'))
    const leave = events.subscribe((event) => heard[1]?.push(event))
    events.add(note('c'))
    leave()
    events.add(note('d'))
    const told = heard.map((list) => list.map((event) => `${event.number}${event.kind === 'note' ? event.event : ''}`))
    expect(told).toEqual([['2b', '3c', '4d'], ['3c']])
    expect(events.recent().map(({ number }) => number)).toEqual([1, 2, 3, 4])
  })

  it('are kept up to a bound, the newest of them', () => {
    const events = createEventLog(failing)
    for (let i = 0; i < recentEventsMax + 250; i++) events.add(note(`${i}`))
    const recent = events.recent()
    expect([recent.length, recent[0]?.number, recent.at(-1)?.number]).toEqual([recentEventsMax, 251, recentEventsMax + 250])
  })

  it('of a block are one for each change and each refusal, with its operation', () => {
    const submission = encodeSubmission({
      request: undefined,
      operation: { kind: 'withdraw', account: account('ana'), amount: cents(1) },
    })
    const ops = [submission, submission, submission, Uint8Array.of(255), submission]
    const block = blockAfter(genesisBy(ana), ana, { kind: 'ops', incarnation: 2, firstSequence: 5, ops })
    const opened = { kind: 'account-opened', account: account('ana'), holder: 'Ana' } as const
    const outcomes: AppliedOutcome[] = [
      { sequence: 5, outcome: { accepted: true, events: [opened, opened] } },
      { sequence: 6, outcome: undefined },
      { sequence: 7, outcome: { accepted: false, rejection: { code: 'own-lot' } } },
      { sequence: 8, outcome: { accepted: false, rejection: { code: 'malformed', detail: '' } } },
      // Its first result is given again; it is not told again.
      { sequence: 9, outcome: { accepted: true, events: [opened] }, isRepeat: true },
    ]
    const events = createEventLog(failing)
    events.addBlock(block, outcomes)
    const common = { at: block.time, block: 1 }
    expect(events.recent()).toEqual([
      { ...common, number: 1, kind: 'market', operation: operationId(ana, 2, 5), event: opened },
      { ...common, number: 2, kind: 'market', operation: operationId(ana, 2, 5), event: opened },
      {
        ...common,
        number: 3,
        kind: 'rejected',
        operation: operationId(ana, 2, 7),
        rejection: { code: 'own-lot' },
        asked: { kind: 'withdraw', account: 'ana', amount: 1 },
      },
      {
        ...common,
        number: 4,
        kind: 'rejected',
        operation: operationId(ana, 2, 8),
        rejection: { code: 'malformed', detail: '' },
        asked: undefined,
      },
    ])
    events.add(note('next'))
    expect(events.recent().map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  })

  it('for eyes are made only when somebody looks', () => {
    const events = createEventLog(failing)
    let made = 0
    const make = (): NewEvent[] => {
      made++
      return [note('passed')]
    }
    events.addForEyes(make)
    const leave = events.subscribe(() => {})
    events.addForEyes(make)
    leave()
    events.addForEyes(make)
    expect(made).toBe(1)
    expect(events.recent().map(({ number }) => number)).toEqual([1])
    // Nor for somebody who does not want them; what others see of them is a gap then.
    const heard: number[] = []
    const blind = events.subscribe(({ number }) => heard.push(number), { isForEyes: false })
    events.addForEyes(make)
    expect(made).toBe(1)
    const seeing = events.subscribe(() => {})
    events.addForEyes(make)
    events.add(note('a'))
    expect([made, heard]).toEqual([2, [3]])
    for (const end of [blind, seeing]) end()
    events.addForEyes(make)
    expect(made).toBe(2)
  })

  it('reach the others when one listener fails', () => {
    const errors: unknown[] = []
    const events = createEventLog((error) => errors.push(error))
    const heard: number[] = []
    events.subscribe(() => failing('broken'))
    events.subscribe(({ number }) => heard.push(number))
    events.add(note('a'))
    expect([heard, errors]).toEqual([[1], ['broken']])
  })
})
