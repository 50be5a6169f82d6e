import { expect, test } from 'vitest'
import { account } from '../peer/rig.ts'
import { until } from '../support/wait.ts'
import { type Person, peopleInRoom } from './room.ts'

test('what waits without a quorum is told in words, and the newest can be taken back', async () => {
  const [ana, bob, cleo] = (await peopleInRoom(['Ana', 'Bob', 'Cleo'])) as [Person, Person, Person]
  await ana.call('account', 'open', 'ana')
  await ana.call('deposit', 'ana', '10')
  expect(await ana.says('pending', 'list')).toBe('Nothing is pending.')
  expect(await ana.call('pending', 'void', 'last')).toMatchObject({
    exitCode: 1,
    notes: [expect.stringMatching(/^Nothing waits/), expect.any(String)],
  })

  await Promise.all([bob.machine.crash(), cleo.machine.crash()])
  // And the token with them: what is wanted now is in no block.
  await until('quorum and token are missed', () => !ana.peer.status().quorum && !ana.peer.status().holdsToken)
  const waiting = [
    ana.call('withdraw', 'ana', '4', '--wait', '1'),
    ana.call('transfer', 'ana', 'bob', '2', '--memo', 'tea', '--wait', '1'),
  ]
  await until('both wait', () => ana.peer.pending().length === 2)
  expect(await ana.says('pending', 'list', '--columns', 'is,what')).toBe(
    ['Is       What', 'waiting  withdraws 4.00 EUR from ana', 'waiting  pays bob 2.00 EUR from ana (tea)'].join('\n'),
  )
  expect(await ana.says('pending', 'void', 'last')).toMatch(
    /^Taken back: pays bob 2\.00 EUR from ana \(tea\) \(operation 12D3KooW\S+\)\.$/,
  )
  await until('one waits', () => ana.peer.pending().filter(({ operation }) => operation.kind !== 'void').length === 1)
  expect((await Promise.all(waiting)).map(({ exitCode }) => exitCode)).toEqual([3, 3])
  expect(ana.peer.account(account('ana'))?.available).toBe(1_000)
})
