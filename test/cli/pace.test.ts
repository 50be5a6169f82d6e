import { expect, test } from 'vitest'
import { until } from '../support/wait.ts'
import { type Person, peopleInRoom } from './room.ts'

test('the host sets the pace, every peer of the room follows, and nobody else may set it', async () => {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  expect(await ana.says('pace', '1000')).toBe('The token rests 1s from here on where nobody wants it (…).')
  await until('Bob follows', () => bob.peer.ring().paceMillis === 1_000)
  expect(await bob.says('pace')).toBe('The token rests 1s where nobody wants it.')
  expect((await bob.call('pace', '--json')).out.map((line) => JSON.parse(line))).toEqual([{ paceMillis: 1_000 }])
  const refused = await bob.call('pace', '50')
  expect([refused.exitCode, refused.notes[0]]).toEqual([1, 'Only the host, the peer that founded the room, sets the pace.'])
  expect(bob.peer.ring().paceMillis).toBe(1_000)
})

test.each([
  ['250', 250],
  ['250ms', 250],
  ['0.05s', 50],
  ['3s', 3_000],
])('%s is a pace', async (typed, millis) => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  expect(await ana.call('pace', typed)).toMatchObject({ exitCode: 0 })
  expect(ana.peer.ring().paceMillis).toBe(millis)
})

test.each(['49', '3001', '4s', 'fast', '', '-1', '1e3', '100.5'])('%j is none', async (typed) => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  expect(await ana.call('pace', typed)).toMatchObject({ exitCode: 2 })
})
