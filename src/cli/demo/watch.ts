import type { DemoPeer } from './stage.ts'
import type { Transcript } from './transcript.ts'

/** Tells the bids of one auction as this peer sees them committed. */
export function watchAuction(
  peer: DemoPeer,
  auction: string,
  nameOf: (account: string) => string,
  { say }: Transcript,
): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const watch = async (): Promise<void> => {
    for await (const event of await peer.api.events({ after: 0 }, { signal: stopping.signal })) {
      if (event.kind !== 'market' || !('auction' in event.event) || event.event.auction !== auction) continue
      const { event: what } = event
      if (what.kind === 'bid-accepted') say(nameOf(what.account), `leads with ${what.amount.text} (block ${event.block})`)
      if (what.kind === 'auction-ended') return
    }
  }
  const watching = watch().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error
  })
  watching.catch(() => {})
  return {
    async stop() {
      // What is committed is told within moments; a stream that lags is no reason to wait for ever.
      const timer = setTimeout(() => stopping.abort(), 1_000)
      await watching
      clearTimeout(timer)
    },
  }
}
