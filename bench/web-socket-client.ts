import { connectApi } from '../src/api/client.ts'

interface Order {
  readonly url: string
  readonly token: string
  readonly account: string
  readonly millis: number
}

process.once('message', async ({ url, token, account, millis }: Order) => {
  const { api, close } = await connectApi({ url, token })
  const end = Date.now() + millis
  let committed = 0
  const loop = async (): Promise<void> => {
    while (Date.now() < end) {
      await api.transfer({ from: account, to: `${account}.b`, amount: '0.01' })
      committed++
    }
  }
  await Promise.all(Array.from({ length: 64 }, loop))
  close()
  process.send?.(committed, () => process.exit(0))
})
