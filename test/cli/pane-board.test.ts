import { describe, expect, test } from 'vitest'
import type { EventView } from '../../src/api/views.ts'
import { createRingBoard, type RingSight } from '../../src/cli/pane/ring-board.ts'
import { widthOf } from '../../src/cli/table.ts'
import { createTerminal, type Text } from '../../src/cli/terminal.ts'
import { forbiddenIn } from './forbidden.ts'
import { createSink } from './run.ts'

const [ana, bob, cleo] = ['ana-peer', 'bob-peer', 'cleo-peer']
const names: Record<string, string> = { [ana]: 'Ana', [bob]: 'Bob', [cleo]: '山田 太郎' }
const usual: RingSight = {
  room: 'evening',
  self: ana,
  members: [ana, bob, cleo],
  reachable: [ana, bob, cleo],
  quorum: true,
  epoch: '4.abcdef',
  turn: 812,
  holdsToken: false,
  nameOf: (peer) => names[peer] ?? peer,
}
const size = { width: 80, height: 24 }

type Unnumbered = EventView extends infer Event ? (Event extends EventView ? Omit<Event, 'number' | 'at'> : never) : never
const plain = (text: Text): string =>
  typeof text === 'string' ? text : text.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join('')

function createRig() {
  const board = createRingBoard()
  let at = 0
  return {
    see(event: Unnumbered, text?: string) {
      board.see({ number: 1, at, ...event }, text)
    },
    wait(millis: number) {
      at += millis
    },
    draw: (sight: Partial<RingSight> = {}, of = size) => board.draw({ ...usual, ...sight }, of, at).map(plain),
    picture: (sight: Partial<RingSight> = {}, of = size) => board.draw({ ...usual, ...sight }, of, at),
  }
}

const passed = (to: string): Unnumbered => ({ kind: 'note', event: 'token-passed', facts: { to, turn: 7 } })
const announced = (author: string, sequence: number): Unnumbered => ({
  ...{ kind: 'announced', operation: `${author}/1/${sequence}`, what: 'bid' },
})
const wrote = (author: string, sequence: number, block: number): Unnumbered => ({
  ...{ kind: 'market', operation: `${author}/1/${sequence}`, block },
  event: { kind: 'account-closed', account: 'x' },
})

describe('the ring is a row of peers', () => {
  test('with the token where it was seen last', () => {
    const { see, draw } = createRig()
    const row = (sight: Partial<RingSight> = {}) => draw(sight)[1]
    expect(row()).toBe('○ Ana → ○ Bob → ○ 山田 太郎')
    expect(row({ holdsToken: true })).toBe('● Ana → ○ Bob → ○ 山田 太郎')
    see(passed(bob))
    expect(row()).toBe('○ Ana → ● Bob → ○ 山田 太郎')
    see(wrote(cleo, 1, 5))
    expect(row()).toBe('○ Ana → ○ Bob → ● 山田 太郎')
    // It knows for itself that it has not got it.
    see(wrote(ana, 1, 6))
    expect(row()).toBe('○ Ana → ○ Bob → ○ 山田 太郎')
    see({ kind: 'members', epoch: '5.abcdef', members: [ana, bob] })
    expect(row({ members: [ana, bob] })).toBe('○ Ana → ○ Bob')
  })

  test('whoever is missed or out of reach is marked, until it is asked after no more', () => {
    const { see, wait, draw } = createRig()
    see({ kind: 'suspected', suspect: bob, why: 'silent' })
    expect(draw()[1]).toBe('○ Ana → ? Bob → ○ 山田 太郎')
    wait(10_000)
    expect(draw()[1]).toBe('○ Ana → ○ Bob → ○ 山田 太郎')
    const alone = draw({ reachable: [ana], quorum: false })
    expect(alone.slice(0, 2)).toEqual([
      'evening, epoch 4.abcdef, turn 812, no quorum: 1 of 3 members reachable',
      '○ Ana → ? Bob → ? 山田 太郎',
    ])
  })

  test('that takes further rows where it does not fit, never wider than the terminal', () => {
    const { see, draw } = createRig()
    const members = Array.from({ length: 12 }, (_, at) => `peer-${at}-${'山'.repeat(20)}`)
    see(wrote(members[3] ?? '', 1, 1), `a long line ${'山'.repeat(100)}`)
    for (const width of [12, 20, 33, 80, 200]) {
      const lines = draw({ members, reachable: members }, { width, height: 50 })
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
      expect(lines.join('').match(/[●○]/g)).toHaveLength(12)
    }
  })
})

