import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { headOf } from '../../src/ring/block.ts'
import type { Message, RequestPurpose } from '../../src/ring/message.ts'
import { placeOf, view3 } from './harness.ts'
import { holder, preparedWith, request } from './requests.ts'
import { TestRoom } from './room.ts'

/** A room whose members have met. */
function openRoom(names: readonly string[]): TestRoom {
  const room = new TestRoom(names, () => {})
  for (let waited = 0; waited < 80 && room.view('A').members.length < names.length; waited++) room.run(250)
  room.run(1_000)
  return room
}

const requestOf = (purpose: RequestPurpose, number: number, loss?: number): Message => ({
  kind: 'request',
  purpose,
  above: { number, initiator: 'X' as PeerId },
  loss,
})

/** What strangers answer: the truth in `Promise`, and nothing else, unless `installs`. */
function answerAsStrangers(room: TestRoom, installs: boolean): void {
  room.onStranger = (stranger, from, message) => {
    const say = (said: Message) => room.feed(from, { kind: 'receive', from: stranger as PeerId, lamport: 5, message: said })
    const { head, commit } = room.view(from)
    if (message.kind === 'prepare') say({ kind: 'promise', epoch: message.epoch, head: { ...head, ...commit }, commit })
    if (message.kind === 'install' && installs) say({ kind: 'installed', epoch: message.epoch })
  }
}

interface Worked {
  /** Of the operations submitted, one each second, so many were applied everywhere; and the longest that one took. */
  readonly applied: number
  readonly longest: number
  readonly epochs: number
}

/** The room works for a minute, and strangers say what `says` tells, so often. */
function workBeside(room: TestRoom, every: number, says: (time: number) => readonly (readonly [string, Message])[]): Worked {
  const names = [...room.peers.keys()]
  const before = room.view('A').viewIndex
  let epochs = 0
  let last = before
  let longest = 0
  let applied = 0
  const pending = new Map<string, number>()
  for (let tenth = 0; tenth < 600; tenth++) {
    if (tenth % every === 0)
      for (const [from, message] of says(tenth / every))
        for (const to of names) room.feed(to, { kind: 'receive', from: from as PeerId, lamport: 5, message })
    if (tenth % 10 === 0) {
      pending.set(`op${tenth}`, room.now)
      room.feed(names.at(-1) as string, { kind: 'submit', domain: 'bank', ops: [new TextEncoder().encode(`op${tenth}`)] })
    }
    room.run(100)
    if (room.view('A').viewIndex !== last) epochs++
    last = room.view('A').viewIndex
    for (const [op, at] of pending) {
      if (!names.every((name) => room.peers.get(name)?.applied.includes(op))) continue
      pending.delete(op)
      longest = Math.max(longest, room.now - at)
      applied++
    }
  }
  return { applied, longest, epochs }
}

describe('strangers that promise, and install nothing', () => {
  const rooms: [string, readonly string[], number][] = [
    ['one, of a founder that is alone', ['A'], 1],
    ['three, of a founder that is alone', ['A'], 3],
    ['two, of a room of two', ['A', 'B'], 2],
    ['one, of a room of three', ['A', 'B', 'C'], 1],
    ['three, of a room of three', ['A', 'B', 'C'], 3],
    ['nine, of a room of three', ['A', 'B', 'C'], 9],
  ]
  it.each(rooms)('%s, cannot stop it', (_who, names, count) => {
    const room = openRoom(names)
    answerAsStrangers(room, false)
    const liars = Array.from({ length: count }, (_, at) => `X${at}`)
    const { applied, longest } = workBeside(room, 3, () => liars.map((liar) => [liar, requestOf('join', 0)] as const))
    expect(applied).toBeGreaterThanOrEqual(55)
    expect(longest).toBeLessThan(10_000)
    for (const name of names) expect(room.view(name).stopped).toBeUndefined()
  })
})

describe('strangers for whom epochs are tried', () => {
  it('are asked at once where a member keeps epochs from coming about, and later each time where they do it themselves', () => {
    const roundsServed = (isPromised: boolean): number => {
      const peer = holder()
      let served = 0
      for (let round = 0; round < 8; round++) {
        const stranger = String.fromCharCode('D'.charCodeAt(0) + round)
        peer.receive(stranger, request('join', { above: peer.view.promised }))
        // The first as the holder; the token is gone with that.
        if (round === 0) peer.after(300).persisted()
        const prepare = preparedWith(peer, ['C'])
        if (prepare.to.includes(stranger)) served++
        if (isPromised) {
          const promise = { kind: 'promise', epoch: prepare.epoch, head: headOf(view3), commit: placeOf(view3) } as const
          for (const one of [...prepare.to].filter((name) => name > 'C')) peer.receive(one, promise)
        }
        expect(peer.during(2_600).notes('attempt-given-up').length).toBe(1)
      }
      return served
    }
    expect([roundsServed(true), roundsServed(false)]).toEqual([8, 5])
  })
})

