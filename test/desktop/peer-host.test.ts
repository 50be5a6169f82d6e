import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { Environment, Flags } from '../../src/app/flags.ts'
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

function startTestHost(flags: Flags = { room: 'evening' }, env: Environment = {}) {
  vi.useFakeTimers()
  const children: Child[] = []
  const told: string[] = []
  const states: PeerState[] = []
  const host = createPeerHost(flags, env, {
    fork() {
      const child = new Child()
      children.push(child)
      return child as unknown as PeerProcess
    },
    bridge: { peerStarted: () => told.push('ports'), peerGone: () => told.push('no ports') },
    onState: (state) => states.push(state),
    onNotice: ({ kind }) => told.push(kind),
    onNotJoined: ({ message }) => told.push(message),
    onHosting: (isHosting) => told.push(isHosting ? 'awake' : 'may sleep'),
    onOver: () => told.push('over'),
    now: () => Date.now(),
  })
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
  const running = { kind: 'running', place: { kind: 'in', room: 'evening' } } as const
  child(0).say(running)
  expect([told, kinds(), host.state]).toEqual([['ports'], ['starting', 'running'], running])
})

test('one that dies is started again, later each time, and nothing keeps the machine awake meanwhile', () => {
  const { host, child, children, told, kinds } = startTestHost()
  host.take({ kind: 'start' })
  child(0).say({ kind: 'hosting', isHosting: true })
  child(0).emit('exit', 139)
  expect([told, kinds()]).toEqual([
    ['ports', 'awake', 'no ports', 'may sleep'],
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
  expect(told.filter((one) => one === 'ports')).toHaveLength(3)
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
  const refusal = { code: 'profile-in-use', message: 'The folder is in use by another peer.' }
  child(0).say({ kind: 'refused', refusal, isOption: false })
  child(0).emit('exit', 0)
  vi.advanceTimersByTime(3_600_000)
  expect([children.length, host.state]).toEqual([1, { kind: 'refused', refusal, isOption: false }])
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
  expect([child(0).isKilled, told]).toEqual([true, ['ports']])
  child(0).emit('exit', 137)
  expect(told.at(-1)).toBe('over')
})

test('a link goes to the peer that runs, and what came of it to the person', () => {
  const { host, child, children, told } = startTestHost()
  host.take({ kind: 'start' })
  host.join('gavelring://join?room=class')
  expect([children.length, child(0).heard.at(-1)]).toEqual([1, { kind: 'join', link: 'gavelring://join?room=class' }])
  child(0).say({ kind: 'not-joined', refusal: { code: 'other-code', message: 'The room “class” has another code.' } })
  expect(told.at(-1)).toBe('The room “class” has another code.')
})

test('a link that comes while no peer runs starts one, and goes to it once', () => {
  const { host, child } = startTestHost()
  host.join('gavelring://join?room=class')
  const kinds = (index: number) => child(index).heard.map(({ kind }) => kind)
  expect(kinds(0)).toEqual(['start', 'join'])
  child(0).emit('exit', 1)
  vi.advanceTimersByTime(500)
  expect(kinds(1)).toEqual(['start'])
})

const named = {
  ...{ room: 'evening', code: 'lamp', create: true, currency: 'BRL', deposits: 'host', name: 'Ana', 'no-mdns': true },
  bootstrap: ['10.0.0.1:1', 'gavelring://join?room=evening'],
} as const

test('a peer that was in a room goes back to the last one, after it died or the machine slept', () => {
  const { host, child } = startTestHost(named)
  host.take({ kind: 'start' })
  child(0).emit('exit', 1)
  vi.advanceTimersByTime(500)
  expect(child(1).heard, 'it never was in one').toEqual([{ kind: 'start', flags: named }])
  child(1).say({ kind: 'running', place: { kind: 'in', room: 'class' } })
  host.take({ kind: 'suspend' })
  child(1).emit('exit', 0)
  host.take({ kind: 'resume' })
  const flags = { name: 'Ana', 'no-mdns': true, bootstrap: ['10.0.0.1:1'], last: true }
  expect(child(2).heard).toEqual([{ kind: 'start', flags }])
})

test('where a variable names the room it stays the room', () => {
  const { host, child } = startTestHost(named, { GAVELRING_ROOM: 'class' })
  host.take({ kind: 'start' })
  child(0).say({ kind: 'running', place: { kind: 'in', room: 'class' } })
  child(0).emit('exit', 1)
  vi.advanceTimersByTime(500)
  expect(child(1).heard).toEqual([{ kind: 'start', flags: named }])
})

test('what a process that is on its way out still says is not heard', () => {
  const { host, child } = startTestHost()
  host.take({ kind: 'start' })
  host.take({ kind: 'suspend' })
  child(0).emit('exit', 0)
  host.take({ kind: 'resume' })
  child(0).say({ kind: 'running', place: { kind: 'in', room: 'evening' } })
  child(0).emit('exit', 0)
  expect(host.state).toEqual({ kind: 'starting' })
})