test('who waits for the token, by what was announced and is in no block', () => {
  const { see, wait, draw } = createRig()
  const waiting = () => draw()[2]
  expect(waiting()).toBe('nobody waits for the token')
  for (const sequence of [1, 2, 3]) see(announced(bob, sequence))
  see(announced(ana, 1))
  see(announced(ana, 1))
  expect(waiting()).toBe('operations waiting for the token: Bob 3, Ana 1')
  // What comes before it is written, too, though it changed nothing that is told.
  see(wrote(bob, 2, 5))
  expect(waiting()).toBe('operations waiting for the token: Bob 1, Ana 1')
  wait(61_000)
  see(announced(cleo, 1))
  expect(waiting()).toBe('operations waiting for the token: 山田 太郎 1')
})

test('the last blocks, each with what was done in it', () => {
  const { see, draw } = createRig()
  for (let block = 1; block <= 9; block++) see(wrote(block % 2 === 0 ? bob : cleo, block, block), `thing ${block}`)
  see(wrote(cleo, 10, 9), 'another')
  see(wrote(cleo, 10, 9), 'the same operation again')
  see(wrote(bob, 11, 10))
  expect(draw().slice(3)).toEqual([
    '     5  山田 太郎  thing 5',
    '     6  Bob        thing 6',
    '     7  山田 太郎  thing 7',
    '     8  Bob        thing 8',
    '     9  山田 太郎  thing 9 (and 1 more)',
    '    10  Bob        1 operation',
  ])
  expect(draw({}, { width: 80, height: 6 })).toHaveLength(5)
  expect(draw({}, { width: 80, height: 6 }).at(-1)).toBe('    10  Bob        1 operation')
  expect(draw({}, { width: 80, height: 1 })).toHaveLength(1)
})

test('amber is the token’s alone, and NO_COLOR has none', () => {
  const { see, picture } = createRig()
  see(passed(bob))
  const shown = (env: Record<string, string>): string => {
    const out = createSink(80)
    createTerminal(env, out, createSink()).picture(picture({ reachable: [ana, bob] }))
    return out.text
  }
  const looks = (text: string) => text.split('\x1b[').flatMap((part) => /^([\d;]*)m/.exec(part)?.[1] ?? [])
  expect(looks(shown({}))).toEqual(['1;33', '0', '2', '0'])
  expect(shown({})).toContain('\x1b[1;33m● Bob\x1b[0m')
  expect(looks(shown({ NO_COLOR: '1' }))).toEqual([])
})

test('nobody’s text moves anything on the screen', () => {
  const hostile = 'x\x1b[2J\x9b31m\u202E\n'
  const { see, picture } = createRig()
  see(wrote(bob, 1, 5), hostile)
  see(announced(bob, 2))
  for (const line of picture({ room: hostile, nameOf: () => hostile })) expect(forbiddenIn(plain(line))).toEqual([])
})

test('a terminal that has become narrower has folded the picture: all of it is replaced', () => {
  const out = createSink(80)
  const terminal = createTerminal({}, out, createSink())
  terminal.picture(['x'.repeat(70), 'y'])
  Object.assign(out, { columns: 40 })
  const before = out.text.length
  terminal.picture(['z'])
  // Two rows of the first line, one of the second.
  expect(out.text.slice(before)).toBe('\x1b[3A\r\x1b[2Kz\n\x1b[J')
})
