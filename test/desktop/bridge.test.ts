import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createPortClient } from '../../src/api/client-port.ts'
import { createPortDoor } from '../../src/api/port.ts'
import { type PortPage, takeWindowPorts } from '../../src/api/window-ports.ts'
import { createBridge } from '../../src/desktop/bridge.ts'
import type { Sender } from '../../src/desktop/window-rules.ts'
import { createFakePeer, fakeSelf } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'

const good: Sender = { url: 'app://gavelring/', isMainFrame: true, isOwnWindow: true }

function startTestBridge() {
  const given: string[] = []
  const bridge = createBridge<string>({
    makeChannel: () => ({ port1: 'one', port2: 'two' }),
    toPeer: (port, window) => given.push(`peer ${port} for ${window}`),
  })
  const window = (id: number) => ({ id, give: (port: string) => given.push(`window ${id} ${port}`) })
  const take = () => given.splice(0)
  return { bridge, window, take }
}

test('each window that asks gets one end of a channel, and the peer the other', () => {
  const { bridge, window, take } = startTestBridge()
  bridge.peerStarted()
  expect(take()).toEqual([])
  bridge.ask(window(7), good)
  bridge.ask(window(8), good)
  expect(take()).toEqual(['peer one for 7', 'window 7 two', 'peer one for 8', 'window 8 two'])
})

test('a page that was loaded anew gets a new port', () => {
  const { bridge, window, take } = startTestBridge()
  bridge.peerStarted()
  bridge.ask(window(7), good)
  take()
  bridge.ask(window(7), good)
  expect(take()).toEqual(['peer one for 7', 'window 7 two'])
})

test('when the peer’s process is another one every window gets a new port; who asks meanwhile waits', () => {
  const { bridge, window, take } = startTestBridge()
  bridge.peerStarted()
  bridge.ask(window(7), good)
  take()
  bridge.peerGone()
  bridge.ask(window(8), good)
  expect(take()).toEqual([])
  bridge.peerStarted()
  expect(take()).toEqual(['peer one for 7', 'window 7 two', 'peer one for 8', 'window 8 two'])
})

test('a closed window gets no port any more', () => {
  const { bridge, window, take } = startTestBridge()
  bridge.ask(window(7), good)
  bridge.windowClosed(7)
  bridge.peerStarted()
  expect(take()).toEqual([])
})

test.each<[string, Partial<Sender>]>([
  ['a page of somebody else', { url: 'https://example.org/' }],
  ['a frame within our page', { isMainFrame: false }],
  ['a window of somebody else', { isOwnWindow: false }],
])('%s gets no port, not later either', (_who, wrong) => {
  const { bridge, window, take } = startTestBridge()
  bridge.peerStarted()
  expect(bridge.ask(window(7), { ...good, ...wrong })).toBeTypeOf('string')
  bridge.peerStarted()
  expect(take()).toEqual([])
})

test('a page takes the port that its own window hands over, and no other', async () => {
  const door = createPortDoor({ seat: createFakeSeat(createFakePeer()), logger: silentLogger })
  const client = createPortClient()
  onTestFinished(() => {
    client.close()
    door.closeAll()
  })
  const asked: unknown[] = []
  let hand: Parameters<PortPage['addEventListener']>[1] = () => {}
  const page: PortPage = {
    location: { origin: 'app://gavelring' },
    addEventListener: (_event, listener) => {
      hand = listener
    },
    postMessage: (message, origin) => asked.push([message, origin]),
  }
  takeWindowPorts(client, page)
  expect(asked).toEqual([['gavelring:want-port', 'app://gavelring']])

  const data = { tag: 'gavelring:port' }
  const strays: MessagePort[] = []
  const stray = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    port2.on('message', (message) => {
      throw new Error(`a stray port was used: ${String(message)}`)
    })
    strays.push(port1, port2)
    return port1
  }
  const status = client.api.status()
  hand({ source: {}, origin: 'app://gavelring', data, ports: [stray()] })
  hand({ source: page, origin: 'https://example.org', data, ports: [stray()] })
  hand({ source: page, origin: 'app://gavelring', data: { ...data, tag: 'other' }, ports: [stray()] })
  hand({ source: page, origin: 'app://gavelring', data: 'gavelring:port', ports: [stray()] })
  hand({ source: page, origin: 'app://gavelring', data: null, ports: [stray()] })
  hand({ source: page, origin: 'app://gavelring', data, ports: [] })
  const { port1, port2 } = new MessageChannel()
  door.accept(port2)
  hand({ source: page, origin: 'app://gavelring', data, ports: [port1] })
  expect(await status).toMatchObject({ self: fakeSelf })
  for (const port of strays) port.close()
})

test('a port that the peer’s door closes is asked for again, and what waited is answered; not as fast as it is closed', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const seat = createFakeSeat(createFakePeer())
  const door = createPortDoor({ seat, logger: silentLogger })
  const client = createPortClient()
  onTestFinished(() => {
    client.close()
    door.closeAll()
  })
  let hand: Parameters<PortPage['addEventListener']>[1] = () => {}
  let asked = 0
  const bridge = createBridge<MessagePort>({
    makeChannel: () => new MessageChannel(),
    toPeer: (port) => door.accept(port),
  })
  bridge.peerStarted()
  const page: PortPage = {
    location: { origin: 'app://gavelring' },
    addEventListener: (_event, listener) => {
      hand = listener
    },
    postMessage() {
      asked++
      const give = (port: MessagePort): void =>
        hand({ source: page, origin: 'app://gavelring', data: { tag: 'gavelring:port' }, ports: [port] })
      bridge.ask({ id: 7, give }, good)
    },
  }
  const isOpen: boolean[] = []
  let tellLost = (): void => {}
  client.onChange((open) => {
    isOpen.push(open)
    if (!open) tellLost()
  })
  const lose = async (): Promise<void> => {
    const lost = new Promise<void>((resolve) => {
      tellLost = resolve
    })
    door.closeAll()
    await lost
  }
  takeWindowPorts(client, page)
  expect(await client.api.status()).toMatchObject({ self: fakeSelf })

  for (const [count, wait] of [200, 500, 1_000, 2_000, 2_000].entries()) {
    await lose()
    const status = client.api.status()
    vi.advanceTimersByTime(wait - 1)
    expect(asked).toBe(count + 1)
    vi.advanceTimersByTime(1)
    expect(asked).toBe(count + 2)
    expect(await status).toMatchObject({ self: fakeSelf })
  }
  // One that has held for a while is missed at once.
  vi.advanceTimersByTime(5_000)
  await lose()
  vi.advanceTimersByTime(200)
  expect(await client.api.status()).toMatchObject({ self: fakeSelf })

  // A new port in the place of one that is open is no loss, and a closed client asks for nothing.
  const before = asked
  bridge.peerStarted()
  expect(await client.api.status()).toMatchObject({ self: fakeSelf })
  client.close()
  vi.advanceTimersByTime(10_000)
  expect([asked, isOpen.at(-1)]).toEqual([before, true])
})
