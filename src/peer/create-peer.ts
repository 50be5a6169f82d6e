import { toHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import type { Block } from '../ring/block.ts'
import { createBidders } from './bidder.ts'
import { createContext, type PeerOptions } from './context.ts'
import { readBlocks, readRows } from './disk.ts'
import { peersOf, ringOf } from './known-peers.ts'
import type { Peer } from './peer.ts'
import type { Ports } from './ports.ts'
import { rulesOf } from './replay.ts'
import { createResidence } from './residence.ts'
import { type Ending, type EndReason, linkOf, statusOf, stopText, toProof } from './status.ts'
import { createVerdictBook } from './verdicts.ts'
import { type LogRow, verifyRows } from './verify.ts'
import { within } from './within.ts'

/** Of the time to stop, what is kept for disk and network, in milliseconds. */
const closeMillis = 1_000
/** Long work lets everything else go first after so many milliseconds. */
const busyMillis = 5

/**
 * Opens the store, finds or founds the room, and takes part. Throws a `Failure` where that is not possible; nothing is
 * left open then.
 */
export async function createPeer(options: PeerOptions, ports: Ports): Promise<Peer> {
  const { store, clock, entropy, logger, identity } = ports
  const context = createContext(options, ports)
  const residence = createResidence(context)
  const stopped = Promise.withResolvers<string>()
  let finishing: Promise<void> | undefined
  let leaving = false
  let stopReason: EndReason | undefined
  const ending = (): Ending => ({ leaving, stopReason })

  context.hear((news) => {
    // A room that is left for another one ends, too.
    const isExpected = leaving || (news.kind === 'stopped' && news.reason.kind === 'left' && residence.moving !== undefined)
    if (news.kind === 'stopped' && !isExpected) void finish(news.reason)
    if (news.kind === 'stranded' && !leaving) void finish(news)
  })
  const verdicts = createVerdictBook()
  context.hear((news) => {
    if (news.kind === 'applied') verdicts.add(news.block, news.outcomes)
  })
  const bidders = createBidders(context, (operation, deadlineMillis) =>
    peer.submit({ request: undefined, operation }, deadlineMillis),
  )

  /** Ends everything, once. */
  const finish = (reason: EndReason): Promise<void> => {
    stopReason ??= reason
    finishing ??= (async () => {
      context.recorder.close()
      await bidders.close()
      await residence.close()
    })()
      .catch((error: unknown) => logger.error('stop-failed', { error }))
      .then(() => stopped.resolve(stopText(reason)))
    return finishing
  }

  /** Of the blocks on this peer's disk. */
  const lastCommitted = (): number => {
    if (finishing !== undefined) throw new Failure('stopping', 'This peer is stopping.')
    const { commit, durable } = residence.session.view
    return Math.min(commit.index, durable)
  }

  /** Of one room: a log whose beginning is one room's and whose end is another's would be taken for damaged. */
  async function* committedRows(): AsyncGenerator<LogRow> {
    const last = lastCommitted()
    const { session } = residence
    for await (const rows of readRows(store, 0, last)) {
      if (context.room !== session) throw new Failure('stopping', 'This peer has left that room meanwhile.')
      for (const { bytes } of rows) yield { bytes, last }
    }
  }

  const peer: Peer = {
    status: () => statusOf(context, residence, ending()),
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
    ring: () => ringOf(context, residence.session),
    async log(from, count, bytesMax = Number.POSITIVE_INFINITY) {
      const through = Math.min(from + count - 1, lastCommitted())
      const blocks: Block[] = []
      let bytes = 0
      for await (const chunk of readBlocks(store, identity.crypto, from, through)) {
        for (const block of chunk) {
          bytes += block.bytes.length
          if (blocks.length > 0 && bytes > bytesMax) return blocks
          blocks.push(block)
        }
      }
      return blocks
    },
    async *verify() {
      let restedAt = clock.monotonic()
      for await (const step of verifyRows(committedRows(), identity.crypto)) {
        yield step
        if (clock.monotonic() - restedAt < busyMillis) continue
        await new Promise<void>((resolve) => clock.soon(resolve))
        restedAt = clock.monotonic()
      }
    },
    start: toHex(entropy.bytes(8)),
    verdicts: (block) => verdicts.of(block),
    proofs: () => residence.session.view.evidence.map(toProof),
    subscribe: (listener, options) => context.events.subscribe(listener, options),
    recentEvents: () => context.events.recent(),
    watchRing: (listener) => context.recorder.watch(listener),
    ringFrame: (id) => context.recorder.frame(id),
    lab: () => residence.session.lab,
    hasHistory: () => residence.session.history,
    rules: () => rulesOf(residence.session.genesis),
    startBidder: (bidder) => bidders.start(bidder),
    bidders: () => bidders.list(),
    stopBidder: (auction, account) => bidders.stop(auction, account),
    refound: ({ force }) => residence.refound(force),
    join: (target, options) => residence.join(target, options),
    code: () => options.code,
    rename(name) {
      context.name = name
      residence.lobby.refresh()
    },
    link: () => linkOf(context, residence.session, options.code || undefined),
    async stop(deadlineMillis) {
      const end = clock.monotonic() + deadlineMillis
      if (!leaving && stopReason === undefined) {
        leaving = true
        residence.settleDown()
        await residence.moving
        await residence.session.leave(Math.max(deadlineMillis / 2, deadlineMillis - closeMillis))
      }
      await within(clock, Math.max(0, end - clock.monotonic()), finish({ kind: 'left' }))
    },
    stopped: stopped.promise,
  }

  try {
    await residence.open()
    await bidders.restore()
  } catch (error) {
    await finish({ kind: 'bug', message: 'it could not start' })
    throw error
  }
  return peer
}
