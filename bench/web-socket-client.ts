import { performance } from 'node:perf_hooks'
import { type ApiClient, connectApi } from '../src/api/client.ts'
import type { RateReport } from './gateway-client.ts'

/** Where a peer's API answers, and an account of its own. */
export interface ApiPlace {
  readonly url: string
  readonly token: string
  readonly account: string
}

/** Transfers of one cent, `window` calls under way on each of so many connections, which are spread over the peers. */
export interface ApiClientOrder {
  readonly places: readonly ApiPlace[]
  readonly connections: number
  readonly window: number
  readonly millis: number
}

process.on('message', (order: ApiClientOrder & { readonly id: number }) => {
  rate(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})

async function rate({ places, connections, window, millis }: ApiClientOrder): Promise<RateReport> {
  const open: { readonly client: ApiClient; readonly account: string }[] = []
  for (let i = 0; i < connections; i++) {
    const place = places[i % places.length]
    if (place === undefined) throw new Error('no peer')
    open.push({ client: await connectApi(place), account: place.account })
  }
  const begin = performance.now()
  const end = begin + millis
  let done = 0
  const loop = async ({ client, account }: (typeof open)[number]): Promise<void> => {
    while (performance.now() < end) {
      await client.api.transfer({ from: account, to: `${account}.b`, amount: '0.01' })
      done++
    }
  }
  await Promise.all(open.flatMap((connection) => Array.from({ length: window }, () => loop(connection))))
  const took = performance.now() - begin
  for (const { client } of open) client.close()
  return { done, millis: took }
}