describe('strangers that ask all the time', () => {
  let losses = 0
  const rows: [string, number, (time: number) => readonly (readonly [string, Message])[], boolean?][] = [
    ['to leave, though they are in no view', 1, (time) => [['X', requestOf('leave', 100 + time)]]],
    ['to leave, under a fresh name each time', 1, (time) => [[`X${time}`, requestOf('leave', 100 + time)]]],
    ['to join, under a fresh name each time', 1, (time) => [[`X${time}`, requestOf('join', 0)]]],
    [
      'to join, under three fresh names each time',
      3,
      (time) => [0, 1, 2].map((at) => [`X${3 * time + at}`, requestOf('join', 0)]),
    ],
    ['to rejoin, with another loss each time', 3, () => [['X', requestOf('rejoin', 0, ++losses)]]],
    ['to rejoin, by three names with another loss each time', 1, (time) => [[`X${time % 3}`, requestOf('rejoin', 0, ++losses)]]],
    ['to rejoin with a loss, under a fresh name each time', 1, (time) => [[`X${time}`, requestOf('rejoin', 0, 1)]]],
  ]
  it.each(rows)('%s, lead to ever fewer epochs', (_story, every, says) => {
    const room = openRoom(['A', 'B', 'C'])
    let asked = 0
    room.onStranger = (_to, _from, { kind }) => {
      if (kind === 'prepare') asked++
    }
    const { applied, longest, epochs } = workBeside(room, every, says)
    expect(epochs).toBeLessThanOrEqual(10)
    expect(epochs).toBeGreaterThan(0)
    expect(applied).toBeGreaterThanOrEqual(59)
    expect(longest).toBeLessThan(2_000)
    expect(asked > 0).toBe(_story.includes('to join'))
  })

  it('that come in under a fresh name each time, and are silent then, lead to ever fewer epochs', () => {
    const room = openRoom(['A', 'B', 'C'])
    answerAsStrangers(room, true)
    const { applied, longest, epochs } = workBeside(room, 10, (time) => [[`X${time}`, requestOf('join', 0)]])
    expect(epochs).toBeLessThan(20)
    expect(applied).toBeGreaterThanOrEqual(57)
    expect(longest).toBeLessThan(10_000)
  })

  it('keep no member from coming back', () => {
    const room = openRoom(['A', 'B', 'C'])
    const says = (time: number) => [[`X${time}`, requestOf('join', 0)] as const]
    for (let time = 0; time < 700; time++) {
      for (const [from, message] of says(time))
        for (const to of ['A', 'B', 'C']) room.feed(to, { kind: 'receive', from: from as PeerId, lamport: 5, message })
      room.run(100)
    }
    room.kill('C')
    room.run(3_000)
    expect(room.view('A').members).toEqual(['A', 'B'])
    room.restart('C')
    room.run(4_000)
    expect([...room.view('A').members].sort()).toEqual(['A', 'B', 'C'])
  })

  it('keep an honest newcomer waiting for a minute at most, and nobody does where all are honest', () => {
    const waits = [0, 200].map((rounds) => {
      const room = openRoom(['A', 'B', 'C', 'D'])
      room.feed('D', { kind: 'leave' })
      for (let waited = 0; waited < 50 && room.view('D').stopped === undefined; waited++) room.run(100)
      room.run(61_000)
      for (let time = 0; time < rounds; time++) {
        for (const to of ['A', 'B', 'C'])
          room.feed(to, { kind: 'receive', from: `X${time}` as PeerId, lamport: 5, message: requestOf('join', 0) })
        room.run(100)
      }
      room.restart('D')
      const since = room.now
      for (let waited = 0; waited < 700 && !room.view('A').members.includes('D' as PeerId); waited++) room.run(100)
      return room.now - since
    })
    expect(waits[0]).toBeLessThan(4_000)
    expect(waits[1]).toBeLessThan(62_000)
  })
})
