import { createServer } from 'node:net'
import { readApiAddress } from '../../src/api/api-files.ts'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import { auditProfile } from '../../src/app/audit-log.ts'

/** With `FAULTS=long` in the environment the tests of this folder try everything; otherwise some of it, so that all take 90 s. */
export const isLong = process.env.FAULTS === 'long'

/** What was asked of peers, and what they said was done. */
export interface Tally {
  asked: number
  readonly acknowledged: Set<string>
}

export const emptyTally = (): Tally => ({ asked: 0, acknowledged: new Set() })

/** The API of the peer that runs with this profile. */
export async function connectTo(profile: string): Promise<ApiClient> {
  const address = readApiAddress(profile)
  if (address === undefined) throw new Error(`no peer runs with ${profile}`)
  return connectApi(address, 20_000)
}

const payersAtOnce = 8

/** Pays a cent at a time, several at once, until it is stopped or the peer is gone. */
export function pay({ api, closed }: ApiClient, from: string, to: string, tally: Tally): { stop(): Promise<void> } {
  let isOver = false
  void closed.then(() => {
    isOver = true
  })
  const payers = Array.from({ length: payersAtOnce }, async () => {
    while (!isOver) {
      tally.asked++
      try {
        tally.acknowledged.add((await api.transfer({ from, to, amount: '0.01', deadlineMillis: 5_000 })).operation)
      } catch {
        // Nobody knows what became of it. Where the peer can only be read, it is not asked all the time.
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  })
  return {
    async stop() {
      isOver = true
      await Promise.all(payers)
    },
  }
}

export const centsOf = async ({ api }: ApiClient, account: string): Promise<number> =>
  (await api.accounts.show({ account })).available.cents

/** Why this log of a stopped peer is not what was acknowledged; empty: it is. */
export async function faultsOf(profile: string, room: string, tally: Tally): Promise<readonly string[]> {
  const { fault, sum, accepted } = await auditProfile('peer', profile, room, 'all')
  const lost = [...tally.acknowledged].filter((id) => accepted.get(id) !== 1)
  return [
    ...(fault === undefined ? [] : [fault]),
    ...(sum === 0 ? [] : [`${sum} cents came from nowhere`]),
    ...(lost.length === 0 ? [] : [`${lost.length} of ${tally.acknowledged.size} acknowledged operations are not there once`]),
  ]
}

/** A port of this machine that is free, so that a peer can be found there again when it comes back. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
