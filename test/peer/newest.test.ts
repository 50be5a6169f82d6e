import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createNewest } from '../../src/peer/newest.ts'

it('the newest are there, within count and weight, and no others: as in a plain list', () => {
  const puts = fc.array(fc.record({ name: fc.nat(30).map(String), weight: fc.nat(9) }), { maxLength: 200 })
  fc.assert(
    fc.property(puts, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 10, max: 40 }), (all, countMax, weightMax) => {
      const newest = createNewest<{ readonly name: string; readonly weight: number }>(countMax, weightMax, ({ weight }) => weight)
      let list: { readonly name: string; readonly weight: number }[] = []
      for (const one of all) {
        newest.set(one.name, one)
        const isThere = list.some(({ name }) => name === one.name)
        list = isThere ? list.map((other) => (other.name === one.name ? one : other)) : [...list, one].slice(-countMax)
        while (list.reduce((sum, { weight }) => sum + weight, 0) > weightMax) list = list.slice(1)
      }
      for (let name = 0; name <= 30; name++) {
        expect(newest.get(String(name))).toBe(list.find((one) => one.name === String(name)))
      }
    }),
  )
})

it('one that weighs more than all may is not kept, and takes nothing but what was there with it', () => {
  const newest = createNewest<{ readonly weight: number }>(5, 10, ({ weight }) => weight)
  newest.set('light', { weight: 1 })
  newest.set('heavy', { weight: 11 })
  expect([newest.get('light'), newest.get('heavy')]).toEqual([undefined, undefined])
  newest.set('just', { weight: 10 })
  expect(newest.get('just')).toEqual({ weight: 10 })
})
