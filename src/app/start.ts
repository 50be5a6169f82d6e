import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeToken, removeApiFiles, writeApiFiles } from '../api/api-files.ts'
import { type ApiServer, startApiServer } from '../api/http.ts'
import { createPortDoor, type PortDoor, type ServerPort } from '../api/port.ts'
import { Failure } from '../core/failure.ts'
import type { LogEvent } from '../core/log-events.ts'
import { createClock } from '../io/clock.ts'
import { createEntropy } from '../io/entropy.ts'
import { diskFailure } from '../io/files.ts'
import { openIdentity } from '../io/identity.ts'
import { createLogger, type LogLevel } from '../io/logger.ts'
import { openProfile } from '../io/profile.ts'
import { createStore } from '../io/store.ts'
import { createTransport } from '../io/transport/transport.ts'
import { createPeer } from '../peer/create-peer.ts'
import type { Peer } from '../peer/peer.ts'
import type { Logger } from '../peer/ports.ts'
import type { Waiting } from '../peer/search.ts'
import { leftText } from '../peer/status.ts'
import type { PeerConfig } from './config.ts'
import { rendererFolder } from './renderer-folder.ts'
import { archiveLog, firstFree, roomFolder } from './room-folder.ts'
import { programVersion } from './version.ts'

/** A peer with all that it runs on, the same for a window and for none. */
export interface RunningPeer {
  readonly peer: Peer
  /** Of the API; `undefined`: off. */
  readonly apiUrl: string | undefined
  /** Lines of whoever shows the room, among those of the peer and in their format, whatever the level of these. */
  readonly log: Logger
  /** The API over this port too, for a window of the same program. */
  servePort(port: ServerPort): void
  /** Leaves in good order, for `deadlineMillis` at most. */
  stop(deadlineMillis: number): Promise<void>
  /** Resolves with the reason when all is stopped, whoever asked for it. `hasLeft`: it was told to leave, and did. */
  readonly stopped: Promise<{ readonly reason: string; readonly hasLeft: boolean }>
}

export interface StartHooks {
  /** Long work at the start: blocks checked, then blocks replayed. */
  readonly onProgress: (what: 'check' | 'replay', done: number, total: number) => void
  /** Where log lines go; default: stderr. */
  readonly write?: (line: string) => void
  /** The least important log lines that are written; default `info`. */
  readonly level?: LogLevel
  /** What is shown in another way, and so is not to stand among the log lines as well. */
  readonly shown?: ReadonlySet<LogEvent>
  /** While it waits for its room: soon, when what keeps it away changes, and every 10 s. */
  readonly onWaiting?: (waiting: Waiting) => void
  /** Calls a search for the room off: the start fails with `stopping`. */
  readonly signal?: AbortSignal
}

/** How long a peer looks for its room before it founds it (PROTOCOL, section 6). */
const lookMillis = 3_000
/** How long a token rests where nobody wants it (PROTOCOL, section 2.6). */
const idleHop = 250

/**
 * Starts from the disk outwards: profile, key, store, network, peer, and last the API. What was started is stopped again
 * where a later step fails. Throws a `Failure`: `profile-in-use`, `profile-exposed`, `port-in-use`, `store-damaged`, …
 */
export async function startPeer(config: PeerConfig, hooks: StartHooks): Promise<RunningPeer> {
  const format = { format: config.logFormat, ...(hooks.write && { write: hooks.write }) }
  const logger = without(hooks.shown ?? new Set(), createLogger({ ...format, level: hooks.level ?? 'info' }))
  const profile = await openProfile(config.profile)
  if (profile.wasOpenToOthers) logger.warn('profile-closed', { folder: profile.folder })
  // One peer a profile, whatever its room: two of one identity would be taken for a liar.
  const lock = createStore(join(profile.folder, 'lock'))
  await lock.open().catch((error: unknown) => {
    const isInUse = error instanceof Failure && error.code === 'profile-in-use'
    throw isInUse ? new Failure('profile-in-use', `The folder ${profile.folder} is in use by another peer.`) : error
  })
  try {
    const peer = await openPeer(config, hooks, logger)
    const room = peer.status().room
    await profile.rememberRoom({ id: room.id, name: room.name })
    const api = await startApi(config, peer, logger)
    let ports: PortDoor | undefined
    const stopped = (async () => {
      const reason = await peer.stopped
      ports?.closeAll()
      await api?.stop()
      removeApiFiles(config.profile)
      await lock.close()
      return { reason, hasLeft: reason === leftText }
    })()
    return {
      peer,
      apiUrl: api?.url,
      log: createLogger({ ...format, level: 'debug' }),
      stopped,
      servePort(port) {
        ports ??= createPortDoor({ peer, logger })
        ports.accept(port)
      },
      async stop(deadlineMillis) {
        removeApiFiles(config.profile)
        await peer.stop(deadlineMillis)
        await stopped
      },
    }
  } catch (error) {
    await lock.close()
    throw error
  }
}

