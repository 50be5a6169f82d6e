import { describe, expect, test } from 'vitest'
import type { EventView, MarketEventView, Money, OtherRoomView } from '../../src/api/views.ts'
import { createNewsDesk, type NewsName, type RoomEyes } from '../../src/cli/pane/news.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { forbiddenIn } from './forbidden.ts'
import { createSink } from './run.ts'

const [ana, bob, cleo] = ['ana-peer', 'bob-peer', 'cleo-peer']
const names: Record<string, string> = { [ana]: 'Ana', [bob]: 'Bob', [cleo]: 'Cleo' }
const lots: Record<string, { number: number; item: string }> = {
  a1: { number: 1, item: 'Lamp' },
  a2: { number: 2, item: 'Vase' },
}
const money = (text: string): Money => ({ text, cents: Math.round(Number.parseFloat(text) * 100), currency: 'EUR' })

/** What Ana's peer sees, whose accounts begin with `ana`. */
function createRig(changes: Partial<RoomEyes> = {}) {
  const room = { id: 'a'.repeat(64), name: 'evening', members: [ana, bob, cleo], reachable: [ana, bob, cleo], isBehind: false }
  const eyes: RoomEyes = {
    self: ana,
    room: () => room,
    isBehind: () => room.isBehind,
    members: () => room.members,
    reachable: () => room.reachable,
    nameOf: (peer) => names[peer] ?? peer,
    isOwn: (account) => account.startsWith('ana'),
    lot(auction) {
      const found = lots[auction]
      return found && { ...found, seller: bob, minimum: '10.00 EUR' }
    },
    ...changes,
  }
  const report = createNewsDesk(eyes, room.members, [['a2', 60_000]])
  const tell = (event: Unnumbered): string[] => {
    return report({ number: 1, at: 0, ...event }).map((news) => `${news.event} ${news.weight}: ${withoutTimes(news.text)}`)
  }
  const market = (event: MarketEventView) => tell({ kind: 'market', operation: `${bob}/1/1`, block: 7, event })
  return { room, report, tell, market }
}

