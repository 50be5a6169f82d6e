import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { eventKinds } from '../../src/api/views.ts'
import { events } from '../../src/cli/events.ts'
import { main } from '../../src/cli/main.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { type Person, peopleInRoom } from './room.ts'
import { createSink } from './run.ts'

test('what happens is told in words, and only what was asked for', async () => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  await ana.call('account', 'open', 'ana')
  await ana.call('account', 'open', 'bob')
  await ana.call('deposit', 'ana', '5')
  await ana.call('deposit', 'bob', '50')
  await ana.call('withdraw', 'ana', '99')
  await ana.call('auction', 'start', 'Lamp', '--payee', 'ana', '--price', '10', '--seconds', '1h')
  await ana.call('auction', 'bid', '1', '12', '--account', 'bob')
  await ana.call('pace', '500')

  expect(await firstLines(ana, 4, '--account', 'bob')).toEqual([
    'bob was opened for bob',
    '50.00 EUR went into bob',
    'lot 1: bob: 12.00 EUR held',
    'lot 1: bob leads with 12.00 EUR',
  ])
  expect(await firstLines(ana, 1, '--least', '60')).toEqual([
    'refused, withdraw: The account has not enough money: 5.00 EUR is available.',
  ])
  expect(await firstLines(ana, 2, '--kind', 'auction-started', '-k', 'bid-accepted', '--auction', 'last')).toEqual([
    'Lamp is offered, lot 1',
    'lot 1: bob leads with 12.00 EUR',
  ])
  expect(await firstLines(ana, 1, '-k', 'pace-set')).toEqual(['the ring’s pace is 0.5s now'])
})

test('for programs each event is a line, and the first says which start of the peer it is', async () => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  await ana.call('account', 'open', 'ana')
  const lines = await firstLines(ana, 2, '--kind', 'account-opened', '--json')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { kind: 'opened', start: ana.peer.start },
    { kind: 'market', event: { kind: 'account-opened', account: 'ana' } },
  ])
})

test('what can be no filter is said, with what it could be', async () => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  const wrong = await ana.call('events', '--kind', 'bids')
  expect([wrong.exitCode, wrong.notes]).toEqual([2, ['--kind: there is no kind “bids”.', `Kinds are ${eventKinds.join(', ')}.`]])
  expect(await ana.call('events', '--account', 'a b')).toMatchObject({ exitCode: 2 })
  expect(await ana.call('events', '--least', '0.001')).toMatchObject({
    exitCode: 2,
    notes: [expect.stringMatching(/^--least: /)],
  })
  expect(await ana.call('events', '--auction', '7')).toMatchObject({
    exitCode: 1,
    notes: ['There is no lot 7.', expect.anything()],
  })
})

test('help names every kind', () => {
  const words = events.details?.match(/[a-z-]+/g) ?? []
  for (const kind of eventKinds) expect(words).toContain(kind)
})

/** What stands behind the time in its first lines; then nobody reads any more, and it ends. */
async function firstLines({ profile }: Person, count: number, ...args: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  const out = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).split('\n').slice(0, -1))
      done(lines.length >= count ? Object.assign(new Error('closed'), { code: 'EPIPE' }) : null)
    },
  })
  const exitCode = await main(['events', ...args, '--profile', profile], {}, createTerminal({}, out, createSink()))
  expect(exitCode).toBe(0)
  return lines.slice(0, count).map((line) => line.replace(/^\S+ {2}/, ''))
}
