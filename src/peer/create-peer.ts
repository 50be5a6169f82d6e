import { assert } from '../core/assert.ts'
import type { Instant, PeerId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import type { Block } from '../ring/block.ts'
import type { Pace, StopReason } from '../ring/types.ts'
import { createBidders } from './bidder.ts'
import { readBlocks } from './disk.ts'
import { createEventLog } from './events.ts'
import { createNetwork, type FoundRoom } from './network.ts'
import type { Peer } from './peer.ts'
import { Failure, type Ports, type TransportTrouble } from './ports.ts'
import { createRememberer, readRememberedAddresses } from './remembered.ts'
import { firstBatch, foundRoom, meet, type RoomPlan, randomSalt, roomIdOf, shortRoomId } from './room.ts'
import { openSession, type Session } from './session.ts'
import { conditionOf, peersOf, statusOf } from './status.ts'
import { quorumText, stopText } from './views.ts'

export interface PeerOptions {
  /** The person's name; empty: none. */
  readonly name: string
  /** The room's name, and its rules where this peer founds it. */
  readonly room: RoomPlan
  /** Found the room at once, without looking for it. */
  readonly create: boolean
  /** How long to look for the room before founding it, in milliseconds (PROTOCOL, section 6: 3,000). */
  readonly lookMillis: number
  readonly pace: Pace
  /** Of back-off and automatic bidders. */
  readonly seed: number
  /** Of the program, for `status`. */
  readonly version: string
  /** Long work at the start: blocks checked, then blocks replayed. */
  readonly onProgress: (what: 'check' | 'replay', done: number, total: number) => void
}

/** How often hellos, addresses and meetings are looked at, in milliseconds. */
const refreshEvery = 1_000
/** Of the time to stop, what is kept for disk and network. */
const closeMillis = 1_000
/** Different things worth saying once: a bound on what strangers can make a peer remember. */
const saidMax = 1_000

/**
 * Opens the store, finds or founds the room, and takes part. Throws a `Failure` where that is not possible; nothing is
 * left open then.
 */
export async function createPeer(options: PeerOptions, ports: Ports): Promise<Peer> {
  const { store, transport, clock, logger, identity } = ports
  const { self, crypto } = identity
  const events = createEventLog((error) => logger.error('a listener failed', { error }))
  const stopped = Promise.withResolvers<string>()
  const said = new Set<string>()
  let current: Session | undefined
  let changing: Promise<void> | undefined
  let finishing: Promise<void> | undefined
  let leaving = false
  let stopReason: string | undefined
  let onRingStopped = (): void => {}
  let stopRefreshing = (): void => {}

  const session = (): Session => {
    assert(current !== undefined, 'the peer is in no room yet')
    return current
  }
  const time = (): Instant => (current === undefined ? Math.floor(clock.wall()) : current.view.time(clock.monotonic())) as Instant
  const seen = () => ({ options, ports, session: session(), lobby: network.lobby, leaving, stopReason })

  /** Said once for each key: the world repeats itself. */
  const tellOnce = (key: string, event: string, facts: Readonly<Record<string, string | number>>): void => {
    if (said.has(key) || said.size >= saidMax) return
    said.add(key)
    logger.warn(event, facts)
    events.add({ kind: 'note', at: time(), event, facts })
  }
  const onVersion = (peer: PeerId, version: number): void =>
    tellOnce(`version ${peer}`, 'a peer speaks another version of the protocol', { peer, version })
  const onTrouble = (trouble: TransportTrouble): void => {
    if (trouble.kind === 'version') onVersion(trouble.peer, trouble.version)
    else if (trouble.kind === 'wrong-code') {
      tellOnce(`code ${trouble.address}`, 'a peer was refused: most likely another room code', { address: trouble.address })
    } else logger.debug('trouble on the network', trouble)
  }

  const network = createNetwork({
    ports,
    name: options.name,
    roomName: options.room.name,
    onGiveWay: (found) => {
      if (!leaving && stopReason === undefined) change(() => giveWay(found))
    },
    onStrangers: ({ peer, room }) =>
      tellOnce(`room ${room.id}`, 'another room of this name exists', { peer, room: shortRoomId(room.id) }),
    onVersion,
    onTrouble,
  })
  const bidders = createBidders({
    clock,
    random: createRandom(options.seed),
    market: () => session().market,
    time,
    submit: (operation, deadlineMillis) => peer.submit({ request: undefined, operation }, deadlineMillis),
  })

  /** One change of rooms at a time; what is submitted meanwhile waits for it. */
  const change = (to: () => Promise<void>): Promise<void> => {
    changing ??= to()
      .catch((error: unknown) => {
        logger.error('the room could not be changed', { error })
        return finish('stopped: the room could not be changed')
      })
      .finally(() => {
        changing = undefined
      })
    return changing
  }

  const giveWay = async ({ peer: from, room }: FoundRoom): Promise<void> => {
    const genesis = await network.fetchGenesis(from, room.id)
    const own = session()
    if (genesis === undefined || leaving || meet({ id: own.room, history: own.history }, room) !== 'join') return
    logger.info('this room gives way to another of the same name', { from: shortRoomId(own.room), to: shortRoomId(room.id) })
    await moveTo(genesis, true)
  }

  const moveTo = async (genesis: Block, forgot: boolean): Promise<void> => {
    network.exit()
    await current?.close(new Failure('stopping', 'This peer changes to another room.'))
    const batch = firstBatch(genesis, forgot, current?.view.incarnation ?? 0)
    await store.write(batch)
    await openRoom(batch.meta)
    begin()
  }

  const begin = (): void => {
    transport.enterRoom(session().room)
    session().start()
  }

  /** Reads the room from the store. Nothing is sent before `begin`. */
  const openRoom = async (meta: Uint8Array): Promise<void> => {
    const opened = await openSession(
      {
        ports,
        pace: options.pace,
        seed: options.seed,
        events,
        onProgress: (done, total) => options.onProgress('replay', done, total),
        quorumText: () => quorumText(conditionOf(seen())),
        onVersion,
        onStopped: (reason) => onStopped(opened, reason),
      },
      meta,
    )
    if (opened.genesis.name !== options.room.name) {
      const name = opened.genesis.name
      throw new Failure('other-room', `This store is of the room “${name}”, not “${options.room.name}”.`, { name })
    }
    current = opened
    network.enter(opened)
  }

  const onStopped = (of: Session, reason: StopReason): void => {
    if (of !== current) return
    if (reason.kind !== 'left') logger.error('the ring stopped', { reason: stopText(reason) })
    onRingStopped()
    if (!leaving) void finish(stopText(reason))
  }

  const findOrFound = async (): Promise<void> => {
    const until = clock.monotonic() + (options.create ? 0 : options.lookMillis)
    while (clock.monotonic() < until) {
      const found = await network.look(until)
      const genesis = found && (await network.fetchGenesis(found.peer, found.room.id))
      // An identity from an earlier life may have been a member here: its disk would know, but is empty.
      if (genesis !== undefined) return moveTo(genesis, !identity.isNew)
    }
    const genesis = foundRoom(options.room, self, randomSalt(), clock.wall(), crypto)
    logger.info('room founded', { room: shortRoomId(roomIdOf(genesis)) })
    return moveTo(genesis, false)
  }

  const remember = createRememberer(store, transport)
  const refresh = (): void => {
    if (changing === undefined) network.refresh()
    remember().catch((error: unknown) => logger.debug('known addresses could not be kept', { error }))
    stopRefreshing = clock.at(clock.monotonic() + refreshEvery, refresh)
  }

  const open = async (): Promise<void> => {
    const opened = await store.open((done, total) => options.onProgress('check', done, total))
    if (opened.torn !== undefined) logger.warn('a torn last batch was cut from the log', opened.torn)
    const remembered = await readRememberedAddresses(store)
    const dial = (): void => {
      for (const address of remembered) transport.addAddress(address)
    }
    // A room that is known is read before anybody hears of this peer.
    if (opened.meta === undefined) {
      await transport.start(network.events)
      dial()
      await findOrFound()
    } else {
      await openRoom(opened.meta)
      await transport.start(network.events)
      dial()
      begin()
    }
    refresh()
  }

  /** Ends everything, once; `reason` is what people read. */
  const finish = (reason: string): Promise<void> => {
    stopReason ??= reason
    finishing ??= (async () => {
      stopRefreshing()
      bidders.stop()
      await current?.close(new Failure('stopping', 'This peer is stopping.'))
      await remember().catch(() => {})
      network.exit()
      await transport.stop()
      await store.close()
      stopped.resolve(stopReason ?? reason)
    })().catch((error: unknown) => {
      logger.error('stopping failed', { error })
      stopped.resolve(stopReason ?? reason)
    })
    return finishing
  }

  const within = (millis: number, task: Promise<unknown>): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.at(clock.monotonic() + millis, resolve)
      task.then(
        () => {
          cancel()
          resolve()
        },
        () => {},
      )
    })

  const peer: Peer = {
    status: () => statusOf(seen()),
    peers: () => peersOf(seen()),
    submit(submission, deadlineMillis) {
      if (changing !== undefined) return changing.then(() => session().proposals.submit(submission, deadlineMillis))
      return session().proposals.submit(submission, deadlineMillis)
    },
    pending: () => session().proposals.pending(),
    voidPending: (id) => session().input(session().proposals.withdraw(id)),
    accounts: () => [...session().market.accounts.values()],
    account: (id) => session().market.accounts.get(id),
    auctions: () => [...session().market.auctions.values()],
    auction: (id) => session().market.auctions.get(id),
    async log(from, count) {
      const { commit, durable } = session().view
      const through = Math.min(from + count - 1, commit.index, durable)
      const blocks: Block[] = []
      for await (const chunk of readBlocks(store, crypto, from, through)) blocks.push(...chunk)
      return blocks
    },
    subscribe: (listener) => events.subscribe(listener),
    recentEvents: () => events.recent(),
    startBidder: (bidder) => bidders.start(bidder),
    refound: () => Promise.reject(new Failure('no-quorum', 'not yet')),
    async stop(deadlineMillis) {
      const end = clock.monotonic() + deadlineMillis
      if (!leaving && stopReason === undefined) {
        leaving = true
        await changing
        const left = new Promise<void>((resolve) => {
          onRingStopped = resolve
        })
        const { view } = session()
        const canLeave = view.stopped === undefined && session().failed === undefined && view.hasQuorum(clock.monotonic())
        session().input({ kind: 'leave' })
        if (canLeave) await within(Math.max(deadlineMillis / 2, deadlineMillis - closeMillis), left)
      }
      await within(Math.max(0, end - clock.monotonic()), finish('left the room'))
    },
    stopped: stopped.promise,
  }

  try {
    await open()
  } catch (error) {
    await finish('could not start')
    throw error
  }
  return peer
}
