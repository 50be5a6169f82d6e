import type { RoomsView } from '../../src/api/rooms.ts'
import type { NewRoom, Seat } from '../../src/api/seat.ts'
import { Failure } from '../../src/core/failure.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { type LogRow, verifyRows } from '../../src/peer/verify.ts'
import { createKeyedCrypto } from '../peer/keyed-crypto.ts'
import { createFakeCatalogue } from './fake-catalogue.ts'
import { fakeSelf, fakeTime } from './fake-peer.ts'
import { createFakeTokens } from './fake-tokens.ts'

function createFakeLog(): Seat['log'] {
  let level: Seat['log']['level'] = 'info'
  return {
    get level() {
      return level
    },
    setLevel(next) {
      level = next
    },
  }
}

/** A seat without network: it goes to no room but those that its peer goes to, and a test takes the peer away and gives it another. */
export interface FakeSeat extends Seat {
  readonly created: readonly NewRoom[]
  readonly names: readonly string[]
  readonly cancelled: number
  setPeer(peer: Peer | undefined): void
  /** These rows are what a damaged log gives; `undefined`: there is none. */
  setDamaged(rows: readonly LogRow[] | undefined): void
}

export const fakeRooms: RoomsView = {
  self: fakeSelf,
  name: 'Ana',
  state: 'entering',
  room: { name: 'evening' },
  waiting: {
    seconds: 12,
    why: ['nobody was heard yet'],
    reasons: [{ code: 'nobody', text: 'nobody was heard yet', facts: { name: 'evening' } }],
  },
  inSight: [
    {
      ...{ name: 'classroom', id: '56'.repeat(8), founder: 'Eve', size: 2, founded: fakeTime, hasCode: true, version: 2 },
      ...{ speaksOurs: true, people: ['Eve'], addresses: ['/ip4/10.0.0.2/tcp/4001'], isHere: false },
    },
  ],
  looking: [{ peer: fakeSelf, name: 'Bob' }],
  known: [{ id: 'ab'.repeat(32), name: 'classroom' }],
  failed: { code: 'other-code', text: 'The room has another code.', facts: { name: 'evening' } },
}

export function createFakeSeat(first: Peer | undefined, catalogue = createFakeCatalogue()): FakeSeat {
  let peer = first
  let cancelled = 0
  let damaged: readonly LogRow[] | undefined
  const listeners = new Set<() => void>()
  const there = (): Peer => {
    if (peer === undefined) throw new Failure('no-room', 'The fake is in no room.')
    return peer
  }
  const created: NewRoom[] = []
  const names: string[] = []
  const seat: FakeSeat = {
    created,
    names,
    catalogue,
    tokens: createFakeTokens(),
    gateway: '127.0.0.1:5000',
    log: createFakeLog(),
    get peer() {
      return peer
    },
    get cancelled() {
      return cancelled
    },
    setPeer(next) {
      peer = next
      for (const listener of listeners) listener()
    },
    setDamaged(rows) {
      damaged = rows
    },
    verifyDamaged() {
      if (damaged === undefined) throw new Failure('not-damaged', 'The fake has no damaged log.')
      return verifyRows(toAsync(damaged), createKeyedCrypto(fakeSelf))
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    rooms: () => fakeRooms,
    async create(plan) {
      if (plan.name === 'classroom') throw new Failure('room-known', 'The fake has a room of this name.')
      created.push(plan)
      return { room: '78'.repeat(32) as RoomId, link: `gavelring://join?room=${plan.name}`, code: plan.code }
    },
    join: (target, options) => there().join(target, options),
    async cancel() {
      cancelled++
    },
    async leave({ stay }) {
      const left = peer
      if (stay) seat.setPeer(undefined)
      void left?.stop(1_000)
      return left?.status().room.id
    },
    async rename(name) {
      names.push(name)
    },
    refound: (options) => there().refound(options),
    async diagnosis() {
      return [
        { code: 'multicast', text: 'Multicast works on lo.', severity: 'good', facts: { on: ['lo'] } },
        { code: 'nobody-heard', text: 'Nobody was heard.', remedy: 'Wait.', severity: 'bad' },
      ]
    },
  }
  return seat
}

async function* toAsync<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}
