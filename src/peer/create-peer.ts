import { Failure } from '../core/failure.ts'
import type { Block } from '../ring/block.ts'
import { createBidders } from './bidder.ts'
import { createContext, type PeerOptions } from './context.ts'
import { readBlocks } from './disk.ts'
import type { Peer } from './peer.ts'
import type { Clock, Ports } from './ports.ts'
import { createResidence } from './residence.ts'
import { type Ending, peersOf, statusOf, stopText, toProof } from './status.ts'

/** Of the time to stop, what is kept for disk and network, in milliseconds. */
const closeMillis = 1_000

/**
 * Opens the store, finds or founds the room, and takes part. Throws a `Failure` where that is not possible; nothing is
 * left open then.
 */
export async function createPeer(options: PeerOptions, ports: Ports): Promise<Peer> {
  const { store, clock, logger, identity } = ports
  const context = createContext(options, ports)
  const residence = createResidence(context)
  const stopped = Promise.withResolvers<string>()
  const ringStopped = Promise.withResolvers<void>()
  let finishing: Promise<void> | undefined
  let leaving = false
  let stopReason: string | undefined
  const ending = (): Ending => ({ leaving, stopReason })

  context.hear((news) => {
    if (news.kind !== 'stopped') return
    ringStopped.resolve()
    if (!leaving) void finish(stopText(news.reason))
  })
  const bidders = createBidders(context, (operation, deadlineMillis) =>
    peer.submit({ request: undefined, operation }, deadlineMillis),
  )

  /** Ends everything, once; `reason` is what people read. */
  const finish = (reason: string): Promise<void> => {
    stopReason ??= reason
    finishing ??= (async () => {
      bidders.stop()
      await residence.close()
    })()
      .catch((error: unknown) => logger.error('stopping failed', { error }))
      .then(() => stopped.resolve(reason))
    return finishing
  }

  const peer: Peer = {
    status: () => statusOf(context, residence.session, ending()),
    peers: () => peersOf(context, residence.session, residence.lobby),
    submit(submission, deadlineMillis) {
      const { moving } = residence
      if (moving === undefined) return residence.session.proposals.submit(submission, deadlineMillis)
      return moving.then(() => residence.session.proposals.submit(submission, deadlineMillis))
    },
    pending: () => residence.session.proposals.pending(),
    voidPending(id) {
      const { proposals, input } = residence.session
      input(proposals.withdraw(id))
    },
    accounts: () => [...residence.session.market.accounts.values()],
    account: (id) => residence.session.market.accounts.get(id),
    auctions: () => [...residence.session.market.auctions.values()],
    auction: (id) => residence.session.market.auctions.get(id),
    async log(from, count) {
      if (finishing !== undefined) throw new Failure('stopping', 'This peer is stopping.')
      const { commit, durable } = residence.session.view
      const through = Math.min(from + count - 1, commit.index, durable)
      const blocks: Block[] = []
      for await (const chunk of readBlocks(store, identity.crypto, from, through)) blocks.push(...chunk)
      return blocks
    },
    proofs: () => residence.session.view.evidence.map(toProof),
    subscribe: (listener) => context.events.subscribe(listener),
    recentEvents: () => context.events.recent(),
    startBidder: (bidder) => bidders.start(bidder),
    refound: ({ force }) => residence.refound(force),
    async stop(deadlineMillis) {
      const end = clock.monotonic() + deadlineMillis
      if (!leaving && stopReason === undefined) {
        leaving = true
        residence.settleDown()
        await residence.moving
        const { view, failed, input } = residence.session
        // Without a quorum nobody could let it go.
        const canLeave = view.stopped === undefined && failed === undefined && view.hasQuorum(clock.monotonic())
        input({ kind: 'leave' })
        const patience = Math.max(deadlineMillis / 2, deadlineMillis - closeMillis)
        if (canLeave) await within(clock, patience, ringStopped.promise)
      }
      await within(clock, Math.max(0, end - clock.monotonic()), finish('left the room'))
    },
    stopped: stopped.promise,
  }

  try {
    await residence.open()
  } catch (error) {
    await finish('could not start')
    throw error
  }
  return peer
}

/** Resolves with the task, or when the time is over. */
function within(clock: Clock, millis: number, task: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(clock.monotonic() + millis, resolve)
    void task.finally(() => {
      cancel()
      resolve()
    })
  })
}
