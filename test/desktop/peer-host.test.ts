import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { FromPeer, PeerState, ToPeer } from '../../src/desktop/messages.ts'
import { createPeerHost, type PeerProcess } from '../../src/desktop/peer-host.ts'

/** What the main process sees of a forked one. */
class Child extends EventEmitter {
  readonly heard: ToPeer[] = []
  isKilled = false
  postMessage(message: ToPeer): void {
    this.heard.push(message)
  }
  kill(): boolean {
    this.isKilled = true
    return true
  }
  say(message: FromPeer): void {
    this.emit('message', message)
  }
}

function startTestHost() {
  vi.useFakeTimers()
  const children: Child[] = []
  const told: string[] = []
  const states: PeerState[] = []
  const host = createPeerHost(
    { room: 'evening' },
    {
      fork() {
        const child = new Child()
        children.push(child)
        return child as unknown as PeerProcess
      },
      bridge: { peerStarted: (start) => told.push(`ports ${start}`), peerGone: () => told.push('no ports') },
      onState: (state) => states.push(state),
      onNotice: ({ title }) => told.push(title),
      onHosting: (isHosting) => told.push(isHosting ? 'awake' : 'may sleep'),
      onOver: () => told.push('over'),
      now: () => Date.now(),
    },
  )
  const child = (index: number): Child => {
    const found = children[index]
    if (found === undefined) throw new Error(`there is no process ${index}`)
    return found
  }
  const kinds = (): string[] => states.splice(0).map(({ kind }) => kind)
  return { host, child, children, told, kinds }
}

test('the peer’s process is told what to do, and its windows get their ports', () => {
  const { host, child, told, kinds } = startTestHost()
  host.take({ kind: 'start' })
  expect(child(0).heard).toEqual([{ kind: 'start', flags: { room: 'evening' } }])
  child(0).say({ kind: 'running', room: 'evening' })
  expect([told, kinds(), host.state]).toEqual([['ports 1'], ['starting', 'running'], { kind: 'running', room: 'evening' }])
})

test('one that dies is started again, later each time, and nothing keeps the machine awake meanwhile', () => {
  const { host, child, children, told, kinds } = startTestHost()
  host.take({ kind: 'start' })
  child(0).say({ kind: 'hosting', isHosting: true })
  child(0).emit('exit', 139)
  expect([told, kinds()]).toEqual([
    ['ports 1', 'awake', 'no ports', 'may sleep'],
    ['starting', 'restarting'],
  ])
  vi.advanceTimersByTime(499)
  expect(children).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(children).toHaveLength(2)
  child(1).emit('exit', 1)
  vi.advanceTimersByTime(999)
  expect(children).toHaveLength(2)
  vi.advanceTimersByTime(1)
  expect(told.at(-1)).toBe('ports 3')
})

test('one that left stays away, until the person wants it back', () => {
  const { host, child, children } = startTestHost()
  host.take({ kind: 'start' })
  child(0).say({ kind: 'left' })
  child(0).emit('exit', 0)
  vi.advanceTimersByTime(3_600_000)
  expect([children.length, host.state.kind]).toEqual([1, 'away'])
  host.take({ kind: 'start' })
  expect(children).toHaveLength(2)
})

test('one that cannot start says why, and is not tried again and again', () => {
  const { host, child, children } = startTestHost()
  host.take({ kind: 'start' })
  child(0).say({ kind: 'refused', text: 'The folder is in use by another peer.' })
  child(0).emit('exit', 0)
  vi.advanceTimersByTime(3_600_000)
  expect([children.length, host.state]).toEqual([1, { kind: 'refused', text: 'The folder is in use by another peer.' }])
})

test('the machine falls asleep and wakes up: the peer leaves, and comes back', () => {
  const { host, child, children } = startTestHost()
  host.take({ kind: 'start' })
  host.take({ kind: 'suspend' })
  expect(child(0).heard.at(-1)).toEqual({ kind: 'leave' })
  child(0).emit('exit', 0)
  host.take({ kind: 'resume' })
  expect(children).toHaveLength(2)
})

test('one that does not leave in time is ended, and then the app is', () => {
  const { host, child, told } = startTestHost()
  host.take({ kind: 'start' })
  host.take({ kind: 'quit' })
  vi.advanceTimersByTime(6_000)
  expect([child(0).isKilled, told]).toEqual([true, ['ports 1']])
  child(0).emit('exit', 137)
  expect(told.at(-1)).toBe('over')
})

test('another room: the peer leaves this one and starts with what is new; what the old one still says is not heard', () => {
  const { host, child, children } = startTestHost()
  host.take({ kind: 'start' })
  host.change({ room: 'class' })
  expect(children).toHaveLength(1)
  child(0).emit('exit', 0)
  expect(child(1).heard).toEqual([{ kind: 'start', flags: { room: 'class' } }])
  child(0).say({ kind: 'running', room: 'evening' })
  child(0).emit('exit', 0)
  expect(host.state).toEqual({ kind: 'starting' })
})
