import { makeToken, removeApiFiles, writeApiFiles } from '../api/api-files.ts'
import { type ApiServer, startApiServer } from '../api/http.ts'
import { createPortDoor, type PortDoor, type ServerPort } from '../api/port.ts'
import type { Seat } from '../api/seat.ts'
import type { LogEvent, LogLevel } from '../core/log-events.ts'
import type { Gateway } from '../gateway/server.ts'
import { diskFailure, pathIn } from '../io/files.ts'
import { openIdentity } from '../io/identity.ts'
import { type Log, openLog } from '../io/logger.ts'
import { type KnownRoom, openProfile, type Settings } from '../io/profile.ts'
import type { Peer } from '../peer/peer.ts'
import type { Logger } from '../peer/ports.ts'
import type { Waiting } from '../peer/search.ts'
import { leftText } from '../peer/status.ts'
import { removePage } from './browser.ts'
import { openCatalogue } from './catalogue.ts'
import { type PeerConfig, usualName } from './config.ts'
import { lockProfile } from './lock-profile.ts'
import type { Plan } from './open-peer.ts'
import { rendererFolder } from './renderer-folder.ts'
import { beginRoomCode } from './room-code.ts'
import { createSeat } from './seat.ts'
import { openTokens } from './tokens.ts'
import { programVersion } from './version.ts'

/** A seat with all that it runs on, the same for a window and for none. */
export interface RunningSeat {
  readonly seat: Seat
  /**
   * The room that it was started for: resolves when it is in, with nothing where it was started for none. Rejects with a `Failure`
   * where it does not come in, and then the seat goes on in no room.
   */
  readonly entered: Promise<Peer | undefined>
  /** Of the API; `undefined`: off. */
  readonly apiUrl: string | undefined
  /** For thin clients; `undefined`: off. */
  readonly gateway: Gateway | undefined
  /** Whoever shows the room writes among the peer's own lines. */
  readonly log: Log
  /** The API over this port too, for a window of the same program. */
  servePort(port: ServerPort): void
  /**
   * Leaves in good order: the others may take `deadlineMillis` to let it go. With 0 nobody is waited for, nor any longer where that
   * was asked for before. Resolves when disk and doors are closed, and the lock is free: never before, since the folder is then another's.
   */
  stop(deadlineMillis: number): Promise<void>
  /** Resolves with the reason when all is stopped, whoever asked for it. `hasLeft`: it was told to leave, and did. */
  readonly stopped: Promise<{ readonly reason: string; readonly hasLeft: boolean }>
}

export interface StartHooks {
  /** Long work as a room is opened: blocks checked, then blocks replayed. */
  readonly onProgress: (what: 'check' | 'replay', done: number, total: number) => void
  /** Where log lines go; default: stderr. */
  readonly write?: (line: string) => void
  /** The least important log lines that are written at first; default `info`. */
  readonly level?: LogLevel
  /** What is shown in another way, and so is not to stand among the log lines as well. */
  readonly shown?: ReadonlySet<LogEvent>
  /** While it waits for a room: soon, when what keeps it away changes, and every 10 s. */
  readonly onWaiting?: (waiting: Waiting) => void
}

/** How long leaving in good order may take, in milliseconds, where a door asks for it. */
const leaveMillis = 5_000
/** Of it, what is kept for thin clients to hear the end of what they asked, before the room is left. */
const gatewayMillis = 1_000
/** Whoever asked over a door is answered before the doors close, in milliseconds. */
const answerMillis = 50

/**
 * Starts from the disk outwards: profile, key, API, and last the room, which may take as long as it likes. What was started is
 * stopped again where a later step fails. Throws a `Failure`: `profile-in-use`, `profile-exposed`, `port-in-use`, …
 */
