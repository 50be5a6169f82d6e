import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { MutexMessage } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { algorithmNamed } from './runs.ts'

/** On the other laptop somebody else's file of the same name may run: what makes no sense changes nothing. */

const [ana, bob, cleo] = ['ana', 'bob', 'cleo'] as [PeerId, PeerId, PeerId]

/** One peer of three, whose messages are handed to it one by one. */
function one(name: string, self: PeerId, holder?: PeerId, members: readonly PeerId[] = [ana, bob, cleo]) {
  const said: string[] = []
  let told = 0
  const algorithm = algorithmNamed(name).create(
    { self, members, holder },
    {
      send: (to, message) =>
        said.push(
          `${to} ${Object.values(message)
            .map((value) => JSON.stringify(value))
            .join(' ')}`.replaceAll('"', ''),
        ),
      enter: () => said.push('enters'),
      wake: () => {},
    },
  )
  return {
    algorithm,
    hear: (from: PeerId, kind: string, fields: Omit<MutexMessage, 'kind'> = {}) => algorithm.receive(from, { kind, ...fields }),
    /** What it has said and done since this was asked last. */
    news: () => {
      const news = said.slice(told)
      told = said.length
      return news
    },
  }
}

describe('a coordinator’s client', () => {
  it('is let in by its coordinator alone, and only while it waits', () => {
    const { algorithm, hear, news } = one('centralized', ana)
    algorithm.request(1)
    expect(news()).toEqual(['bob election', 'cleo election'])
    hear(bob, 'alive')
    hear(cleo, 'coordinator')
    hear(bob, 'coordinator')
    expect(news()).toEqual(['cleo request'])
    hear(bob, 'grant')
    expect(news()).toEqual([])
    hear(cleo, 'grant')
    hear(cleo, 'grant')
    expect(news()).toEqual(['enters'])
    algorithm.release()
    hear(cleo, 'grant')
    expect(news()).toEqual(['cleo release'])
  })

  it('who was inside from the beginning tells the coordinator, once there is one, that it has left', () => {
    const { algorithm, hear, news } = one('centralized', ana, ana)
    algorithm.release()
    expect(news()).toEqual([])
    hear(cleo, 'coordinator')
    expect(news()).toEqual(['cleo release'])
  })
})

describe('a coordinator', () => {
  it('lets one in at a time, in the order of asking, and hears of a release only from whom it let in', () => {
    const { algorithm, hear, news } = one('centralized', cleo)
    algorithm.request(1)
    expect(news()).toEqual(['ana coordinator', 'bob coordinator', 'enters'])
    hear(bob, 'request')
    hear(ana, 'request')
    hear(ana, 'release')
    expect(news()).toEqual([])
    algorithm.release()
    expect(news()).toEqual(['bob grant'])
    hear(ana, 'release')
    expect(news()).toEqual([])
    hear(bob, 'release')
    expect(news()).toEqual(['ana grant'])
  })

  it('lets nobody in before whoever was inside as the view began has left', () => {
    const { hear, news } = one('centralized', cleo, bob)
    hear(ana, 'election')
    hear(ana, 'request')
    expect(news()).toEqual(['ana alive', 'ana coordinator', 'bob coordinator'])
    hear(bob, 'release')
    expect(news()).toEqual(['ana grant'])
  })

  it('chosen round a ring: lesser candidates stop, greater ones pass, and its own comes back', () => {
    const { algorithm, hear, news } = one('centralized-chang-roberts', bob)
    algorithm.request(1)
    hear(ana, 'candidate', { peer: ana })
    hear(ana, 'candidate', { peer: 'nobody' })
    expect(news()).toEqual(['cleo candidate bob'])
    hear(ana, 'candidate', { peer: cleo })
    expect(news()).toEqual(['cleo candidate cleo'])
    hear(ana, 'chosen', { peer: cleo })
    expect(news().sort()).toEqual(['cleo chosen cleo', 'cleo request'])
  })
})

describe('Ricart and Agrawala', () => {
  it('wait for a reply of each, and count none twice', () => {
    const { algorithm, hear, news } = one('ricart-agrawala', ana)
    algorithm.request(4)
    expect(news()).toEqual(['bob request 4', 'cleo request 4'])
    hear(bob, 'reply')
    hear(bob, 'reply')
    expect(news()).toEqual([])
    hear(cleo, 'reply')
    hear(cleo, 'reply')
    expect(news()).toEqual(['enters'])
  })

  it('reply at once to whoever comes first, by time, then by id; to others once they have left', () => {
    const { algorithm, hear, news } = one('ricart-agrawala', bob)
    algorithm.request(4)
    news()
    hear(ana, 'request', { time: 4 })
    expect(news()).toEqual(['ana reply'])
    hear(cleo, 'request', { time: 4 })
    expect(news()).toEqual([])
    hear(ana, 'reply')
    hear(cleo, 'reply')
    expect(news()).toEqual(['enters'])
    hear(ana, 'request', { time: 1 })
    expect(news()).toEqual([])
    algorithm.release()
    expect(news()).toEqual(['cleo reply', 'ana reply'])
    algorithm.request(9)
    algorithm.release()
    expect(news()).toEqual(['ana request 9', 'cleo request 9'])
  })
})

