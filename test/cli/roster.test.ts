import { expect, test } from 'vitest'
import { until } from '../support/wait.ts'
import { type Person, peopleInRoom } from './room.ts'

const short = ({ peer }: Person): string => peer.status().self.slice(-6)

test('a roster says by name who is there, with which peer and accounts, and who is away', async () => {
  const [clara, ana, bob] = (await peopleInRoom(['Clara', 'Ana', 'Bob'])) as [Person, Person, Person]
  await bob.call('account', 'open', 'bob', '--holder', 'Bob')
  await bob.call('account', 'open', '1234567890', '--holder', 'Bob Souza')
  await ana.call('account', 'open', 'ana')
  await ana.call('account', 'open', 'gone')
  await ana.call('account', 'close', 'gone')
  await until('Clara knows all', () => clara.peer.accounts().length === 4)
  expect((await clara.says('roster')).split('\n').map((line) => line.trimEnd())).toEqual([
    'Name   Peer    Here       Accounts',
    `Ana    ${short(ana)}  yes        ana`,
    `Bob    ${short(bob)}  yes        bob, 1234567890 (Bob Souza)`,
    `Clara  ${short(clara)}  this peer`,
  ])
  expect(await clara.says('roster', '--away')).toBe('Nobody is away.')

  const gone = bob.peer.status().self
  await bob.peer.stop(2_000)
  await until('Bob is away', () => !clara.peer.peers().some(({ peer, connected }) => peer === gone && connected))
  expect(await clara.says('roster', '--away', '--columns', 'name,here,accounts')).toBe(
    'Name  Here  Accounts\nBob   no    bob, 1234567890 (Bob Souza)',
  )
  const { out } = await clara.call('roster', '--json')
  expect(JSON.parse(out.join(''))).toContainEqual({
    ...{ name: 'Bob', peer: gone, self: false, here: false },
    accounts: [
      { account: 'bob', holder: 'Bob' },
      { account: '1234567890', holder: 'Bob Souza' },
    ],
  })
})
