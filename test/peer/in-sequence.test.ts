import fc from 'fast-check'
import { expect, it } from 'vitest'
import { InSequence } from '../../src/peer/in-sequence.ts'

const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ what: fc.constant('add' as const), skipped: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('delete' as const), back: fc.integer({ min: -3, max: 12 }) }) },
  ),
  { maxLength: 60 },
)

it('entries in sequence are those of a map, whatever was added, skipped and deleted before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), steps, (first, taken) => {
      const entries = new InSequence<{ readonly of: number }>()
      const model = new Map<number, { readonly of: number }>()
      let last = first - 1
      for (const step of taken) {
        if (step.what === 'add') {
          last += 1 + step.skipped
          const entry = { of: last }
          entries.add(last, entry)
          model.set(last, entry)
        } else {
          entries.delete(last - step.back)
          model.delete(last - step.back)
        }
        for (let number = last - 20; number <= last + 2; number++) expect(entries.get(number)).toBe(model.get(number))
        expect(entries.entries()).toEqual([...model])
      }
    }),
  )
})
