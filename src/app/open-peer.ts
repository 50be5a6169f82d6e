import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Failure, type FailureCode } from '../core/failure.ts'
import { createClock } from '../io/clock.ts'
import { createEntropy } from '../io/entropy.ts'
import type { KeyedIdentity } from '../io/identity.ts'
import { createStore } from '../io/store/store.ts'
import { createTransport } from '../io/transport/transport.ts'
import type { PeerOptions } from '../peer/context.ts'
import { createPeer } from '../peer/create-peer.ts'
import type { Peer } from '../peer/peer.ts'
import type { Logger, Store, StoreOpened, Transport } from '../peer/ports.ts'
import type { Entry, Waiting } from '../peer/search.ts'
import type { PeerConfig } from './config.ts'
import { readOwnAlgorithms } from './own-algorithms.ts'
import { finishPutBack, forgetAside, openGuarded, putAside, restore } from './put-aside.ts'
import { archiveLog, roomFolder } from './room-folder.ts'
import { refuseAborted } from './turns.ts'
import { programVersion } from './version.ts'

/** A room, and how to come into it. */
export interface Plan
  extends Pick<PeerConfig, 'room' | 'code' | 'isNewCode' | 'currency' | 'deposits' | 'bootstrap' | 'waitMillis' | 'refetch'> {
  readonly entry: Entry
  /** Another room of this name on the disk is left for the one that `entry` names, and its log is kept in a file. */
  readonly leavesHistory: boolean
}

/** The same for every room of one profile. */
export interface Ground {
  readonly config: Pick<PeerConfig, 'profile' | 'listen' | 'mdns' | 'logFormat'>
  readonly logger: Logger
  readonly onProgress: (what: 'check' | 'replay', done: number, total: number) => void
}

export interface OpenOptions {
  readonly name: string
  readonly identity: KeyedIdentity
  readonly signal: AbortSignal
  /** The profile has been in a room of this name, so that its log is on the disk, or is gone. */
  readonly wasHere: boolean
  onWaiting(waiting: Waiting): void
  /** The log of a room that was left is here now. */
  onArchived(path: string): void
}

export interface OpeningPeer {
  /** Before its peer is there, too. */
  readonly transport: Transport
  /** Rejects with a `Failure`; nothing is left open then. */
  readonly peer: Promise<Peer>
}

/** How long a peer looks for its room before it founds it (PROTOCOL, section 6). */
const lookMillis = 3_000
/** The same where addresses are named: it founds a room only if its own disk is new, or was lost, and the others may be slow to answer. */
const lookMillisNamed = 10_000
/** How long a token rests where nobody wants it (PROTOCOL, section 2.6). */
const idleHop = 250

/** A peer of one room, with all that it runs on, from the disk outwards. */
export function openPeer(plan: Plan, ground: Ground, options: OpenOptions): OpeningPeer {
  const { code, bootstrap } = plan
  const { listen, mdns } = ground.config
  const room = { name: plan.room, code }
  const transport = createTransport({ identity: options.identity, room, listen, mdns, bootstrap })
  return { transport, peer: open(plan, ground, options, transport) }
}

async function open(plan: Plan, ground: Ground, options: OpenOptions, transport: Transport): Promise<Peer> {
  const { config, logger, onProgress } = ground
  const { room: name, code, currency, deposits, entry, waitMillis, leavesHistory } = plan
  const folder = roomFolder(config.profile, name)
  if (plan.isNewCode && existsSync(folder)) {
    throw new Failure('other-code', `This folder has a room “${name}” already: start it with the code that it has.`)
  }
  await finishPutBack(folder)
  await restore(folder)
  if (plan.refetch) await putAside(folder)
  const peerOptions: PeerOptions = {
    name: options.name,
    room: { name, currency, deposits },
    code,
    entry,
    lookMillis: entry.kind === 'look' && plan.bootstrap.length > 0 ? lookMillisNamed : lookMillis,
    ...(waitMillis !== undefined && { waitMillis }),
    signal: options.signal,
    onWaiting(waiting) {
      // People get a sentence, programs a line with a stable name.
      if (config.logFormat === 'json') logger.info('room-awaited', waitingFacts(waiting))
      options.onWaiting(waiting)
    },
    leavesHistory,
    async archive(id, blocks) {
      const path = await archiveLog(folder, id, blocks)
      options.onArchived(path)
      return path
    },
    pace: { idleHop },
    ownAlgorithms: () => readOwnAlgorithms(config.profile, logger),
    seed: randomInt(2 ** 32),
    version: programVersion(),
    // The one place where the way through a long log can be called off: it is read in pieces, and this is between two.
    onProgress(what, done, total) {
      refuseAborted(options.signal)
      onProgress(what, done, total)
    },
  }
  let isGone = false
  const store = asFound(guarded(createStore(folder), folder), (opened) => {
    isGone = isNew(opened) && options.wasHere && entry.kind !== 'create' && !plan.refetch
    return isGone ? { ...opened, gone: logGone(name, folder) } : opened
  })
  try {
    const peer = await createPeer(peerOptions, {
      identity: options.identity,
      store,
      transport,
      clock: createClock(),
      entropy: createEntropy(),
      logger,
    })
    await forgetAside(folder)
    return peer
  } catch (error) {
    if (error instanceof Failure && backAfter.has(error.code)) await finishPutBack(folder)
    // Nothing was written there: an empty store would keep a backup from being restored.
    const isEmpty = isGone && error instanceof Failure && (error.code === 'room-not-found' || error.code === 'log-gone')
    if (isEmpty) await rm(folder, { recursive: true, force: true }).catch(() => {})
    throw error
  }
}

/** Nobody was there to fetch the log from, or nobody wants to wait for that any more. */
const backAfter: ReadonlySet<FailureCode> = new Set(['room-not-found', 'store-damaged', 'stopping', 'called-off'])

const isNew = ({ meta, damage }: StoreOpened): boolean => meta === undefined && damage === undefined

function logGone(name: string, folder: string): Failure {
  const message = `The log of the room “${name}” is gone from ${folder}, and nobody else who is in the room was found.`
  return new Failure('log-gone', message, { folder })
}

/** `judge` says what is to be known of what was found, before anybody goes on from it. */
function asFound(store: Store, judge: (opened: StoreOpened) => StoreOpened): Store {
  return { ...store, open: async (onProgress) => judge(await store.open(onProgress)) }
}

/** A damaged log is nothing to go on from: the others have it. Where nobody is there, it is put back as it was. */
function guarded(store: Store, folder: string): Store {
  return {
    ...store,
    async open(onProgress) {
      try {
        return await openGuarded(store, folder, onProgress)
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'store-damaged') throw error
        const aside = await putAside(folder)
        const damage = new Failure(error.code, error.message, { ...error.facts, aside }, { cause: error.cause })
        return { ...(await store.open(onProgress)), damage }
      }
    },
  }
}

/** Of other peers only what is no text of theirs (STYLE, Logging). */
const waitingFacts = ({ room, elapsed, obstacles }: Waiting) => ({
  room,
  seconds: Math.round(elapsed / 1_000),
  obstacles: obstacles.map(({ kind }) => kind),
})
