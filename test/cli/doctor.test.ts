import { expect, test } from 'vitest'
import type { Api } from '../../src/api/client.ts'
import { askRunning, findingLines } from '../../src/cli/doctor.ts'
import { Failure } from '../../src/core/failure.ts'
import { healthy } from '../app/looks.ts'

const notices = [{ code: 'log-damaged', text: 'the log that was here is damaged' }]

async function told(api: object): Promise<readonly string[]> {
  const { found } = await askRunning(api as Api)
  return findingLines({ ...healthy, running: found }).slice(2, -2)
}

test('doctor tells what a person should know of the running peer, as status does', async () => {
  const peers = async () => [{ self: true }, { self: false, connected: true }]
  const own = { self: 'a', role: 'member', room: { name: 'evening' }, otherRooms: [] }
  const inRoom = { peers, status: async () => ({ ...own, notices }) }
  expect(await told(inRoom)).toEqual([
    'Peer     in the room “evening”, connected with 1',
    'Beware   the log that was here is damaged',
  ])
  expect(await told({ ...inRoom, status: async () => ({ ...own, notices: [] }) })).toHaveLength(1)
})

test('and of one that waits for its room, which runs, too', async () => {
  const status = () => Promise.reject(new Failure('no-room', 'In no room yet.'))
  const entering = (waiting: object | undefined) => ({ status, rooms: { list: async () => ({ self: 'a', waiting }) } })
  const line = 'Peer     in no room, or on its way into one'
  expect(await told(entering({ notices }))).toEqual([line, 'Beware   the log that was here is damaged'])
  expect(await told(entering({}))).toEqual([line])
  expect(await told(entering(undefined))).toEqual([line])
})
