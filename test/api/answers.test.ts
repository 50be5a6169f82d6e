import { expect, test } from 'vitest'
import { z } from 'zod'
import { procedures } from './procedures.ts'

/** Answers are written as they are (`calls.ts`): what JSON cannot say would be lost, or would end the call. */
const isJson = (schema: z.ZodType): boolean => {
  try {
    z.toJSONSchema(schema, { io: 'output', unrepresentable: 'throw' })
    return true
  } catch {
    return false
  }
}

test('every answer and every event of the contract is JSON as it is', () => {
  expect(procedures.filter(({ output }) => output === undefined || !isJson(output)).map(({ name }) => name)).toEqual([])
})

test.each([
  ['a date', z.date()],
  ['a big number', z.bigint()],
  ['a map', z.map(z.string(), z.string())],
  ['a set', z.set(z.string())],
  ['a hole', z.array(z.undefined())],
])('%s is none', (_what, schema) => {
  expect(isJson(z.object({ inside: schema }))).toBe(false)
})
