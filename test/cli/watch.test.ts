import { expect, test } from 'vitest'
import type { AuctionView } from '../../src/market/types.ts'
import { until } from '../support/wait.ts'
import { type Person, peopleInRoom } from './room.ts'

async function auction(...more: readonly string[]): Promise<{ ana: Person; bob: Person; lot: () => AuctionView }> {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  await ana.call('account', 'open', 'ana')
  await bob.call('account', 'open', 'bob')
  await bob.call('deposit', 'bob', '100')
  await bob.call('account', 'use', 'bob')
  await ana.call('auction', 'start', 'Lamp', '--payee', 'ana', '--price', '10', ...more)
  await until('Bob knows it', () => bob.peer.auctions().length === 1)
  return { ana, bob, lot: () => bob.peer.auctions()[0] as AuctionView }
}

test('an auction is watched to its end: bids before and after, extensions, pauses, and who won', async () => {
  const { ana, bob } = await auction('--seconds', '1h', '--buy-now', '50')
  await bob.call('auction', 'bid', '1', '10')
  const watching = bob.says('auction', 'watch', 'last')
  // It listens once it has asked for the auction; what comes before is in what it is told then. So neither is missed.
  await bob.call('auction', 'bid', '1', '12')
  await ana.call('auction', 'extend', '1', '5m')
  await ana.call('auction', 'pause', '1')
  await ana.call('auction', 'resume', '1')
  await bob.call('auction', 'bid', '1', '60')
  const said = await watching
  expect(said.split('\n')[0]).toMatch(/^Lot 1, Lamp: the least bid is 1[13]\.00 EUR$/)
  expect(said).toMatch(/bob leads with 10\.00 EUR\nTIME {2}bob leads with 12\.00 EUR\n/)
  expect(said.match(/leads with 12\.00/g)).toHaveLength(1)
  expect(said).toMatch(/TIME {2}bob leads with 50\.00 EUR\n(.*\n)?TIME {2}sold to bob for 50\.00 EUR$/)
})

test('one that has ended is told with its bids and its result, and that is all', async () => {
  const { ana, bob } = await auction('--seconds', '0.5', '--reserve', '30')
  await bob.call('auction', 'bid', '1', '10')
  await until('it is over', () => ana.peer.auctions()[0]?.ended !== undefined)
  expect(await ana.says('auction', 'watch', '1')).toBe(
    ['Lot 1, Lamp: has ended', 'TIME  bob leads with 10.00 EUR', 'TIME  ended: the reserve was not met'].join('\n'),
  )
  expect(await ana.call('auction', 'watch', '1')).toMatchObject({ exitCode: 0 })
  const { out } = await ana.call('auction', 'watch', '1', '--json')
  expect(out.map((line) => JSON.parse(line))).toMatchObject([{ number: 1, ended: { why: 'reserve-not-met' }, bids: 1 }])
})

test('for programs it is the auction as it is, then each event, up to its end', async () => {
  const { bob } = await auction('--seconds', '1h', '--buy-now', '50')
  const watching = bob.call('auction', 'watch', '1', '--json')
  await bob.call('auction', 'bid', '1', '50')
  const { exitCode, out } = await watching
  const told = out.map((line) => JSON.parse(line))
  expect([exitCode, told[0]]).toMatchObject([0, { number: 1, item: 'Lamp' }])
  if (told[0].ended === undefined)
    expect(told.at(-1)).toMatchObject({ kind: 'market', event: { kind: 'auction-ended', price: { text: '50.00 EUR' } } })
})

test('a lost quorum is said, and that it is back; then the auction ends', async () => {
  const [ana, bob, cleo] = (await peopleInRoom(['Ana', 'Bob', 'Cleo'])) as [Person, Person, Person]
  await ana.call('account', 'open', 'ana')
  await ana.call('auction', 'start', 'Lamp', '--payee', 'ana', '--seconds', '3')
  const before = ana.peer.recentEvents().at(-1)?.number ?? 0
  const watching = ana.says('auction', 'watch', '1')
  await Promise.all([bob.machine.crash(), cleo.machine.crash()])
  const isMissed = () => ana.peer.recentEvents().some((event) => event.kind === 'quorum' && !event.held && event.number > before)
  await until('the quorum is missed', isMissed)
  await bob.machine.start({ entry: { kind: 'join', room: undefined } })
  const said = await watching
  expect(said).toMatch(
    /TIME {2}no quorum: 1 of 3 members reachable.*\n(.*\n)*TIME {2}.*quorum.*\n(.*\n)*TIME {2}ended: nobody bid$/,
  )
})
