import { implement } from '@orpc/server'
import { contract } from '../contract.ts'
import { refuseFailed, refuseInput } from '../refuse.ts'

/** What each subject implements its procedures with: whatever a handler throws leaves as an error of the contract. */
export const api = implement(contract).use(async ({ next }) => {
  try {
    return await next()
  } catch (error) {
    throw refuseInput(refuseFailed(error))
  }
})
