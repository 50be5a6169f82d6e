import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import type { ParentPort } from 'electron'
import { expect, onTestFinished, test } from 'vitest'
import { createPortClient } from '../../src/api/client-port.ts'
import type { FromPeer, ToPeer } from '../../src/desktop/messages.ts'
import { runPeerProcess } from '../../src/desktop/peer-process.ts'
import { until } from '../support/wait.ts'

/** The other side of `process.parentPort`, as the main process has it. */
class Parent extends EventEmitter {
  readonly said: FromPeer[] = []
  readonly exits: number[] = []
  postMessage(message: FromPeer): void {
    this.said.push(message)
  }
  send(data: ToPeer, ports: readonly unknown[] = []): void {
    this.emit('message', { data, ports })
  }
  heard(kind: FromPeer['kind']): FromPeer[] {
    return this.said.filter((message) => message.kind === kind)
  }
}

function startProcess(flags: Record<string, string | boolean | string[]> = {}) {
  const profile = mkdtempSync(join(tmpdir(), 'gavelring-process-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  const parent = new Parent()
  runPeerProcess(parent as unknown as ParentPort, (code) => parent.exits.push(code))
  const start: Extract<ToPeer, { kind: 'start' }> = {
    kind: 'start',
    flags: {
      profile,
      create: true,
      room: 'evening',
      name: 'Ana',
      'no-mdns': true,
      listen: ['127.0.0.1:0'],
      http: 'off',
      ...flags,
    },
  }
  onTestFinished(async () => {
    parent.send({ kind: 'leave' })
    await until('the process ends', () => parent.exits.length > 0)
  })
  const givePort = (window: number) => {
    const { port1, port2 } = new MessageChannel()
    parent.send({ kind: 'port', window }, [port2])
    return port1
  }
  let windows = 0
  const openWindow = () => {
    const client = createPortClient()
    client.use(givePort(++windows))
    onTestFinished(() => client.close())
    return client.api
  }
  return { parent, start, openWindow, givePort }
}

/** Until then only the seat answers. */
const inRoom = (parent: Parent): Promise<unknown> =>
  until('it is in its room', () => parent.heard('running').some((said) => said.kind === 'running' && said.place.kind === 'in'))

test('a window that asks before the peer is there is answered as soon as it is', async () => {
  const { parent, start, openWindow } = startProcess()
  const early = openWindow().rooms.list()
  parent.send(start)
  expect(await early).toMatchObject({ name: 'Ana', room: { name: 'evening' } })
  await inRoom(parent)
  expect(parent.heard('running').at(-1)).toEqual({ kind: 'running', place: { kind: 'in', room: 'evening' } })
  expect(await openWindow().status()).toMatchObject({ name: 'Ana' })
})

test.each(['before', 'after'])(
  'a window that asks again has one port all the same: the one before is closed, %s the peer is there',
  async (when) => {
    const { parent, start, openWindow, givePort } = startProcess()
    if (when === 'after') {
      parent.send(start)
      await openWindow().rooms.list()
    }
    const first = givePort(7)
    const closed = new Promise((resolve) => first.on('close', resolve))
    const second = createPortClient()
    onTestFinished(() => second.close())
    second.use(givePort(7))
    await closed
    if (when === 'before') parent.send(start)
    expect(await second.api.rooms.list()).toMatchObject({ name: 'Ana' })
  },
)

test('the machine is kept awake while an auction of this peer is open, and its seller hears of the end', async () => {
  const { parent, start, openWindow } = startProcess()
  parent.send(start)
  const api = openWindow()
  await inRoom(parent)
  await api.accounts.open({ account: 'ana', holder: 'Ana' })
  expect(parent.heard('hosting')).toEqual([{ kind: 'hosting', isHosting: false }])
  const lot = { item: 'Brass lamp', payee: 'ana', startingPrice: '1', increment: '1', durationMillis: 3_600_000 }
  const { auction } = await api.auctions.start(lot)
  expect(parent.heard('hosting').at(-1)).toEqual({ kind: 'hosting', isHosting: true })
  await api.auctions.cancel({ auction })
  expect(parent.heard('hosting').at(-1)).toEqual({ kind: 'hosting', isHosting: false })
  expect(parent.heard('notice')).toEqual([{ kind: 'notice', notice: { kind: 'closed', item: 'Brass lamp', why: 'cancelled' } }])
})

test('told to leave it leaves the ring, says so and ends well; its windows lose their ports', async () => {
  const { parent, start, givePort } = startProcess()
  const port = givePort(1)
  const closed = new Promise((resolve) => port.on('close', resolve))
  port.start()
  parent.send(start)
  await inRoom(parent)
  parent.send({ kind: 'leave' })
  await closed
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
})

test('a window can tell it to leave, too', async () => {
  const { parent, start, openWindow } = startProcess()
  parent.send(start)
  await inRoom(parent)
  await openWindow().rooms.leave()
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
})

test('told to leave while it looks for its room it ends, having said what it waited for', async () => {
  const { parent, start } = startProcess({ create: false, join: true })
  parent.send(start)
  await until('it waits', () => JSON.stringify(parent.said).includes('nobody was heard yet'))
  parent.send({ kind: 'leave' })
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
  expect(parent.said[0]).toEqual({ kind: 'running', place: { kind: 'entering', room: 'evening', reasons: [] } })
})

test.each<[string, Record<string, string>, boolean, object]>([
  [
    'a flag that cannot be read',
    { currency: 'XXXX' },
    true,
    { code: 'currency-invalid', message: expect.stringMatching(/^--currency: /) },
  ],
  [
    'a folder that cannot be one',
    { profile: '/dev/null/profile' },
    false,
    { code: 'path-taken', facts: expect.objectContaining({ path: '/dev/null/profile' }) },
  ],
])('%s is refused by its code, and is no reason to start again', async (_what, flags, isOption, refusal) => {
  const { parent, start } = startProcess(flags)
  parent.send(start)
  await until('it ends', () => parent.exits.length > 0)
  expect(parent.exits).toEqual([0])
  expect(parent.said).toEqual([{ kind: 'refused', isOption, refusal: expect.objectContaining(refusal) }])
})

test('a first start is in no room, and goes on there; a link leads into one, with another code it does not', async () => {
  const { parent: host, start: hostStart, openWindow: openHost } = startProcess()
  host.send(hostStart)
  await inRoom(host)
  const { link } = await openHost().rooms.link()

  const { parent, start, openWindow } = startProcess()
  const { create: _create, room: _room, ...flags } = start.flags
  parent.send({ kind: 'start', flags: { ...flags, name: 'Bob', last: true } })
  expect(await openWindow().rooms.list()).toMatchObject({ name: 'Bob', state: 'none', inSight: [], known: [] })
  expect(parent.heard('running')).toEqual([{ kind: 'running', place: { kind: 'nowhere' } }])

  parent.send({ kind: 'join', link: `${link}&code=another` })
  await until('it is told why not', () => parent.heard('not-joined').length > 0)
  expect(parent.heard('not-joined')).toEqual([
    {
      kind: 'not-joined',
      refusal: expect.objectContaining({ code: 'other-code', message: 'The room “evening” has another code.' }),
    },
  ])
  parent.send({ kind: 'join', link })
  await inRoom(parent)
  expect(await openWindow().status()).toMatchObject({ name: 'Bob', room: { name: 'evening' } })
  await openWindow().rooms.leave({ stay: true })
  expect(parent.heard('running').at(-1)).toEqual({ kind: 'running', place: { kind: 'nowhere' } })
})

test('it says why it waits, and what is wrong with a link', async () => {
  const { parent, start } = startProcess({ create: false, join: true })
  parent.send(start)
  const reasons = [expect.objectContaining({ code: 'nobody' })]
  await until('it waits', () => JSON.stringify(parent.said).includes('"nobody"'))
  expect(parent.heard('running').at(-1)).toEqual({ kind: 'running', place: { kind: 'entering', room: 'evening', reasons } })
  parent.send({ kind: 'join', link: 'gavelring:nowhere' })
  await until('it is told why not', () => parent.heard('not-joined').length > 0)
  expect(parent.heard('not-joined')).toEqual([{ kind: 'not-joined', refusal: expect.objectContaining({ code: 'link-invalid' }) }])
})
