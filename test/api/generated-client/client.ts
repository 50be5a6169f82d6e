import createClient from 'openapi-fetch'
import type { components, paths } from './openapi.ts'

// A program of somebody else's, who has nothing but the description: what it uses is typed by that alone.

type MarketEvent = components['schemas']['MarketEvent']

const [baseUrl = '', token = ''] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl: `${baseUrl}/api`, headers: { authorization: `Bearer ${token}` } })

const amountOf = (event: MarketEvent): string => (event.kind === 'moved' ? event.amount : '')

for (const account of ['ana', 'bob']) {
  const { error } = await client.POST('/accounts', { body: { account, holder: account } })
  if (error !== undefined) throw new Error(error.detail)
}
const deposit = await client.POST('/accounts/{account}/deposit', {
  params: { path: { account: 'ana' }, header: { 'Idempotency-Key': 'first' } },
  body: { amount: '12.50' },
})
const transfer = await client.POST('/transfers', { body: { from: 'ana', to: 'bob', amount: '99', memo: 'too much' } })
const { data: page } = await client.GET('/accounts', { params: { query: { limit: 1 } } })
const { data: bob } = await client.GET('/accounts/{account}', { params: { path: { account: 'bob' } } })

process.stdout.write(
  JSON.stringify({
    moved: deposit.data?.events.map(amountOf),
    // Each code has its own numbers: the compiler knows which.
    short: transfer.error?.code === 'funds-short' ? transfer.error.data.available.text : transfer.error?.code,
    page: page?.map(({ account, available }) => `${account}: ${available.text}`),
    history: bob?.history.length,
  }),
)
