import type { PeerId } from '../../src/core/ids.ts'
import type { RingLimits } from '../../src/ring/timing.ts'
import type { Note } from '../../src/ring/types.ts'
import { epochText } from '../../src/ring/view.ts'
import { TestRoom } from './room.ts'

/**
 * Plays a scenario: comment lines (`#`) and commands (`> …`) stay, what the peers did follows each command.
 *
 *     > room A B C        these peers meet; the first founds the room; runs until all are members
 *     > tight A B C       the same, but no answer to a fetch holds more than one block
 *     > submit A x y      operations `x` and `y` at A
 *     > run 300           milliseconds pass
 *     > kill A            the process dies, the others' re-dials are refused
 *     > kill-all          the power fails: nobody is refused by anybody
 *     > restart A
 *     > lose A            its log is gone, its key is not; it is down
 *     > cut A B           no frame passes between them; `heal A B` ends it
 *     > leave A
 *     > show              what everybody has
 */
export function playScenario(text: string): string {
  const lines: string[] = []
  let room: TestRoom | undefined
  const trace = (name: string, note: Note): void => {
    if (quiet.has(note.event)) return
    const facts = Object.entries(note.facts).map(([key, value]) => `${key}=${value}`)
    lines.push(`  ${(room?.now ?? 0).toFixed(2).padStart(8)} ${name} ${note.event} ${facts.join(' ')}`.trimEnd())
  }
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line === '') lines.push(line)
    if (!line.startsWith('> ')) continue
    lines.push(line)
    const [command = '', ...words] = line.slice(2).split(' ')
    if (command === 'room') room = openRoom(words, trace, {})
    else if (command === 'tight') room = openRoom(words, trace, { fetchedBytes: 1 })
    else if (room === undefined) throw new Error('a scenario begins with `room`')
    else obey(room, command, words, lines)
  }
  return `${lines.join('\n').trimEnd()}\n`
}

/** Too frequent to read. */
const quiet = new Set(['token-passed', 'promised'])

function openRoom(names: readonly string[], trace: (name: string, note: Note) => void, limits: Partial<RingLimits>): TestRoom {
  let opening = true
  const room = new TestRoom(
    names,
    (name, note) => {
      if (!opening) trace(name, note)
    },
    limits,
  )
  for (
    let waited = 0;
    waited < 60 && ![...room.peers.values()].every((peer) => peer.replica.view.members.length === names.length);
    waited++
  )
    room.run(250)
  room.run(500)
  opening = false
  return room
}

function obey(room: TestRoom, command: string, words: readonly string[], lines: string[]): void {
  const [first = '', second = ''] = words
  switch (command) {
    case 'submit':
      return room.feed(first, {
        kind: 'submit',
        domain: 'bank',
        ops: words.slice(1).map((word) => new TextEncoder().encode(word)),
      })
    case 'run':
      return room.run(Number(first))
    case 'kill':
      return room.kill(first)
    case 'kill-all':
      return room.killAll()
    case 'lose':
      return room.lose(first)
    case 'restart':
      return room.restart(first)
    case 'cut':
      return room.cut(first, second, true)
    case 'heal':
      return room.cut(first, second, false)
    case 'leave':
      return room.feed(first, { kind: 'leave' })
    case 'fail-disk':
      return room.feed(first, { kind: 'persist-failed' })
    case 'link-down':
      return room.feed(first, { kind: 'link', peer: second as PeerId, state: 'down' })
    case 'show':
      for (const [name, peer] of room.peers) {
        const { view } = peer.replica
        const state = peer.up ? (view.active ? 'active' : view.membership === 'forgotten' ? 'forgotten' : 'waiting') : 'down'
        lines.push(
          `  ${name} ${state} epoch=${epochText(view.installed)} members=${view.members.join('')} head=${view.head.index} commit=${view.commit.index} applied=${peer.applied.join(',')} pending=${view.pending.length}`,
        )
      }
      return
    default:
      throw new Error(`no command ${command}`)
  }
}
