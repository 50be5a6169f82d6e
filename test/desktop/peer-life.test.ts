import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstLife, type LifeInput, leaveMillisMax, type PeerLife, restartMillis, stepLife } from '../../src/desktop/peer-life.ts'

const inputs = {
  start: { kind: 'start' },
  refused: { kind: 'refused' },
  died: { kind: 'exited', hasLeft: false },
  left: { kind: 'exited', hasLeft: true },
  suspend: { kind: 'suspend' },
  resume: { kind: 'resume' },
  quit: { kind: 'quit' },
  alarm: { kind: 'alarm' },
} as const satisfies Record<string, LifeInput>
type Name = keyof typeof inputs

/** Takes these one after the other, a second apart; gives what came of the last. */
function after(...names: readonly Name[]): string {
  let life: PeerLife = firstLife
  let outputs: string[] = []
  names.forEach((name, index) => {
    const step = stepLife(life, inputs[name], index * 1_000)
    life = step.life
    outputs = step.outputs.map((output) => (output.kind === 'alarm' ? `alarm ${output.millis}` : output.kind))
  })
  return [life.kind, ...outputs].join(', ')
}

describe('what becomes of the peer’s process', () => {
  const rows: [string, Name[], string][] = [
    ['it is started with the app', ['start'], 'running, spawn'],
    ['it died: again in half a second', ['start', 'died'], 'waiting, alarm 500'],
    ['the time is over', ['start', 'died', 'alarm'], 'running, spawn'],
    ['it died twice in a row', ['start', 'died', 'alarm', 'died'], 'waiting, alarm 1000'],
    ['a person does not wait', ['start', 'died', 'start'], 'running, spawn'],
    ['and counts anew then', ['start', 'died', 'alarm', 'died', 'start', 'died'], 'waiting, alarm 500'],
    ['it said why it cannot start', ['start', 'refused', 'died'], 'refused'],
    ['it is started once more by the person', ['start', 'refused', 'died', 'start'], 'running, spawn'],
    ['it left by itself', ['start', 'left'], 'away'],
    ['who left stays away when the machine wakes up', ['start', 'left', 'suspend', 'resume'], 'away'],
    ['the machine falls asleep', ['start', 'suspend'], `leaving, leave, alarm ${leaveMillisMax}`],
    ['asleep', ['start', 'suspend', 'left'], 'asleep'],
    ['it had no time to leave', ['start', 'suspend', 'died'], 'asleep'],
    ['awake again', ['start', 'suspend', 'left', 'resume'], 'running, spawn'],
    ['awake before it had left', ['start', 'suspend', 'resume', 'left'], 'running, spawn'],
    ['asleep while it waited to be started', ['start', 'died', 'suspend', 'alarm'], 'asleep'],
    ['asleep, awake, asleep', ['start', 'suspend', 'resume', 'suspend', 'left'], 'asleep'],
    ['it takes too long to leave', ['start', 'quit', 'alarm'], 'leaving, kill'],
    ['the app ends when it has left', ['start', 'quit', 'left'], 'over, quit'],
    ['or was ended', ['start', 'quit', 'alarm', 'died'], 'over, quit'],
    ['nothing undoes that', ['start', 'quit', 'resume', 'start', 'suspend', 'left'], 'over, quit'],
    ['the app ends at once without one', ['quit'], 'over, quit'],
    ['and while it waited to be started', ['start', 'died', 'quit'], 'over, quit'],
    ['then nothing happens any more', ['start', 'quit', 'left', 'start'], 'over'],
  ]
  test.each(rows)('%s: %j', (_sentence, names, outcome) => {
    expect(after(...names)).toBe(outcome)
  })
})

test('a peer that ran for a minute was well: its death is a first one', () => {
  const life: PeerLife = { kind: 'running', since: 0, failures: 7 }
  expect(stepLife(life, inputs.died, 59_999).outputs).toEqual([{ kind: 'alarm', millis: 30_000 }])
  expect(stepLife(life, inputs.died, 60_000).outputs).toEqual([{ kind: 'alarm', millis: 500 }])
})

test('the time between starts doubles, up to half a minute, and never ends', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 1_000_000].map(restartMillis)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('in every order of events there is one process at most, and the app ends once, with none', () => {
  const names = fc.array(fc.constantFrom(...(Object.keys(inputs) as Name[])), { maxLength: 60 })
  fc.assert(
    fc.property(names, (order) => {
      let life: PeerLife = firstLife
      let processes = 0
      let quits = 0
      for (const [at, name] of order.entries()) {
        const isExit = name === 'died' || name === 'left'
        // What is not there cannot end or speak; a process that was refused ends before anything else is asked of it.
        if ((isExit || name === 'refused') && processes === 0) continue
        if (isExit) processes--
        const step = stepLife(life, inputs[name], at * 1_000)
        life = step.life
        if (life.kind === 'refused' && processes > 0) {
          processes--
          life = stepLife(life, inputs.died, at * 1_000).life
        }
        for (const { kind } of step.outputs) {
          if (kind === 'spawn') processes++
          if (kind === 'quit') quits++
        }
        expect(processes).toBeLessThanOrEqual(1)
        if (life.kind === 'over') expect(processes).toBe(0)
      }
      expect(quits).toBe(life.kind === 'over' ? 1 : 0)
    }),
  )
})