type Unnumbered = EventView extends infer Event ? (Event extends EventView ? Omit<Event, 'number' | 'at'> : never) : never
const withoutTimes = (text: string): string => text.replaceAll(/(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d[+-]\d\d:\d\d/g, 'TIME')

const otherRoom: OtherRoomView = {
  ...{ id: 'bbbbbbbbbbbbbbbb', name: 'evening', founder: 'Dora', size: 2, founded: 0, hasCode: true, version: 3 },
  reason: 'another-code',
}

const table: readonly (readonly [what: string, event: Unnumbered, ...news: string[]])[] = [
  ['a peer comes', { kind: 'presence', peer: bob, name: 'Bob', here: true }, 'peer-here usual: Bob is in reach'],
  ['a peer goes', { kind: 'presence', peer: bob, name: 'Bob', here: false }, 'peer-gone usual: Bob is out of reach'],
  [
    'somebody joins, and somebody is voted out',
    { kind: 'members', epoch: '4.abcdef', members: [ana, bob, 'dora'] },
    'member-joined usual: dora is a member now: 3 members, epoch 4.abcdef',
    'member-left usual: Cleo is no member any more: 3 members, epoch 4.abcdef',
  ],
  [
    'this peer is out',
    { kind: 'members', epoch: '4.abcdef', members: [bob, cleo] },
    'member-left usual: this peer is no member any more: 2 members, epoch 4.abcdef',
  ],
  [
    'an epoch with the same members',
    { kind: 'members', epoch: '4.abcdef', members: [bob, cleo, ana] },
    'epoch-begun usual: epoch 4.abcdef has begun: 3 members',
  ],
  ...(
    [
      ['silent', bob, 'Bob is silent'],
      ['unacknowledged', cleo, 'Cleo did not take the token'],
      ['stalled', undefined, 'nothing is committed any more'],
      ['token-lost', undefined, 'the token was not seen for too long'],
      ['spoiled', undefined, 'the new epoch cannot begin'],
      ['stood-still', undefined, 'everybody is here, and nobody takes part'],
    ] as const
  ).map(([why, suspect, text]) => {
    return [`suspicion: ${why}`, { kind: 'suspected', suspect, why }, `suspected usual: ${text}: asking the others`] as const
  }),
  [
    'a refused operation',
    { kind: 'rejected', operation: `${bob}/1/1`, block: 7, code: 'own-lot', text: 'the lot is one’s own', what: 'bid' },
    'operation-refused verbose: refused, bid: the lot is one’s own',
  ],
  [
    'another room',
    { kind: 'other-room', room: otherRoom },
    'other-room alarm: Beware: another room “evening” is in sight: founded by Dora at TIME, 2 members, with another code. ' +
      'To go there: gavelring join bbbbbbbb --code CODE',
  ],
  [
    'a peer that is refused',
    { kind: 'note', event: 'peer-refused', facts: { peer: bob, reason: 'token: no member' } },
    `peer-refused alarm: what Bob (${bob.slice(-6)}) says is refused: token: no member`,
  ],
  [
    'a peer that is proven faulty',
    { kind: 'note', event: 'peer-faulty', facts: { peer: bob, what: 'signed two different blocks 7' } },
    `peer-faulty alarm: Bob (${bob.slice(-6)}) is proven to be faulty: signed two different blocks 7`,
  ],
  [
    'a fault of one of two',
    { kind: 'note', event: 'peer-faulty', facts: { what: 'two members signed a block 7 each' } },
    'peer-faulty alarm: somebody is proven to be faulty: two members signed a block 7 each',
  ],
  [
    'another version',
    { kind: 'note', event: 'peer-version', facts: { peer: bob, version: 9 } },
    `peer-version alarm: Bob (${bob.slice(-6)}) speaks version 9 of the protocol, and cannot take part`,
  ],
  [
    'another code',
    { kind: 'note', event: 'peer-wrong-code', facts: { address: '/ip4/192.168.1.20/tcp/4001' } },
    'peer-wrong-code alarm: whoever is at 192.168.1.20:4001 was refused: most likely another room code',
  ],
  ['missed events', { kind: 'gap' }, 'events-missed usual: events were missed'],
  ['the ring’s steps', { kind: 'note', event: 'token-passed', facts: { to: bob, turn: 7 } }],
  ['an announcement', { kind: 'announced', operation: `${bob}/1/1`, what: 'bid' }],
]

describe('an event is a line', () => {
  for (const [what, event, ...news] of table) test(what, () => expect(createRig().tell(event)).toEqual(news))
})

const marketTable: readonly (readonly [what: string, event: MarketEventView, ...news: string[]])[] = [
  [
    'a lot is offered',
    { kind: 'auction-started', auction: 'a1', item: 'Lamp', endsAt: 30_000 },
    'auction-opened usual: lot 1 “Lamp” is offered by Bob from 10.00 EUR until TIME',
  ],
  [
    'somebody leads',
    { kind: 'bid-accepted', auction: 'a1', account: 'bob', amount: money('12.00 EUR'), endsAt: 30_000 },
    'auction-led usual: bob leads lot 1 “Lamp” with 12.00 EUR',
  ],
  [
    'one leads oneself, and the bid came late',
    { kind: 'bid-accepted', auction: 'a2', account: 'ana', amount: money('12.00 EUR'), endsAt: 75_000 },
    'auction-led usual: your ana leads lot 2 “Vase” with 12.00 EUR',
    'auction-extended usual: lot 2 “Vase” ends 15 s later, at TIME: the bid came late',
  ],
  [
    'an auction is extended',
    { kind: 'auction-extended', auction: 'a2', endsAt: 90_000 },
    'auction-extended usual: lot 2 “Vase” ends later: TIME',
  ],
  [
    'paused',
    { kind: 'auction-paused', auction: 'a2', until: 70_000, endsAt: 90_000 },
    'auction-paused usual: lot 2 “Vase” is paused until TIME at most',
  ],
  [
    'resumed',
    { kind: 'auction-resumed', auction: 'a2', endsAt: 90_000 },
    'auction-resumed usual: lot 2 “Vase” goes on until TIME',
  ],
  ['the host that sets the pace of the ring', { kind: 'pace-set', millis: 1_500 }, 'pace-set usual: the ring’s pace is 1.5s now'],
  [
    'an experiment that begins',
    { kind: 'experiment-started', experiment: 2, section: 'main' },
    'lab-run usual: experiment 2 of the lab begins, in section main',
  ],
  [
    'an experiment that ends',
    { kind: 'experiment-ended', experiment: 2, section: 'main', what: 'stop' },
    'lab-run usual: experiment 2 of the lab was stopped',
  ],
  [
    'one is outbid oneself',
    { kind: 'outbid', auction: 'a1', account: 'ana', by: 'bob', amount: money('13.00 EUR') },
    'outbid usual: your ana is outbid on lot 1 “Lamp”: its money is free again',
  ],
  ['others are outbid', { kind: 'outbid', auction: 'a1', account: 'bob', by: 'ana', amount: money('13.00 EUR') }],
  [
    'sold to somebody',
    { kind: 'auction-ended', auction: 'a1', why: 'sold', winner: 'bob', price: money('13.00 EUR'), reason: '' },
    'auction-closed result: lot 1 “Lamp” is sold to bob for 13.00 EUR',
  ],
  [
    'won oneself',
    { kind: 'auction-ended', auction: 'a1', why: 'sold', winner: 'ana', price: money('13.00 EUR'), reason: '' },
    'auction-closed result: lot 1 “Lamp” is sold to your ana for 13.00 EUR',
    'won result: your ana won lot 1 “Lamp” for 13.00 EUR',
  ],
  [
    'nobody bid',
    { kind: 'auction-ended', auction: 'a1', why: 'unsold', reason: '' },
    'auction-closed result: lot 1 “Lamp” has ended: nobody bid',
  ],
  [
    'called off',
    { kind: 'auction-ended', auction: 'a1', why: 'cancelled', reason: 'broken' },
    'auction-closed result: lot 1 “Lamp” was called off (broken)',
  ],
  [
    'a lot that is not known',
    { kind: 'auction-ended', auction: 'xyz-1-1', why: 'reserve-not-met', reason: '' },
    'auction-closed result: auction xyz-1-1 has ended: the reserve was not met',
  ],
  [
    'own money moves',
    { kind: 'moved', from: 'issuer', to: 'ana', amount: money('5.00 EUR'), memo: '' },
    'money-moved usual: 5.00 EUR went into ana',
  ],
  [
    'other people’s money moves',
    { kind: 'moved', from: 'bob', to: 'cleo', amount: money('5.00 EUR'), memo: 'tea' },
    'money-moved verbose: 5.00 EUR went from bob to cleo (tea)',
  ],
  [
    'money is held',
    { kind: 'held', account: 'ana', auction: 'a1', amount: money('5.00 EUR') },
    'money-moved verbose: ana: 5.00 EUR held',
  ],
  [
    'money is free again',
    { kind: 'released', account: 'ana', auction: 'a1', amount: money('5.00 EUR') },
    'money-moved verbose: ana: 5.00 EUR free again',
  ],
  [
    'an account is opened',
    { kind: 'account-opened', account: 'bob', holder: 'Bob' },
    'account-changed verbose: bob was opened for Bob',
  ],
  ['an account is closed', { kind: 'account-closed', account: 'bob' }, 'account-changed verbose: bob was closed'],
]

describe('what happens to the market is a line', () => {
  for (const [what, event, ...news] of marketTable) test(what, () => expect(createRig().market(event)).toEqual(news))
})

describe('the desk remembers', () => {
  test('when lots end: an end that moves is told each time, and one that does not is not', () => {
    const { market } = createRig()
    const bid = (endsAt: number) =>
      market({ kind: 'bid-accepted', auction: 'a1', account: 'bob', amount: money('12.00 EUR'), endsAt }).length
    market({ kind: 'auction-started', auction: 'a1', item: 'Lamp', endsAt: 30_000 })
    expect([bid(30_000), bid(31_000), bid(31_000), bid(32_000)]).toEqual([1, 2, 1, 2])
  })

  test('whom the ring misses: that is said once, until a new epoch, a quorum, or a sign of life', () => {
    const { tell } = createRig()
    const suspect = (peer: string) => tell({ kind: 'suspected', suspect: peer, why: 'silent' }).length
    expect([suspect(bob), suspect(bob), suspect(cleo), suspect(bob)]).toEqual([1, 0, 1, 0])
    tell({ kind: 'presence', peer: bob, name: 'Bob', here: true })
    expect([suspect(bob), suspect(cleo)]).toEqual([1, 0])
    tell({ kind: 'quorum', held: false, text: '' })
    expect(suspect(cleo)).toBe(0)
    tell({ kind: 'quorum', held: true, text: '' })
    expect(suspect(cleo)).toBe(1)
    tell({ kind: 'members', epoch: '4.abcdef', members: [ana, bob, cleo] })
    expect(suspect(cleo)).toBe(1)
  })

  test('who is missing when the quorum goes, and who still is when it comes back', () => {
    const { room, tell } = createRig()
    room.reachable = [ana]
    expect(tell({ kind: 'quorum', held: false, text: '' })).toEqual([
      'quorum-lost alarm: no quorum: 1 of 3 members reachable, waiting for Bob, Cleo; until then nothing is written',
    ])
    room.reachable = [ana, bob]
    expect(tell({ kind: 'quorum', held: true, text: '' })).toEqual([
      'quorum-back alarm: the quorum is back: 2 of 3 members reachable, without Cleo',
    ])
    room.reachable = [ana, bob, cleo]
    expect(tell({ kind: 'quorum', held: true, text: '' })).toEqual([
      'quorum-back alarm: the quorum is back: 3 of 3 members reachable',
    ])
  })

  test('which room it is in: in another one nobody of the old one has left', () => {
    const { room, tell } = createRig()
    Object.assign(room, { id: 'c'.repeat(64), members: ['dora'] })
    expect(tell({ kind: 'members', epoch: '2.dora', members: ['dora', ana] })).toEqual([
      'room-entered alarm: this peer is in another room “evening” now: cccccccc',
      'member-joined usual: this peer is a member now: 2 members, epoch 2.dora',
    ])
  })
})

test('of what was done before it came only what is about own accounts is told, and from then on everything', () => {
  const { room, market } = createRig()
  room.isBehind = true
  const told = () => marketTable.flatMap(([, event]) => market(event)).map((line) => line.split(' ').slice(0, 2).join(' '))
  expect(told().filter((line) => !line.endsWith('verbose:'))).toEqual([
    'outbid usual:',
    'auction-closed result:',
    'won result:',
    'money-moved usual:',
  ])
  room.isBehind = false
  const all = told()
  room.isBehind = true
  expect(told()).toEqual(all)
})

test('facts are flat, amounts are text with their currency, and names are those of the one table', () => {
  const { report } = createRig()
  const events: readonly Unnumbered[] = [
    ...table.map(([, event]) => event),
    ...marketTable.map(([, event]) => ({ kind: 'market', operation: `${bob}/1/1`, block: 7, event }) as const),
    { kind: 'quorum', held: false, text: '' },
    { kind: 'quorum', held: true, text: '' },
    ...['5.abcdef', '6.abcdef'].map((epoch) => ({ kind: 'members' as const, epoch, members: [ana, bob] })),
  ]
  const news = events.flatMap((event) => report({ number: 1, at: 0, ...event }))
  for (const { facts } of news) for (const fact of Object.values(facts)) expect(typeof fact).not.toBe('object')
  expect(news.find(({ event }) => event === 'won')?.facts).toEqual({
    ...{ operation: `${bob}/1/1`, block: 7, auction: 'a1', why: 'sold', winner: 'ana', price: '13.00 EUR', reason: '' },
  })
  const told = new Set(news.map(({ event }) => event))
  // All that there is, but for a change of rooms, which this evening has not.
  const expected: Record<Exclude<NewsName, 'room-entered'>, true> = {
    ...{ 'peer-here': true, 'peer-gone': true, 'member-joined': true, 'member-left': true, 'epoch-begun': true, suspected: true },
    ...{ 'quorum-lost': true, 'quorum-back': true, 'auction-opened': true, 'auction-led': true, 'auction-extended': true },
    ...{ 'auction-paused': true, 'auction-resumed': true, 'auction-closed': true, outbid: true, won: true },
    ...{ 'account-changed': true, 'money-moved': true, 'operation-refused': true, 'events-missed': true, 'peer-refused': true },
    ...{
      'peer-version': true,
      'peer-faulty': true,
      'peer-wrong-code': true,
      'other-room': true,
      'pace-set': true,
      'lab-run': true,
    },
  }
  expect([...told].sort()).toEqual(Object.keys(expected).sort())
})

test('other people’s text is short, and moves nothing on the screen', () => {
  const hostile = `x\x1b[2J\x9b31m\u202E\u200B${'y'.repeat(10_000)}`
  const { report } = createRig({
    nameOf: () => hostile,
    lot: () => ({ number: 1, item: hostile, seller: bob, minimum: '10.00 EUR' }),
    room: () => ({ id: 'a', name: hostile }),
  })
  const events: readonly Unnumbered[] = [
    ...table.map(([, event]) => event),
    ...[...marketTable.map(([, event]) => event), hostileMove(hostile), hostileHolder(hostile), hostileReason(hostile)].map(
      (event) => ({ kind: 'market', operation: `${bob}/1/1`, block: 7, event }) as const,
    ),
    { kind: 'note', event: 'peer-refused', facts: { peer: bob, reason: hostile } },
  ]
  const sink = createSink(80)
  const terminal = createTerminal({ NO_COLOR: '1' }, sink, sink)
  const lines = events.flatMap((event) => report({ number: 1, at: 0, ...event }))
  for (const { text } of lines) {
    expect(text.length).toBeLessThan(300)
    terminal.line(text)
  }
  expect(lines.length).toBeGreaterThan(30)
  expect(forbiddenIn(sink.text.replaceAll('\n', ''))).toEqual([])
})

const hostileMove = (memo: string): MarketEventView => ({ kind: 'moved', from: 'ana', to: 'bob', amount: money('1 EUR'), memo })
const hostileHolder = (holder: string): MarketEventView => ({ kind: 'account-opened', account: 'bob', holder })
const hostileReason = (reason: string): MarketEventView => ({
  ...{ kind: 'auction-ended', auction: 'a1', why: 'cancelled', reason },
})
