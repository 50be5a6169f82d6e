import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { needsOwnRoom, onRoom, readPage, type Story, stories } from '../../renderer/lab/stories.ts'
import { settingFields } from '../../src/api/lab.ts'
import { scenarios } from '../../src/app/scenarios/scenarios.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { Part, type PartOutput } from '../../src/mutex/part.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'

const pageFile = (story: string, language: string): URL => new URL(`../../docs/lab/${story}.${language}.md`, import.meta.url)

describe('the stories of the lab', () => {
  test('are those of the command line, in its order', () => {
    expect(stories).toEqual(scenarios.map(({ name }) => name))
  })

  test.each(stories.flatMap((story) => ['en', 'pt', 'es'].map((language) => [story, language] as const)))(
    '%s has a page in %s: title, four sections, and nothing that the screen cannot show',
    (story, language) => {
      expect(existsSync(pageFile(story, language))).toBe(true)
      const { title, body } = readPage(readFileSync(pageFile(story, language), 'utf8'))
      expect(title).toMatch(/^\p{L}.+/u)
      expect(body.match(/^## .+$/gm)).toHaveLength(4)
      // No links, commands, pictures or markup: a page is read inside of the app.
      expect(body).not.toMatch(/\]\(|```|<|!\[|^# /m)
    },
  )

  test('three can be shown on a room that runs, with somebody else in it; the others need one of their own', () => {
    expect(stories.filter((story) => !needsOwnRoom(story))).toEqual(['holder-dies', 'coordinator-dies', 'equal-times'])
    for (const story of stories) expect(onRoom(story, ['a'])).toBeUndefined()
  })
})

/** In ring order, which is not that of their ids. */
const rooms = ['ba', 'ab', 'cab', 'beadc']
const membersOf = (room: string): readonly PeerId[] => [...room].map((letter) => `12D3KooW${letter.repeat(44)}` as PeerId)

/** All parts of a room, until this time; a message takes a millisecond. */
function play(story: Story, members: readonly PeerId[], until: number) {
  const plan = onRoom(story, members)
  if (plan === undefined) throw new Error(`${story} is none for this room`)
  const setting = settingFields.parse(plan.wanted) as ExperimentSetting
  const kind = algorithms.find(({ name }) => name === setting.algorithm) as AlgorithmKind
  const parts = new Map(members.map((self) => [self, new Part({ self, kind, setting, life: 1, now: 0 })]))
  const told: { readonly peer: PeerId; readonly what: string; readonly lamport: number; readonly message: unknown }[] = []
  let queue: { readonly at: number; readonly act: () => void }[] = []
  const carryOut = (now: number, peer: PeerId, part: Part, outputs: readonly PartOutput[]): void => {
    for (const output of outputs) {
      if (output.kind === 'event') {
        const { what, lamport, message } = output.event
        told.push({ peer, what, lamport, message })
      } else if (output.kind === 'wake')
        queue.push({ at: output.at, act: () => carryOut(output.at, peer, part, part.tick(output.at)) })
      else {
        const [at, to] = [now + 1, output.to]
        const other = parts.get(to) as Part
        queue.push({ at, act: () => carryOut(at, to, other, other.receive(at, peer, output.frame)) })
      }
    }
  }
  for (const [peer, part] of parts) carryOut(0, peer, part, part.enterView(0, { epoch: 1, members }))
  for (;;) {
    const next = queue.reduce<(typeof queue)[number] | undefined>(
      (one, other) => (one && one.at <= other.at ? one : other),
      undefined,
    )
    if (next === undefined || next.at > until) break
    queue = queue.filter((one) => one !== next)
    next.act()
  }
  const states = new Map([...parts].map(([peer, part]) => [peer, part.state(until)]))
  return {
    plan,
    parts,
    told,
    states,
    count: (what: string, peer?: string) => told.filter((one) => one.what === what && (peer ?? one.peer) === one.peer).length,
  }
}

describe.each(rooms)('on a room of %s', (room) => {
  const members = membersOf(room)

  test('whoever is inside dies, and all others wait', () => {
    const { plan, states, count } = play('holder-dies', members, 60_000)
    expect([count('entered', plan.victim), count('released', plan.victim)]).toEqual([1, 0])
    expect([count('entered'), count('released')]).toEqual([2, 1])
    expect(members.map((peer) => states.get(peer))).toEqual(members.map((peer) => (peer === plan.victim ? 'dead' : 'waiting')))
  })

  test('the coordinator dies with a queue, and all others wait', () => {
    const { plan, states, told, count } = play('coordinator-dies', members, 60_000)
    expect(plan.victim).toBe([...members].sort().at(-1))
    expect(members.map((peer) => states.get(peer))).toEqual(members.map((peer) => (peer === plan.victim ? 'dead' : 'waiting')))
    // It had let in one, which has left without its knowing; whoever else had asked was in its queue.
    const asked = told.filter(
      ({ peer, what, message }) => peer === plan.victim && what === 'received' && kindIn(message) === 'request',
    )
    expect([asked.length, count('entered')]).toEqual([members.length - 1, 2])
  })

  test('all ask at one Lamport time', () => {
    const { told, parts } = play('equal-times', members, 60_000)
    const wishes = told.filter(({ what }) => what === 'wished')
    expect(wishes.map(({ peer }) => peer).sort()).toEqual([...members].sort())
    expect(new Set(wishes.map(({ lamport }) => lamport)).size).toBe(1)
    const held = [...parts.values()].flatMap((part) => part.held)
    expect(held).toHaveLength(members.length * (members.length - 1))
    expect(new Set(held.map(({ message }) => JSON.stringify(message))).size).toBe(1)
  })
})

const kindIn = (message: unknown): unknown => (message as { readonly kind?: unknown } | undefined)?.kind
