import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Message, RequestPurpose } from '../../src/ring/message.ts'
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
