import { afterEach, expect, it, vi } from 'vitest'
import type { AccountId } from '../../src/core/ids.ts'
import type { StoredBlock } from '../../src/peer/ports.ts'
import { ringLimits } from '../../src/ring/timing.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, openWith, type Rig } from './rig.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

/** Small ones, so that a few hundred blocks come in many answers, and are applied in many slices. */
const limits = { ...ringLimits, blockOps: 2, memoryBlocks: 16, fetchedBytes: 1_000 }
const options = { limits, applySliceOps: 20, snapshotEvery: 50 }

/** Ana, alone in her room, with so many payments in it. */
async function roomWith(payments: number) {
  const machine = rig.machine('Ana')
  const ana = await machine.start(options)
  await openWith(ana, 'ana', payments)
  await openWith(ana, 'bob', 1)
  const [from, to] = [account('ana'), account('bob')] as readonly [AccountId, AccountId]
  await Promise.all(
    Array.from({ length: payments }, (_, number) =>
      accept(ana, { kind: 'transfer', from, to, amount: cents(1), memo: String(number) }),
    ),
  )
  return { machine, ana }
}

it('a newcomer takes a long log over, many answers of it, applies it in slices, and is a member whose market is the others’', async () => {
  const { machine, ana } = await roomWith(200)
  const cleo = rig.machine('Cleo')
  const newcomer = await cleo.start(options)
  await until('it is a member', () => newcomer.status().role === 'member')
  await agree([ana, newcomer])
  expect(newcomer.account(account('bob'))?.available).toBe(201)
  const log = async ({ store }: typeof cleo): Promise<readonly StoredBlock[]> => store.read(0, 100, Number.POSITIVE_INFINITY)
  expect((await log(cleo)).length).toBeGreaterThan(100)
  expect(await log(cleo)).toEqual(await log(machine))
  // It writes, too, and whoever wrote is told once the market has it.
  await openWith(newcomer, 'cleo', 5)
  await agree([ana, newcomer])
  expect(ana.account(account('cleo'))?.available).toBe(5)
})

it('keeps no snapshot of its market before all of it is in', async () => {
  const { ana } = await roomWith(200)
  const { commit } = ana.status()
  const cleo = rig.machine('Cleo')
  const write = vi.spyOn(cleo.store, 'writeSnapshot')
  const newcomer = await cleo.start({ ...options, snapshotEvery: 10 })
  await until('it is a member', () => newcomer.status().role === 'member')
  await agree([ana, newcomer])
  expect(commit.index).toBeGreaterThan(100)
  for (const [index] of write.mock.calls) expect(index).toBeGreaterThanOrEqual(commit.index)
})