describe('Lamport’s queue', () => {
  it('lets in who is first of all that is known, once all have acknowledged', () => {
    const { algorithm, hear, news } = one('lamport', bob)
    hear(ana, 'request', { time: 2 })
    expect(news()).toEqual(['ana acknowledge'])
    algorithm.request(4)
    news()
    hear(ana, 'acknowledge')
    hear(ana, 'acknowledge')
    expect(news()).toEqual([])
    hear(cleo, 'acknowledge')
    expect(news()).toEqual([])
    hear(ana, 'release')
    expect(news()).toEqual(['enters'])
    hear(cleo, 'release')
    expect(news()).toEqual([])
    algorithm.release()
    expect(news()).toEqual(['ana release', 'cleo release'])
  })

  it('whoever was inside as the view began is first', () => {
    const { algorithm, hear, news } = one('lamport', ana, cleo)
    algorithm.request(0)
    news()
    for (const peer of [bob, cleo]) hear(peer, 'acknowledge')
    expect(news()).toEqual([])
    hear(cleo, 'release')
    expect(news()).toEqual(['enters'])
  })
})

describe('a token', () => {
  it('that comes where there is one already is none', () => {
    const { algorithm, hear, news } = one('token-ring', ana)
    hear(cleo, 'token')
    algorithm.tick?.()
    algorithm.tick?.()
    expect(news()).toEqual(['bob token'])
    algorithm.request(1)
    hear(cleo, 'token')
    hear(cleo, 'token')
    algorithm.tick?.()
    expect(news()).toEqual(['enters'])
    algorithm.release()
    expect(news()).toEqual(['bob token'])
  })

  it('of Suzuki and Kasami is given on for new wishes only, and taken only where it counts all members', () => {
    const { algorithm, hear, news } = one('suzuki-kasami', ana)
    hear(bob, 'token', { served: [9, 9, 9], queue: [] })
    hear(bob, 'request', { number: 0 })
    hear('nobody' as PeerId, 'request', { number: 1 })
    expect(news()).toEqual([])
    hear(bob, 'request', { number: 1 })
    expect(news()).toEqual(['bob token [0,0,0] []'])
    algorithm.request(1)
    expect(news()).toEqual(['bob request 1', 'cleo request 1'])
    hear(bob, 'token', { served: [0, 1], queue: [] })
    expect(news()).toEqual([])
    hear(cleo, 'request', { number: 1 })
    hear(bob, 'token', { served: [0, 1, 0], queue: [] })
    expect(news()).toEqual(['enters'])
    hear(bob, 'request', { number: 1 })
    algorithm.release()
    expect(news()).toEqual(['cleo token [1,1,0] []'])
  })

  it('of Suzuki and Kasami keeps those that wait in it, each once, and stays where nobody does', () => {
    const { algorithm, hear, news } = one('suzuki-kasami', bob)
    algorithm.request(1)
    news()
    hear(ana, 'request', { number: 1 })
    hear(ana, 'token', { served: [0, 0, 0], queue: ['cleo', 'ana'] })
    hear(cleo, 'request', { number: 1 })
    algorithm.release()
    expect(news()).toEqual(['enters', 'cleo token [0,1,0] [ana]'])
    hear(cleo, 'token', { served: [1, 1, 1], queue: [] })
    algorithm.request(2)
    algorithm.release()
    expect(news()).toEqual(['enters'])
  })
})

