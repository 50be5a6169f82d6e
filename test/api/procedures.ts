import { getEventIteratorSchemaDetails } from '@orpc/contract'
import type { z } from 'zod'
import { contract } from '../../src/api/contract.ts'

/** One procedure of the contract, for tests that walk it. */
export interface Procedure {
  readonly name: string
  readonly input: z.ZodType | undefined
  readonly output: z.ZodType | undefined
}

function proceduresOf(tree: object, path: readonly string[] = []): readonly Procedure[] {
  if (!('~orpc' in tree)) {
    return Object.entries(tree).flatMap(([name, part]: [string, object]) => proceduresOf(part, [...path, name]))
  }
  const { inputSchema: input, outputSchema } = tree['~orpc'] as { inputSchema?: z.ZodType; outputSchema?: z.ZodType }
  // A stream goes on for as long as somebody listens; what counts is each of its events.
  const output = (getEventIteratorSchemaDetails(outputSchema)?.yields as z.ZodType | undefined) ?? outputSchema
  return [{ name: path.join('.'), input, output }]
}

export const procedures = proceduresOf(contract)
