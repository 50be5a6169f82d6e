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
  const start: ToPeer = {
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
    client.use(givePort(++windows), '1')
    onTestFinished(() => client.close())
    return client.api
  }
  return { parent, start, openWindow, givePort }
}

test('a window that asks before the peer is there is answered as soon as it is', async () => {
  const { parent, start, openWindow } = startProcess()
  const early = openWindow().status()
  parent.send(start)
  expect(await early).toMatchObject({ name: 'Ana', room: { name: 'evening' } })
  expect(parent.heard('running')).toEqual([{ kind: 'running', room: 'evening' }])
  expect(await openWindow().status()).toMatchObject({ name: 'Ana' })
})

test.each(['before', 'after'])(
  'a window that asks again has one port all the same: the one before is closed, %s the peer is there',
  async (when) => {
    const { parent, start, openWindow, givePort } = startProcess()
    if (when === 'after') {
      parent.send(start)
      await openWindow().status()
    }
    const first = givePort(7)
    const closed = new Promise((resolve) => first.on('close', resolve))
    const second = createPortClient()
    onTestFinished(() => second.close())
    second.use(givePort(7), '1')
    await closed
    if (when === 'before') parent.send(start)
    expect(await second.api.status()).toMatchObject({ name: 'Ana' })
  },
)

test('the machine is kept awake while an auction of this peer is open, and its seller hears of the end', async () => {
  const { parent, start, openWindow } = startProcess()
  parent.send(start)
  const api = openWindow()
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
  const { parent, start, openWindow } = startProcess()
  parent.send(start)
  const api = openWindow()
  await api.status()
  parent.send({ kind: 'leave' })
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
})

test('a window can tell it to leave, too', async () => {
  const { parent, start, openWindow } = startProcess()
  parent.send(start)
  await openWindow().room.leave()
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
})

test('told to leave while it looks for its room it ends, having said what it waited for', async () => {
  const { parent, start } = startProcess({ create: false, join: true })
  parent.send(start)
  await until('it waits', () => parent.heard('waiting').length > 0)
  parent.send({ kind: 'leave' })
  await until('it ends', () => parent.exits.length > 0)
  expect([parent.exits, parent.said.at(-1)]).toEqual([[0], { kind: 'left' }])
  expect(parent.said[0]).toMatchObject({ kind: 'waiting', text: expect.stringContaining('“evening”') })
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