describe('Maekawa', () => {
  it('hears no answer to a wish of another time, and of no lock twice', () => {
    const { algorithm, hear, news } = one('maekawa', ana)
    algorithm.request(5)
    const [asked] = news()
    expect(asked).toBe('bob request 5')
    hear(bob, 'locked', { time: 4 })
    expect(news()).toEqual([])
    hear(bob, 'locked', { time: 5 })
    hear(bob, 'locked', { time: 5 })
    expect(news()).toEqual(['enters'])
    algorithm.release()
    expect(news()).toEqual(['bob release 5'])
  })

  it('gives way where it was told that it may not get all, and only then', () => {
    const { algorithm, hear, news } = one('maekawa', bob)
    // Its own lock is another one’s: it cannot have all.
    hear(ana, 'request', { time: 1 })
    expect(news()).toEqual(['ana locked 1'])
    algorithm.request(5)
    expect(news()).toEqual(['cleo request 5'])
    hear(cleo, 'locked', { time: 5 })
    hear(cleo, 'inquire', { time: 5 })
    expect(news()).toEqual(['cleo yield 5'])
    // What it has not got any more it cannot give.
    hear(cleo, 'inquire', { time: 5 })
    expect(news()).toEqual([])
    hear(ana, 'release', { time: 7 })
    expect(news()).toEqual([])
    hear(ana, 'release', { time: 1 })
    expect(news()).toEqual([])
    hear(cleo, 'locked', { time: 5 })
    expect(news()).toEqual(['enters'])
  })

  it('is free again only by whom it was locked for, and for that very wish', () => {
    const { algorithm, hear, news } = one('maekawa', bob)
    hear(ana, 'request', { time: 1 })
    algorithm.request(5)
    hear(cleo, 'locked', { time: 5 })
    expect(news()).toEqual(['ana locked 1', 'cleo request 5'])
    hear(ana, 'release', { time: 7 })
    hear(cleo, 'release', { time: 1 })
    hear(cleo, 'yield', { time: 1 })
    expect(news()).toEqual([])
    hear(ana, 'release', { time: 1 })
    expect(news()).toEqual(['enters'])
  })

  it('asks its lock back once for whoever comes first of all, and tells all others that they wait', () => {
    const { hear, news } = one('maekawa', cleo)
    hear(bob, 'request', { time: 5 })
    hear(ana, 'request', { time: 5 })
    expect(news()).toEqual(['bob locked 5', 'bob inquire 5'])
    hear(ana, 'request', { time: 3 })
    expect(news()).toEqual(['ana failed 5'])
    hear(bob, 'request', { time: 6 })
    expect(news()).toEqual(['bob failed 6'])
    hear(bob, 'yield', { time: 5 })
    expect(news()).toEqual(['ana locked 3'])
  })
})

describe('the form of a message', () => {
  it.each([
    ['centralized', 'request', {}, true],
    ['centralized', 'alive', {}, true],
    ['centralized', 'candidate', { peer: 'ana' }, false],
    ['centralized-chang-roberts', 'candidate', { peer: 'ana' }, true],
    ['centralized-chang-roberts', 'chosen', { peer: 7 }, false],
    ['ricart-agrawala', 'reply', {}, true],
    ['ricart-agrawala', 'request', { time: 3 }, true],
    ['ricart-agrawala', 'request', { time: -1 }, false],
    ['ricart-agrawala', 'request', { time: 1.5 }, false],
    ['ricart-agrawala', 'token', { time: 3 }, false],
    ['lamport', 'acknowledge', {}, true],
    ['lamport', 'request', { time: '3' }, false],
    ['lamport', 'token', { time: 3 }, false],
    ['token-ring', 'token', {}, true],
    ['token-ring', 'request', {}, false],
    ['suzuki-kasami', 'request', { number: 1 }, true],
    ['suzuki-kasami', 'request', { number: 2 ** 60 }, false],
    ['suzuki-kasami', 'token', { served: [1, 2], queue: ['ana'] }, true],
    ['suzuki-kasami', 'token', { served: [1, -2], queue: ['ana'] }, false],
    ['suzuki-kasami', 'token', { served: 1, queue: ['ana'] }, false],
    ['suzuki-kasami', 'token', { served: [1], queue: [7] }, false],
    ['suzuki-kasami', 'token', { served: [1], queue: 'ana' }, false],
    ['maekawa', 'release', { time: -1 }, true],
    ['maekawa', 'release', { time: -2 }, false],
    ['maekawa', 'reply', { time: 1 }, false],
  ])('%s: %s %j is one: %s', (name, kind, fields, isOne) => {
    expect(algorithmNamed(name).accepts({ kind, ...fields })).toBe(isOne)
  })

  it('only what chooses a coordinator counts for no entry', () => {
    const overhead = (name: string) =>
      ['request', 'grant', 'release', 'election', 'alive', 'coordinator', 'candidate', 'chosen', 'token'].filter(
        (kind) => algorithmNamed(name).isOverhead?.({ kind }) === true,
      )
    expect(overhead('centralized')).toEqual(expect.arrayContaining(['election', 'alive', 'coordinator']))
    expect(overhead('centralized').some((kind) => ['request', 'grant', 'release'].includes(kind))).toBe(false)
    for (const { name } of algorithms) if (!name.startsWith('centralized')) expect(overhead(name)).toEqual([])
  })
})
