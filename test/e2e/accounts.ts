import { expect } from 'vitest'
import { auditProfile } from '../../src/app/audit-log.ts'
import { run } from '../cli/run.ts'
import { call, type PeerProcess } from './room.ts'

export const accounts = ['ana', 'bob', 'cleo'] as const
export const deposited = 100_000

/** Everyone's account, with 1000.00 on it; account i belongs to peer i. */
export async function openAccounts(peers: readonly PeerProcess[]): Promise<string[]> {
  const operations: string[] = []
  for (const [index, peer] of peers.entries()) {
    const account = accounts[index] as string
    operations.push((await call<{ operation: string }>(peer, 'account', 'open', account, '--holder', peer.name)).operation)
    operations.push((await call<{ operation: string }>(peer, 'deposit', account, '1000')).operation)
  }
  return operations
}

export async function balancesOf(peer: PeerProcess): Promise<object> {
  const list = await call<{ account: string; available: { cents: number }; held: { cents: number } }[]>(peer, 'account', 'list')
  return Object.fromEntries(
    list
      .filter(({ account }) => account !== 'issuer')
      .map(({ account, available, held }) => [account, available.cents + held.cents]),
  )
}

/** Counted from what the callers were told alone: who has how much, if each payment happened exactly once. */
export function expectedBalances(paid: readonly number[], sale?: { readonly winner: string; readonly price: number }): object {
  return Object.fromEntries(
    accounts.map((account, index) => {
      const received = paid[(index + accounts.length - 1) % accounts.length] as number
      const bought = sale?.winner === account ? sale.price : 0
      const sold = account === 'ana' && sale !== undefined ? sale.price : 0
      return [account, deposited - (paid[index] as number) + received - bought + sold]
    }),
  )
}

/** Reads the logs that the stopped peers left on disk. */
export async function checkLogs(peers: readonly PeerProcess[], acknowledged: readonly string[]): Promise<void> {
  for (const { profile } of peers) {
    expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({
      exitCode: 0,
      out: expect.arrayContaining([expect.stringMatching(/^The log is good/)]),
    })
  }
  const logs = await Promise.all(peers.map(({ name, profile }) => auditProfile(name, profile, 'classroom')))
  const longest = logs.reduce((one, other) => (other.hashes.length > one.hashes.length ? other : one))
  expect(new Set(acknowledged).size).toBe(acknowledged.length)
  for (const log of logs) {
    expect([log.name, log.fault, log.sum]).toEqual([log.name, undefined, 0])
    expect(longest.hashes.slice(0, log.hashes.length)).toEqual(log.hashes)
    const wrong = acknowledged.filter((operation) => log.accepted.get(operation) !== 1)
    expect([log.name, wrong]).toEqual([log.name, []])
  }
}
