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

it('a seed is the same run wherever it is played, also where one crashes and frames are lost', () => {
  const disturbed = { ...setting, think: 2_000, stay: 20, delay: 5, lost: 0.1, crashAt: 40 }
  const runs = algorithms.map((algorithm) => {
    const { ended, millis, events } = runLab(algorithm, disturbed).rehearsal
    return [algorithm.name, ended, Math.floor(millis), events.length]
  })
  expect(runs).toEqual([
    ['centralized', 'done', 4_510, 287],
    ['ricart-agrawala', 'done', 8_535, 475],
    ['token-ring', 'done', 6_976, 649],
    ['centralized-chang-roberts', 'done', 4_901, 317],
    ['lamport', 'done', 6_438, 660],
    ['suzuki-kasami', 'done', 6_106, 353],
    ['maekawa', 'done', 6_127, 422],
  ])
})

it('a run that gets nowhere is over after an hour of its own time', () => {
  const { rehearsal } = runLab(tokenRing, { ...setting, peers: 2, delay: 100, lost: 1 })
  expect([rehearsal.ended, rehearsal.millis]).toEqual(['time', 3_599_750])
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
