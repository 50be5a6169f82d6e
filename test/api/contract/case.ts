import { ORPCError, safe } from '@orpc/client'
import { expect } from 'vitest'
import type { Api } from '../../../src/api/client.ts'
import type { ProcedureName } from '../../../src/api/procedures.ts'
import { type FakePeer, fakeSelf, fakeTime } from '../../support/fake-peer.ts'
import type { FakeSeat } from '../../support/fake-seat.ts'

/** What a procedure of the contract is tried with, whichever door it is asked at. */

export interface Case {
  readonly sentence: string
  readonly run: (api: Api, peer: FakePeer, seat: FakeSeat) => Promise<void>
}

/** Cases of one subject: of no other procedures than there are. */
export type Cases = Partial<Readonly<Record<ProcedureName, Case>>>

export const ended = { accepted: { index: 1, epoch: '1.dfEPoC', turn: 1, time: fakeTime } }

/** Calls, and looks at what reached the peer. */
export const submits =
  (call: (api: Api) => Promise<{ operation: string }>, operation: object, request?: string) =>
  async (api: Api, peer: FakePeer): Promise<void> => {
    const settled = await call(api)
    expect(settled).toMatchObject({ operation: `${fakeSelf}/1/1`, block: ended.accepted })
    expect(peer.submissions).toEqual([{ submission: { request, operation }, deadlineMillis: 10_000 }])
  }

export async function messageOf(call: Promise<unknown>): Promise<string> {
  const { error } = await safe(call)
  return error instanceof Error ? error.message : 'no error'
}

export async function dataOf(call: Promise<unknown>): Promise<unknown> {
  const { error } = await safe(call)
  if (!(error instanceof ORPCError) || !error.defined) throw new Error('expected a declared error', { cause: error })
  return error.data
}

export async function codeOf(call: Promise<unknown>): Promise<string> {
  const { error } = await safe(call)
  if (!(error instanceof ORPCError) || !error.defined) throw new Error('expected a declared error', { cause: error })
  return error.code
}
