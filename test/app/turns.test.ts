import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTurns } from '../../src/app/turns.ts'

const codeOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

test('a task that a newer one came before never begins, and the one that is under way hears of it', async () => {
  const turns = createTurns()
  const begun: string[] = []
  const first = turns.take(async (signal) => {
    begun.push('first')
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    throw new Error(turns.isLatest(signal) ? 'the latest' : 'not the latest')
  })
  await Promise.resolve()
  const second = turns.take(async () => begun.push('second'))
  const third = turns.take(async () => begun.push('third'))
  expect(await Promise.all([first, second, third].map(codeOf))).toEqual(['not the latest', 'called-off', 'done'])
  expect(begun).toEqual(['first', 'third'])
})

test('what is called off stays the latest, until something else is asked for', async () => {
  const turns = createTurns()
  const task = turns.take(async (signal) => {
    turns.callOff()
    return [signal.aborted, turns.isLatest(signal)]
  })
  expect(await task).toEqual([true, true])
  await turns.settled()
})

test('in every order no two are under way at once, and the newest is never called off', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ steps: fc.nat(3), fails: fc.boolean(), pause: fc.boolean() }), { minLength: 1 }),
      async (plan) => {
        const turns = createTurns()
        let underWay = 0
        const tasks: Promise<string>[] = []
        for (const { steps, fails, pause } of plan) {
          const task = turns.take(async () => {
            expect(++underWay).toBe(1)
            for (let step = 0; step < steps; step++) await Promise.resolve()
            underWay--
            if (fails) throw new Error('failed')
          })
          tasks.push(codeOf(task))
          if (pause) await Promise.resolve()
        }
        await turns.settled()
        expect(await tasks.at(-1)).toBe(plan.at(-1)?.fails ? 'failed' : 'done')
      },
    ),
  )
})
