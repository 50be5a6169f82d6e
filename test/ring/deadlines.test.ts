import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Deadline, Deadlines } from '../../src/ring/timing.ts'

const names: readonly Deadline[] = ['status', 'ping', 'token', 'want']
const steps = fc.array(
  fc.record({
    what: fc.constantFrom('arm', 'armBy', 'disarm', 'take', 'takeEarly'),
    name: fc.constantFrom(...names),
    at: fc.oneof(fc.nat(6), fc.constant(Number.POSITIVE_INFINITY)),
    isLooked: fc.boolean(),
  }),
)

it('the next deadline is the earliest of those that are armed, whatever was armed, moved and taken before', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const due = new Deadlines()
      const at = new Map<Deadline, number>()
      const atOf = (name: Deadline): number => at.get(name) ?? Number.POSITIVE_INFINITY
      for (const { what, name, at: time, isLooked } of taken) {
        switch (what) {
          case 'arm':
            due.arm(name, time)
            at.set(name, time)
            break
          case 'armBy':
            due.armBy(name, time)
            at.set(name, Math.min(time, atOf(name)))
            break
          case 'disarm':
            due.disarm(name)
            at.delete(name)
            break
          case 'take':
            expect(due.take(name, time)).toBe(time >= atOf(name))
            if (time >= atOf(name)) at.delete(name)
            break
          case 'takeEarly':
            expect(due.takeEarly(name)).toBe(atOf(name) < Number.POSITIVE_INFINITY)
            at.delete(name)
        }
        // Not every time: what is asked for seldom must be right, too.
        if (isLooked) expect(due.next).toBe(Math.min(...names.map(atOf)))
      }
      expect(due.next).toBe(Math.min(...names.map(atOf)))
    }),
  )
})
