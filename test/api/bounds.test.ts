import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { pageItemsMax } from '../../src/api/page-size.ts'
import { toAccountDetail } from '../../src/api/to-view.ts'
import { accountDetail } from '../../src/api/views.ts'
import { currencyOf } from '../../src/core/currency.ts'
import type { AccountId, Instant, PeerId } from '../../src/core/ids.ts'
import { historyMax } from '../../src/market/history.ts'
import type { AccountEntry } from '../../src/market/types.ts'
import { procedures } from './procedures.ts'

/** A JSON schema, as far as it is looked at. */
interface Shape {
  readonly type?: string
  readonly maxItems?: number
  readonly maximum?: number
  readonly items?: Shape
  readonly prefixItems?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly additionalProperties?: Shape | boolean
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
  readonly allOf?: readonly Shape[]
}

const shapeOf = (schema: z.ZodType, io: 'input' | 'output'): Shape =>
  z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Shape

/** Where in a schema a list stands whose length nothing bounds. */
function unboundedIn(shape: Shape | boolean | undefined, place: string): readonly string[] {
  if (typeof shape !== 'object') return []
  const own = shape.type === 'array' && shape.prefixItems === undefined && shape.maxItems === undefined ? [place] : []
  const parts = [...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.allOf ?? []), ...(shape.prefixItems ?? [])]
  return [
    ...own,
    ...unboundedIn(shape.items, `${place}[]`),
    ...unboundedIn(shape.additionalProperties, `${place}{}`),
    ...parts.flatMap((part) => unboundedIn(part, place)),
    ...Object.entries(shape.properties ?? {}).flatMap(([name, part]) => unboundedIn(part, `${place}.${name}`)),
  ]
}

describe('no list of the contract is without a bound', () => {
  test('those that are told, in every answer and every event', () => {
    const unbounded = procedures.flatMap(({ name, output }) =>
      output === undefined ? [] : unboundedIn(shapeOf(output, 'output'), name),
    )
    expect(unbounded).toEqual([])
  })

  test('those that may be asked with', () => {
    const unbounded = procedures.flatMap(({ name, input }) =>
      input === undefined ? [] : unboundedIn(shapeOf(input, 'input'), name),
    )
    expect(unbounded).toEqual([])
  })

  test('whoever would get a part of a list, as its bound is that of a page, can ask for the next', () => {
    const parts = procedures.filter(({ output }) => output !== undefined && shapeOf(output, 'output').maxItems === pageItemsMax)
    expect(parts.map(({ name }) => name).sort()).toEqual([
      ...['accounts.list', 'auctions.list', 'bidders.list', 'catalogue.list', 'log.read', 'log.tail', 'peers', 'pending.list'],
    ])
    for (const { name, input } of parts) {
      const { properties = {} } = input === undefined ? {} : shapeOf(input, 'input')
      const ways = [properties.limit?.maximum, properties.count?.maximum].filter((most) => most === pageItemsMax)
      expect([name, ways.length]).toEqual([name, 1])
      // The newest blocks end with the newest: what is before them is read by number.
      const next = name === 'log.tail' ? 'count' : name === 'log.read' ? 'from' : 'cursor'
      expect(Object.keys(properties), name).toContain(next)
    }
  })

  test('the walk finds a list that nothing bounds, wherever it stands', () => {
    const few = z.array(z.string()).max(3)
    const schema = z.object({
      few,
      any: z.array(z.string()),
      inside: z.array(z.union([z.int(), z.object({ deep: z.record(z.string(), z.array(few)) })])).max(1),
    })
    expect(unboundedIn(shapeOf(schema, 'output'), 'answer')).toEqual(['answer.any', 'answer.inside[].deep{}'])
  })
})

test('of an account the newest entries are told, however many more the market has just now', () => {
  const entryAt = (index: number): AccountEntry => ({
    ...{ index, time: index as Instant, kind: 'deposit', change: 1, counterparty: undefined, auction: undefined },
    ...({ memo: '', available: 0, held: 0 } as Pick<AccountEntry, 'memo' | 'available' | 'held'>),
  })
  const kept = Array.from({ length: 2 * historyMax - 1 }, (_, index) => entryAt(index))
  const detail = toAccountDetail(
    {
      ...{ id: 'ana' as AccountId, holder: 'Ana', owner: 'peer' as PeerId, closed: false, history: kept },
      ...({ available: 0, held: 0 } as Pick<AccountEntry, 'available' | 'held'>),
    },
    currencyOf('EUR'),
    () => undefined,
  )
  expect(accountDetail.parse(detail).history.map(({ index }) => index)).toEqual(kept.slice(-historyMax).map(({ index }) => index))
})
