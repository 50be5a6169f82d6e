import { expect, test } from 'vitest'
import { type Cause, type Way, wayAfter } from '../../src/cli/way-out.ts'

const causes = {
  int: { kind: 'signal', signal: 'SIGINT' },
  term: { kind: 'signal', signal: 'SIGTERM' },
  hup: { kind: 'signal', signal: 'SIGHUP' },
  unheard: { kind: 'unheard' },
  failed: { kind: 'failed', error: new Error('x') },
  bug: { kind: 'bug', error: new Error('x') },
  left: { kind: 'over', hasLeft: true },
  ended: { kind: 'over', hasLeft: false },
} as const satisfies Readonly<Record<string, Cause>>

type Name = keyof typeof causes

/** What came, in order, and where that leads. */
const rows: readonly (readonly [readonly Name[], Way['at'], number])[] = [
  [[], 'running', 0],
  // The peer ended by itself, or was told to over a door.
  [['left'], 'gone', 0],
  [['ended'], 'gone', 3],
  // One order is carried out; the second one is hurry, the third one the end.
  [['int'], 'leaving', 0],
  [['int', 'ended'], 'gone', 0],
  [['int', 'int'], 'hurrying', 130],
  [['int', 'term'], 'hurrying', 143],
  [['term', 'hup', 'left'], 'gone', 129],
  [['int', 'int', 'int'], 'gone', 130],
  // Nobody reads it.
  [['unheard'], 'leaving', 0],
  [['unheard', 'unheard', 'left'], 'gone', 0],
  [['int', 'unheard', 'left'], 'gone', 0],
  [['unheard', 'hup'], 'hurrying', 129],
  // What is broken speaks to nobody, and stays a failure.
  [['failed'], 'hurrying', 3],
  [['failed', 'left'], 'gone', 3],
  [['bug'], 'hurrying', 3],
  [['bug', 'bug', 'bug'], 'hurrying', 3],
  [['int', 'bug', 'left'], 'gone', 3],
  [['bug', 'unheard', 'left'], 'gone', 3],
  [['bug', 'int'], 'gone', 130],
  // Nothing comes after the end.
  [['left', 'int', 'int', 'bug', 'failed', 'unheard', 'ended'], 'gone', 0],
  [['ended', 'bug'], 'gone', 3],
]

test.each(rows)('%j: %s, exit code %i', (came, at, exitCode) => {
  let way: Way = { at: 'running', exitCode: 0 }
  for (const name of came) way = wayAfter(way, causes[name])
  expect(way).toEqual({ at, exitCode })
})

test('there is no way back, whatever comes', () => {
  const order = ['running', 'leaving', 'hurrying', 'gone']
  const names = Object.keys(causes) as readonly Name[]
  let frontier: readonly Way[] = [{ at: 'running', exitCode: 0 }]
  for (let depth = 0; depth < 4; depth++) {
    frontier = frontier.flatMap((way) =>
      names.map((name) => {
        const next = wayAfter(way, causes[name])
        expect(order.indexOf(next.at)).toBeGreaterThanOrEqual(order.indexOf(way.at))
        return next
      }),
    )
  }
})
