import { expect, it } from 'vitest'
import { labPeer } from '../../src/peer/lab.ts'

it('peers of the lab have short names, each its own', () => {
  expect([0, 1, 25, 26, 27].map(labPeer)).toEqual(['A', 'B', 'Z', 'P27', 'P28'])
})
