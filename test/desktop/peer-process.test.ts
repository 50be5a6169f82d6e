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
import { type Language, words } from '../../src/desktop/words.ts'
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

function startProcess(flags: Record<string, string | boolean | string[]> = {}, language: Language = 'en') {
  const profile = mkdtempSync(join(tmpdir(), 'gavelring-process-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  const parent = new Parent()
  runPeerProcess(parent as unknown as ParentPort, (code) => parent.exits.push(code), words[language])
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
  until('it is in its room', () => parent.heard('running').some((said) => 'room' in said))

test('a window that asks before the peer is there is answered as soon as it is', async () => {
  const { parent, start, openWindow } = startProcess()
  const early = openWindow().rooms.list()
  parent.send(start)
  expect(await early).toMatchObject({ name: 'Ana', room: { name: 'evening' } })
  await inRoom(parent)
  expect(parent.heard('running').at(-1)).toEqual({ kind: 'running', text: 'In the room “evening”.', room: 'evening' })
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
  expect(parent.heard('notice')).toEqual([
    { kind: 'notice', notice: { title: 'Closed: Brass lamp', body: 'The auction was cancelled.' } },
  ])
})

test('told to leave it leaves the ring, says so and ends well; its windows lose their ports', async () => {
  const { parent, start, givePort } = startProcess()
  const closed = new Promise((resolve) => givePort(1).on('close', resolve))
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
  expect(parent.said[0]).toEqual({ kind: 'running', text: 'Entering the room “evening”.' })
})

test.each<[string, Record<string, string>, string]>([
  ['a flag that cannot be read', { currency: 'XXXX' }, '--currency'],
  ['a folder that cannot be one', { profile: '/dev/null/profile' }, '/dev/null'],
])('%s is refused in words, and is no reason to start again', async (_what, flags, words) => {
  const { parent, start } = startProcess(flags)
  parent.send(start)
  await until('it ends', () => parent.exits.length > 0)
  expect(parent.exits).toEqual([0])
  expect(parent.said).toEqual([{ kind: 'refused', text: expect.stringContaining(words) }])
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
  expect(parent.heard('running')).toEqual([{ kind: 'running', text: 'In no room.' }])

  parent.send({ kind: 'join', link: `${link}&code=another` })
  await until('it is told why not', () => parent.heard('not-joined').length > 0)
  expect(parent.heard('not-joined')).toEqual([{ kind: 'not-joined', text: 'The room “evening” has another code.' }])
  parent.send({ kind: 'join', link })
  await inRoom(parent)
  expect(await openWindow().status()).toMatchObject({ name: 'Bob', room: { name: 'evening' } })
  await openWindow().rooms.leave({ stay: true })
  expect(parent.heard('running').at(-1)).toEqual({ kind: 'running', text: 'In no room.' })
})

test('it says where it is, and why it does not start, in the language that it was given', async () => {
  const { parent, start } = startProcess({ create: false, join: true }, 'pt')
  parent.send(start)
  await until('it waits', () => JSON.stringify(parent.said).includes('Esperando pela sala “evening”: ainda não se ouviu ninguém'))
  expect(parent.said[0]).toEqual({ kind: 'running', text: 'Entrando na sala “evening”.' })
  parent.send({ kind: 'join', link: 'gavelring:nowhere' })
  await until('it is told why not', () => parent.heard('not-joined').length > 0)
  const text = 'Isto não é um link de entrada: ele é como gavelring://join?room=evening.'
  expect(parent.heard('not-joined')).toEqual([{ kind: 'not-joined', text }])

  const { parent: refused, start: badStart } = startProcess({ profile: '/dev/null/profile' }, 'es')
  refused.send(badStart)
  await until('it ends', () => refused.exits.length > 0)
  expect(refused.said).toEqual([{ kind: 'refused', text: expect.stringMatching(/^(Falta|Hay|Un) .*\(\/dev\/null/) }])
})