function without(shown: ReadonlySet<LogEvent>, logger: Logger): Logger {
  const unlessShown =
    (write: Logger['info']): Logger['info'] =>
    (event, facts, words) => {
      if (!shown.has(event)) write(event, facts, words)
    }
  const { error, warn, info, debug } = logger
  return { error: unlessShown(error), warn: unlessShown(warn), info: unlessShown(info), debug: unlessShown(debug) }
}

async function openPeer(config: PeerConfig, hooks: StartHooks, logger: Logger): Promise<Peer> {
  const identity = await openIdentity(join(config.profile, 'key'))
  const folder = roomFolder(config.profile, config.room)
  if (config.isNewCode && existsSync(folder)) {
    throw new Failure('other-code', `This folder has a room “${config.room}” already: start it with the code that it has.`)
  }
  const putBack = config.refetch ? await putAside(folder) : async () => {}
  const { listen, mdns, bootstrap, currency, deposits, code } = config
  const room = { name: config.room, code }
  try {
    return await createPeer(
      {
        name: config.name,
        room: { name: config.room, currency, deposits },
        code,
        entry: config.entry,
        lookMillis,
        ...(config.waitMillis !== undefined && { waitMillis: config.waitMillis }),
        ...(hooks.signal && { signal: hooks.signal }),
        onWaiting(waiting) {
          // People get a sentence, programs a line with a stable name.
          if (config.logFormat === 'json') logger.info('room-awaited', waitingFacts(waiting))
          hooks.onWaiting?.(waiting)
        },
        archive: (id, blocks) => archiveLog(folder, id, blocks),
        pace: { idleHop },
        seed: randomInt(2 ** 32),
        version: programVersion(),
        onProgress: hooks.onProgress,
      },
      {
        identity,
        store: createStore(folder),
        transport: createTransport({ identity, room, listen, mdns, bootstrap }),
        clock: createClock(),
        entropy: createEntropy(),
        logger,
      },
    )
  } catch (error) {
    if (error instanceof Failure && (error.code === 'room-not-found' || error.code === 'stopping')) await putBack()
    throw error
  }
}

/** Of other peers only what is no text of theirs (STYLE, Logging). */
const waitingFacts = ({ room, elapsed, obstacles }: Waiting) => ({
  room,
  seconds: Math.round(elapsed / 1_000),
  obstacles: obstacles.map(({ kind }) => kind),
})

/**
 * Makes room for a log that is fetched anew. The old one is kept beside it: a damaged log may be all that is left of a
 * room. The returned function undoes it, for when there was nobody to fetch from.
 */
async function putAside(folder: string): Promise<() => Promise<void>> {
  if (!existsSync(folder)) return async () => {}
  // What an earlier start put aside, and could not put back, may be the only copy.
  const aside = firstFree((number) => `${folder}.old${number > 1 ? `-${number}` : ''}`)
  await rename(folder, aside)
  return async () => {
    await rm(folder, { recursive: true, force: true })
    await rename(aside, folder)
  }
}

async function startApi(config: PeerConfig, peer: Peer, logger: Logger): Promise<ApiServer | undefined> {
  // Those of a peer that died without a word.
  removeApiFiles(config.profile)
  if (config.httpPort === undefined) return undefined
  try {
    const token = makeToken()
    const at = { port: config.httpPort, version: programVersion(), pages: rendererFolder }
    const api = await startApiServer({ peer, logger, token, ...at })
    try {
      writeApiFiles(config.profile, { url: api.url, token })
    } catch (error) {
      await api.stop()
      throw diskFailure(error, config.profile)
    }
    return api
  } catch (error) {
    await peer.stop(2_000)
    throw error
  }
}
