import type { Api } from '../../src/api/client.ts'

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

/** What the rules or the peer refused has a code of the contract; a connection that broke has none. */
function isConnectionLost(error: unknown): boolean {
  return !(typeof error === 'object' && error !== null && 'code' in error)
}
