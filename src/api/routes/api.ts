import { implement } from '@orpc/server'
import { admit, type CallContext } from '../caller.ts'
import { contract } from '../contract.ts'
import { refuseFailed, refuseInput } from '../refuse.ts'

/**
 * What each subject implements its procedures with, whatever the door: first it is seen to that the caller may, before anything of the
 * question is read; and whatever a handler throws leaves as an error of the contract.
 */
export const api = implement(contract)
  .$context<CallContext>()
  .use(async ({ context, path, next }) => {
    const procedure = path.join('.')
    const { meter } = context
    const began = meter?.called === undefined ? 0 : performance.now()
    try {
      admit(context, procedure)
      const output = await next()
      meter?.called?.(procedure, performance.now() - began, undefined)
      return output
    } catch (error) {
      const refusal = refuseInput(refuseFailed(error))
      meter?.called?.(procedure, performance.now() - began, refusal)
      throw refusal
    }
  })
