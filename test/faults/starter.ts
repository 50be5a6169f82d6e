import { readPeerConfig } from '../../src/app/config.ts'
import { startSeat } from '../../src/app/start.ts'
import { toHex } from '../../src/core/crypto.ts'
import { Failure } from '../../src/core/failure.ts'
import { createIdentity } from '../../src/io/identity.ts'

/**
 * Run as a process of its own, since LevelDB may end it: starts whole peers on the profiles that it is sent, several at once, and says
 * what each serves, or why it does not.
 */

export interface Order {
  readonly id: number
  readonly profile: string
  /** Founds the room, where it thinks that there is none; else it only waits for one. */
  readonly founds: boolean
}

export interface Answer {
  readonly id: number
  readonly refused?: { readonly code: string; readonly message: string }
  readonly served?: Served
}

/** Of every account what is available and held, and the hash of every committed block. */
export interface Served {
  readonly accounts: readonly (readonly [string, number, number])[]
  readonly blocks: readonly string[]
}

const { crypto } = createIdentity()

async function start({ profile, founds }: Order): Promise<Omit<Answer, 'id'>> {
  const entry = founds ? { create: true } : { join: true, wait: '0.05' }
  const flags = { room: 'classroom', profile, 'no-mdns': true, listen: ['127.0.0.1:0'], http: 'off', ...entry }
  const config = readPeerConfig(flags, {})
  if (!config.ok) throw new Error(config.error.message)
  try {
    const running = await startSeat(config.value, { onProgress() {}, write() {}, level: 'error' })
    try {
      const peer = await running.entered
      if (peer === undefined) throw new Error('it is in no room')
      const accounts = peer.accounts().map(({ id, available, held }) => [id, available, held] as const)
      const blocks = await peer.log(0, Number.MAX_SAFE_INTEGER)
      return { served: { accounts, blocks: blocks.map(({ bytes }) => toHex(crypto.hash(bytes))) } }
    } finally {
      await running.stop(0)
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { refused: { code: error.code, message: error.message } }
  }
}

process.on('message', (order: Order) => {
  void start(order).then((answer) => process.send?.({ id: order.id, ...answer } satisfies Answer))
})
process.once('disconnect', () => process.exit())