export async function startSeat(config: PeerConfig, hooks: StartHooks): Promise<RunningSeat> {
  const log = await openLog({
    format: config.logFormat,
    level: hooks.level ?? 'info',
    ...(hooks.write && { write: hooks.write }),
  })
  const logger = without(hooks.shown ?? new Set(), log)
  if (!config.isLast) beginRoomCode(config.room, config.code)
  const profile = await openProfile(config.profile)
  if (profile.wasOpenToOthers) logger.warn('profile-closed', { folder: profile.folder })
  // One peer a profile, whatever its room: two of one identity would be taken for a liar.
  const lock = await lockProfile(profile.folder)
  if (lock.takenFrom !== undefined) logger.warn('profile-moved', { host: lock.takenFrom })
  try {
    const settings = await profile.readSettings()
    // The variable is gone: when it comes back it means what it says again.
    if (config.refetch === false && settings.refetched !== undefined) await profile.changeSettings({ refetched: undefined })
    const unread = await profile.mendRooms()
    if (unread !== undefined) logger.warn('rooms-unread', { file: unread })
    const known = await profile.readRooms()
    const plan = config.isLast ? lastPlan(config, settings.isOut === true ? [] : known) : firstPlan(config, settings)
    const stopped = Promise.withResolvers<{ reason: string; hasLeft: boolean }>()
    let ending: Promise<void> | undefined
    const end = (reason: string, deadlineMillis: number): Promise<void> => {
      if (ending !== undefined) {
        if (deadlineMillis === 0) seat.hurry()
        return ending
      }
      ending = (async () => {
        removeApiFiles(config.profile)
        // What goes wrong in one step keeps none of the others.
        const steps = [
          async () => removePage(config.profile),
          () => gateway?.stop(Math.min(deadlineMillis, gatewayMillis)),
          () => seat.close(deadlineMillis),
          () => ports?.closeAll(),
          () => api?.stop(),
          () => lock.release(),
        ]
        for (const step of steps) await attempt(step, logger)
        stopped.resolve({ reason, hasLeft: reason === leftText })
      })()
      return ending
    }
    let gatewayAddress: string | undefined
    const seat = createSeat({
      config,
      logger,
      log,
      gateway: () => gatewayAddress,
      profile,
      identity: await openIdentity(profile.keyFile),
      catalogue: await openCatalogue(profile.folder, logger),
      tokens: await openTokens(profile.folder, logger),
      name: config.name ?? settings.name ?? usualName(),
      known,
      onProgress: hooks.onProgress,
      onWaiting: (waiting) => hooks.onWaiting?.(waiting),
      onLeave: () => void setTimeout(end, answerMillis, leftText, leaveMillis),
      onOver: (reason) => void end(reason, 0),
    })
    const api = await startApi(config, seat, log, logger)
    const gateway = await openGateway(config, seat, logger).catch(async (error: unknown) => {
      removeApiFiles(config.profile)
      await api?.stop()
      throw error
    })
    gatewayAddress = gateway?.address
    let ports: PortDoor | undefined
    if (plan === undefined) seat.rest()
    const entered = plan === undefined ? Promise.resolve(undefined) : seat.enter(plan)
    // Whoever starts it may look later.
    entered.catch(() => {})
    return {
      seat,
      entered,
      apiUrl: api?.url,
      gateway,
      log,
      stopped: stopped.promise,
      servePort(port) {
        ports ??= createPortDoor({ seat, logger })
        ports.accept(port)
      },
      stop: (deadlineMillis) => end(leftText, deadlineMillis),
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function attempt(step: () => unknown, logger: Logger): Promise<void> {
  try {
    await step()
  } catch (error) {
    logger.error('stop-failed', { error })
  }
}

const firstPlan = (config: PeerConfig, { refetched }: Settings = {}): Plan => ({
  ...config,
  refetch: config.refetch === 'once' && refetched === config.room ? false : config.refetch,
  leavesHistory: false,
})

/** The room that the profile was in last; none where it never was in one, or was left for none. */
function lastPlan(config: PeerConfig, [last]: readonly KnownRoom[]): Plan | undefined {
  if (last === undefined) return undefined
  return { ...firstPlan(config), room: last.name, code: last.code, entry: { kind: 'join', room: undefined } }
}

function without(shown: ReadonlySet<LogEvent>, logger: Logger): Logger {
  const unlessShown =
    (write: Logger['info']): Logger['info'] =>
    (event, facts, words) => {
      if (!shown.has(event)) write(event, facts, words)
    }
  const { error, warn, info, debug } = logger
  return {
    error: unlessShown(error),
    warn: unlessShown(warn),
    info: unlessShown(info),
    debug(event, facts, words) {
      if (!shown.has(event)) debug(event, facts, words)
    },
  }
}

async function startApi(config: PeerConfig, seat: Seat, log: Log, logger: Logger): Promise<ApiServer | undefined> {
  // Those of a peer that died without a word.
  removeApiFiles(config.profile)
  if (config.httpPort === undefined) return undefined
  const token = makeToken()
  log.conceal(token)
  const at = { port: config.httpPort, version: programVersion(), pages: rendererFolder, profile: config.profile }
  const api = await startApiServer({ seat, logger, token, ...at })
  try {
    writeApiFiles(config.profile, { url: api.url, token })
  } catch (error) {
    removeApiFiles(config.profile)
    await api.stop()
    throw diskFailure(error, pathIn(error) ?? config.profile)
  }
  return api
}

/** Loaded only where it is asked for: most peers have none. */
async function openGateway({ gateway }: PeerConfig, seat: Seat, logger: Logger): Promise<Gateway | undefined> {
  if (gateway === undefined) return undefined
  const { startGateway } = await import('../gateway/server.ts')
  return startGateway({ ...gateway, seat, logger })
}
