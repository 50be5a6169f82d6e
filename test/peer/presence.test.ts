import { expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Clock } from '../../src/peer/ports.ts'
import { createPresence, goneAfter } from '../../src/peer/presence.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob] = ['A', 'B'].map(peerNamed) as [PeerId, PeerId]

/** A clock that stands still until it is moved. */
function createRig() {
  const tasks = new Set<{ readonly at: number; readonly run: () => void }>()
  let now = 0
  const clock: Pick<Clock, 'monotonic' | 'at'> = {
    monotonic: () => now,
    at(time, run) {
      const task = { at: time, run }
      tasks.add(task)
      return () => tasks.delete(task)
    },
  }
  const told: string[] = []
  const presence = createPresence(clock, (peer, here) => told.push(`${peer === ana ? 'Ana' : 'Bob'} ${here ? 'came' : 'went'}`))
  const wait = (millis: number): void => {
    now += millis
    for (const task of tasks) {
      if (task.at > now) continue
      tasks.delete(task)
      task.run()
    }
  }
  return { presence, told, wait, waiting: () => tasks.size }
}

it('tells at once who comes, and who went once it stays away', () => {
  const { presence, told, wait } = createRig()
  presence.came(ana)
  presence.came(bob)
  presence.went(ana)
  wait(goneAfter - 1)
  expect(told).toEqual(['Ana came', 'Bob came'])
  wait(1)
  expect(told).toEqual(['Ana came', 'Bob came', 'Ana went'])
  presence.came(ana)
  expect(told.at(-1)).toBe('Ana came')
})

it('says nothing of whoever is back soon, however often it goes', () => {
  const { presence, told, wait, waiting } = createRig()
  presence.came(ana)
  for (let times = 0; times < 10; times++) {
    presence.went(ana)
    presence.went(ana)
    wait(goneAfter - 1)
    presence.came(ana)
  }
  wait(10 * goneAfter)
  expect([told, waiting()]).toEqual([['Ana came'], 0])
})

it('says nothing of whoever was never here, and nothing more of a room that was left', () => {
  const { presence, told, wait, waiting } = createRig()
  presence.went(bob)
  presence.came(ana)
  presence.went(ana)
  presence.clear()
  wait(2 * goneAfter)
  expect([told, waiting()]).toEqual([['Ana came'], 0])
  presence.came(ana)
  expect(told).toEqual(['Ana came', 'Ana came'])
})
