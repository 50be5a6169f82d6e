import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/peer/ports.ts'
import { type Condition, nameOrId, roleOf, troubleOf } from '../../src/peer/views.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob, cleo] = [peerNamed('A'), peerNamed('B'), peerNamed('C')]
const names = new Map([
  [ana, 'Ana'],
  [bob, 'Bob'],
])
const well: Condition = {
  stopped: undefined,
  failed: undefined,
  forgot: false,
  quorum: true,
  members: [ana, bob, cleo],
  reachable: [ana, bob],
  nameOf: (peer) => nameOrId(names.get(peer), peer),
}
const full = new Failure('disk-full', 'No space left.')

describe('what is wrong with a peer, and what it is to the ring', () => {
  const rows: readonly [string, Partial<Condition>, string | undefined, string][] = [
    ['nothing', {}, undefined, 'member'],
    [
      'no quorum',
      { quorum: false, reachable: [ana] },
      'no quorum: 1 of 3 members reachable, waiting for Bob, CCCCCC',
      'read-only',
    ],
    ['a full disk', { failed: full, quorum: false }, 'disk full: read-only until the peer is started again', 'read-only'],
    [
      'another write failure',
      { failed: new Failure('disk-failed', '') },
      'the disk failed: read-only until the peer is started again',
      'read-only',
    ],
    ['not a member yet', { members: [bob, cleo] }, undefined, 'learner'],
    ['a lost log', { forgot: true, members: [bob] }, 'its log was lost: waiting to be taken in again', 'learner'],
    ['stopped', { stopped: 'left the room', failed: full }, 'left the room', 'stopped'],
  ]
  for (const [what, changes, trouble, role] of rows) {
    it(`${what}: ${role}`, () => {
      const condition = { ...well, ...changes }
      expect(troubleOf(condition)).toBe(trouble)
      expect(roleOf({ ...condition, self: ana, leaving: false })).toBe(role)
    })
  }

  it('leaving: as long as it has not stopped', () => {
    expect(roleOf({ ...well, self: ana, leaving: true })).toBe('leaving')
  })
})
