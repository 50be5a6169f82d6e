import type { Wanted } from './types.ts'

/** As `gavelring lab scenarios` lists them; each has a page in docs/lab. */
export const stories = [
  'holder-dies',
  'coordinator-dies',
  'equal-times',
  'stale-token',
  'partition',
  'wall-clock',
  'sockets',
] as const
export type Story = (typeof stories)[number]

/** Stories that a running room can show with what an experiment has: faults of parts, and step mode. */
export type StoryOfRoom = 'holder-dies' | 'coordinator-dies' | 'equal-times'

export interface OnRoom {
  readonly story: StoryOfRoom
  readonly wanted: Wanted
  /** Whose part dies in it. */
  readonly victim: string
}

const atOnce = { least: 0, most: 0 }
const always = (millis: number) => ({ least: millis, most: millis })

/** What all have in common: everybody wants in at once. */
const common = { section: 'main', think: atOnce, seed: 1, lostShare: 0, faults: [], step: false, record: true }

/**
 * How a story is run on a room with these members, in ring order; `undefined`: it needs a room of its own, or more members. Nobody is
 * told of a part that dies, since its peer lives: so the others wait until the room has another view.
 */
export function onRoom(story: Story, members: readonly string[]): OnRoom | undefined {
  const [, second] = members
  if (second === undefined) return undefined
  const greatest = members.reduce((one, other) => (other > one ? other : one))
  switch (story) {
    case 'holder-dies': {
      // The first member begins with the token, and the second one has it for the next stay: it dies in the middle of that.
      const faults = [{ kind: 'kill', peer: second, at: 6_000 }] as const
      const wanted = { ...common, algorithm: 'token-ring', entries: 2, stay: always(4_000), faults: [...faults] }
      return { story, wanted, victim: second }
    }
    case 'coordinator-dies': {
      // Both elections choose the greatest id. Its own wish is the first one that it hears of, and is over by then.
      const faults = [{ kind: 'kill', peer: greatest, at: 2_200 }] as const
      const wanted = { ...common, algorithm: 'centralized', entries: 2, stay: always(1_500), faults: [...faults] }
      return { story, wanted, victim: greatest }
    }
    case 'equal-times':
      // Up to their wishes all have had equally many events, and in step mode none hears of another one's.
      return {
        story,
        wanted: { ...common, algorithm: 'ricart-agrawala', entries: 1, stay: atOnce, step: true },
        victim: '',
      }
    default:
      return undefined
  }
}

/** Needs a room of its own, however many are here. */
export const needsOwnRoom = (story: Story): boolean => onRoom(story, ['a', 'b']) === undefined

export interface Page {
  readonly title: string
  /** Markdown, without what the screen has places of its own for: the title, the other languages, how to run it. */
  readonly body: string
}

/** A page of docs/lab: its title, a line with the other languages, the commands, and sections. */
export function readPage(text: string): Page {
  const sections = text.split(/^(?=## )/m)
  return { title: /^# (.+)$/m.exec(sections[0] ?? '')?.[1] ?? '', body: sections.slice(1).join('') }
}
