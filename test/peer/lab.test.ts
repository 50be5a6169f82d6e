import { expect, it, vi } from 'vitest'
import { AlgorithmFault, type AlgorithmKind, algorithms, labPeer, runLab } from '../../src/peer/lab.ts'

const tokenRing = algorithms.find(({ name }) => name === 'token-ring') as AlgorithmKind
const setting = { peers: 5, entries: 4, think: 0, stay: 0, delay: 0, lost: 0, seed: 7 }

it('peers of the lab have short names, each its own', () => {
  expect([0, 1, 25, 26, 27].map(labPeer)).toEqual(['A', 'B', 'Z', 'P27', 'P28'])
})

it('a run takes no time of its own, and repeats no frame', () => {
  const { rehearsal, results } = runLab(tokenRing, setting)
  expect([rehearsal.ended, rehearsal.millis]).toEqual(['done', 0])
  expect(results.members).toBe(5)
  const frames = (what: string) => rehearsal.events.filter((step) => step.kind === 'mutex' && step.event.what === what).length
  // The last one is still on its way.
  expect(frames('received')).toBe(frames('sent') - 1)
})

it('the one that crashes is drawn by the seed, and is in the room again a second later', () => {
  const { rehearsal } = runLab(tokenRing, { ...setting, think: 2_000, crashAt: 40 })
  expect(rehearsal.events.filter(({ kind }) => kind === 'crashed')).toEqual([{ kind: 'crashed', at: 40, peer: 'C' }])
  const views = rehearsal.events.flatMap((step) => (step.kind === 'view' ? [[step.at, step.view.members.join('')]] : []))
  expect(views).toEqual([
    [0, 'ABCDE'],
    [40, 'ABDE'],
    [1_040, 'ABDEC'],
  ])
})

it('an algorithm of somebody’s own that throws is named for it, and ours are not', () => {
  const create = () => {
    throw new Error('too bad')
  }
  expect(() => runLab({ ...tokenRing, create }, setting)).toThrow(AlgorithmFault)
  expect(() => runLab({ ...tokenRing, create }, setting)).toThrow('The algorithm “token-ring” threw: too bad')
  using _broken = vi.spyOn(tokenRing, 'create').mockImplementation(create)
  expect(() => runLab(tokenRing, setting)).toThrow(/^too bad$/)
})
