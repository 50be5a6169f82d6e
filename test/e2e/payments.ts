import { ConnectionLost } from '../../src/api/asking.ts'
import type { Api } from '../../src/api/client.ts'
import { accounts } from './accounts.ts'
import { type PeerProcess, until } from './room.ts'

/** One transfer of one cent, by a request id that makes asking again harmless. */
interface Payment {
  readonly from: string
  readonly to: string
  readonly amount: '0.01'
  readonly requestId: string
}

/** A caller that pays one cent after the other until it is told to stop, or its peer dies. */
export interface Payer {
  /** Operation ids that its peer said were committed, in the order of the answers. */
  readonly acknowledged: readonly string[]
  /** Of the caller's last request, if no answer came: it may have been committed, or not. */
  readonly unanswered: Payment | undefined
  stop(): Promise<void>
}

/** `name` makes the request ids: one payer's must not be those of another of the same peer. */
export function startPaying(api: Api, from: string, to: string, name: string): Payer {
  const acknowledged: string[] = []
  let unanswered: Payment | undefined
  let stopping = false
  const paying = (async () => {
    for (let count = 1; !stopping; count++) {
      unanswered = { from, to, amount: '0.01', requestId: `${name}-${count}` }
      acknowledged.push(await pay(api, unanswered))
      unanswered = undefined
    }
  })()
  // A peer that is killed leaves its last request open; `stop` tells of anything else.
  paying.catch(() => {})
  return {
    acknowledged,
    get unanswered() {
      return unanswered
    },
    async stop() {
      stopping = true
      await paying.catch((error: unknown) => {
        if (!isConnectionLost(error)) throw error
      })
    },
  }
}

/** Resolves with the operation's id once it is committed; a refusal throws. */
export async function pay(api: Api, payment: Payment): Promise<string> {
  return (await api.transfer({ ...payment, deadlineMillis: 60_000 })).operation
}

/** Each peer pays the next, with four callers at a time. */
export function payAround(peers: readonly PeerProcess[], round: string): Payer[][] {
  return peers.map(({ api }, index) => {
    const [from, to] = [accounts[index] as string, accounts[(index + 1) % peers.length] as string]
    return [1, 2, 3, 4].map((caller) => startPaying(api, from, to, `${round}-${caller}`))
  })
}

export const acknowledgedBy = (payers: readonly Payer[]): number =>
  payers.reduce((sum, payer) => sum + payer.acknowledged.length, 0)

/** Every one of these peers has had `count` more payments acknowledged. */
export async function paidMore(payers: readonly (readonly Payer[])[], count: number): Promise<void> {
  const before = payers.map(acknowledgedBy)
  await until(`${count} more payments on each peer`, async () =>
    payers.every((own, index) => acknowledgedBy(own) >= (before[index] as number) + count),
  )
}

/** What was open when a peer died, asked again under the same request ids: now it is answered, and happens once. */
export async function askAgain(peer: PeerProcess, payers: readonly Payer[]): Promise<string[]> {
  const open = payers.map(({ unanswered }) => unanswered).filter((payment) => payment !== undefined)
  return Promise.all(open.map((payment) => pay(peer.api, payment)))
}

/** What the rules or the peer refused has another code. */
const isConnectionLost = (error: unknown): boolean => error instanceof ConnectionLost
