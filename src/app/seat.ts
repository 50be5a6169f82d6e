import { bounds, first, newest } from '../api/bounds.ts'
import type { Catalogue } from '../api/catalogue.ts'
import type { RoomsView } from '../api/rooms.ts'
import { toFacts } from '../api/said.ts'
import type { CreatedRoom, NewRoom, Seat } from '../api/seat.ts'
import type { Tokens } from '../api/tokens.ts'
import { Failure, type FailureCode } from '../core/failure.ts'
import type { KeyedIdentity } from '../io/identity.ts'
import type { Log } from '../io/logger.ts'
import { newRoomCode } from '../io/new-room-code.ts'
import type { KnownRoom, Profile, Settings } from '../io/profile.ts'
import type { Joined, JoinTarget, Peer, Refounded } from '../peer/peer.ts'
import type { Sighting, Transport } from '../peer/ports.ts'
import type { Waiting } from '../peer/search.ts'
import type { VerifyStep } from '../peer/verify.ts'
import { type Aim, aimAt, capital } from './aim.ts'
import type { createCheck } from './check.ts'
import { createEars } from './ears.ts'
import { type Ground, openPeer, type Plan } from './open-peer.ts'
import { hasRoom } from './put-aside.ts'
import { toReasons } from './reasons.ts'
import { lookingPeers, roomsInSight } from './rooms-in-sight.ts'
import { tryWay } from './try-way.ts'
import { calledOff, createTurns, refuseAborted } from './turns.ts'

export interface SeatOptions extends Ground {
  readonly profile: Profile
  readonly identity: KeyedIdentity
  readonly catalogue: Catalogue
  readonly tokens: Tokens
  readonly log: Pick<Log, 'level' | 'setLevel' | 'conceal'>
  /** Where thin clients are served, once they are. */
  gateway(): string | undefined
  /** The person's. */
  readonly name: string
  /** The rooms that the profile remembers. */
  readonly known: readonly KnownRoom[]
  onWaiting(waiting: Waiting): void
  /** Somebody asked for all of it to stop. */
  onLeave(): void
  /** The peer takes no more part, for this reason: nothing goes on. */
  onOver(reason: string): void
}

/** The one place where a profile goes from room to room: one change after the other. */
export interface OwnSeat extends Seat {
  /** Comes into a room, as the program was started. Rejects with a `Failure`. */
  enter(plan: Plan): Promise<Peer>
  /** Begins in no room: listens which there are. */
  rest(): void
  /**
   * Leaves the room, if it is in one, whose members may take so long to let it go, and hears nothing any more. Resolves when its disk
   * and network are closed, however long that takes.
   */
  close(deadlineMillis: number): Promise<void>
  /** Whoever closes it waits for nobody any longer. */
  hurry(): void
}

type Where =
  | { readonly kind: 'none' }
  | { readonly kind: 'entering'; readonly plan: Plan; readonly since: number; waiting?: Waiting; transport?: Transport }
  | { readonly kind: 'in'; readonly plan: Plan; readonly peer: Peer; readonly transport: Transport }

/** How long leaving in good order may take, in milliseconds: whoever asks at the command line waits 5 s for an answer. */
const leaveMillis = 4_000
/** How often it is looked whether a room has come into sight, in milliseconds. */
const lookEvery = 200
/** Whoever has left a room for another one looks for it so long at least, in milliseconds. */
const searchMillisMin = 1_000
/** What was heard stays in sight for so long where another transport begins to listen, in milliseconds: it asks, and is answered. */
const bridgeMillis = 3_000

export function createSeat(options: SeatOptions): OwnSeat {
  const { profile, config, logger } = options
  let { name, identity } = options
  let where: Where = { kind: 'none' }
  let failed: RoomsView['failed']
  /** The name of the room that it last tried to enter. */
  let tried: string | undefined
  let { known } = options
  let isClosed = false
  let archived: string | undefined
  /** The room that was not entered, since its log is damaged and nobody else was there. */
  let damaged: Plan | undefined
  let bridge: { readonly sightings: readonly Sighting[]; readonly until: number } = { sightings: [], until: 0 }
  const listeners = new Set<() => void>()
  const leaving = new WeakSet<Peer>()
  const ears = createEars(identity.self, config.mdns)
  let check: ReturnType<typeof createCheck> | undefined

  const goTo = (next: Where): void => {
    where = next
    if (next.kind === 'none' && !isClosed) ears.start()
    else ears.stop()
    tell()
  }
  const tell = (): void => {
    for (const listener of [...listeners]) {
      try {
        listener()
      } catch (error) {
        logger.error('listener-failed', { error })
      }
    }
  }

  const sightings = (): readonly Sighting[] => {
    const heard = where.kind === 'none' ? ears.sightings : (where.transport?.sightings ?? [])
    if (performance.now() > bridge.until) return heard
    const here = new Set(heard.map(({ peer }) => peer))
    return [...heard, ...bridge.sightings.filter(({ peer }) => !here.has(peer))]
  }

  const turns = createTurns()
  const takeTurn: typeof turns.take = (task) => (isClosed ? Promise.reject(stopping()) : turns.take(task))

  /** Where the disk fails at that, a person has to type more at the next start, and that is all. */
  const remember = async (settings: Settings = {}): Promise<void> => {
    if (where.kind !== 'in') return
    const { room } = where.peer.status()
    try {
      const unread = await profile.rememberRoom({ id: room.id, name: room.name, code: where.peer.code() })
      if (unread !== undefined) logger.warn('rooms-unread', { file: unread })
      known = await profile.readRooms()
      await profile.changeSettings(settings)
    } catch (error) {
      logger.warn('room-unremembered', { error })
    }
  }

  const leaveHere = async (deadlineMillis = leaveMillis): Promise<void> => {
    if (where.kind !== 'in') return
    const { peer } = where
    // Meanwhile it may have given way to another one of its name.
    await remember()
    leaving.add(peer)
    await peer.stop(deadlineMillis)
  }

  const enterRoom = async (plan: Plan, signal: AbortSignal): Promise<Peer> => {
    bridge = { sightings: sightings(), until: performance.now() + bridgeMillis }
    const own: Where = { kind: 'entering', plan, since: performance.now() }
    options.log.conceal(plan.code)
    archived = undefined
    // Where nothing comes of this, that log is still what keeps it out.
    let kept = damaged
    damaged = undefined
    tried = plan.room
    goTo(own)
    try {
      refuseAborted(signal)
      const opening = openPeer(plan, options, {
        name,
        identity,
        signal,
        wasHere: known.some((room) => room.name === plan.room),
        onWaiting(waiting) {
          own.waiting = waiting
          options.onWaiting(waiting)
          tell()
        },
        onArchived(path) {
          archived = path
        },
      })
      own.transport = opening.transport
      const peer = await opening.peer
      kept = undefined
      // A life in this room that a disk may forget has begun.
      identity = { ...identity, isNew: false }
      if (signal.aborted) await peer.stop(leaveMillis)
      refuseAborted(signal)
      // The name may be another one by now.
      peer.rename(name)
      goTo({ kind: 'in', plan, peer, transport: opening.transport })
      void peer.stopped.then((reason) => {
        if (!leaving.has(peer)) options.onOver(reason)
      })
      await remember({ isOut: false, ...(plan.refetch === 'once' && { refetched: plan.room }) })
      return peer
    } catch (error) {
      const isSafe = error instanceof Failure && safe.has(error.code)
      if (!isSafe) identity = { ...identity, isNew: false }
      damaged = isDamage(error) ? plan : kept
      if (where === own) goTo({ kind: 'none' })
      throw signal.aborted ? calledOff() : error
    }
  }

  /** Leaves the room that is here for another one, and comes back to it where that fails. */
  const change = async (plan: Plan, signal: AbortSignal, end?: number): Promise<Peer> => {
    const before = where.kind === 'in' ? where.plan : undefined
    await leaveHere()
    const waitMillis = end === undefined ? undefined : Math.max(searchMillisMin, end - performance.now())
    return enterRoom({ ...plan, waitMillis }, signal).catch((error: unknown) => {
      // Whoever asked for something else meanwhile gets that.
      if (before !== undefined && turns.isLatest(signal) && !isClosed) {
        const back: Plan = { ...before, entry: { kind: 'join', room: undefined }, refetch: false, isNewCode: false }
        void takeTurn((signal) => enterRoom({ ...back, waitMillis: undefined }, signal)).catch(note)
      }
      throw error
    })
  }

  /** What came of the last try stays to be read, until the next. */
  const attempt = async <T>(task: () => Promise<T>): Promise<T> => {
    const before = failed
    failed = undefined
    tried = undefined
    try {
      return await task()
    } catch (error) {
      note(error)
      // Whoever asked for this hears why it came to nothing; that a log is damaged stays to be told to everybody.
      if (before?.code === 'store-damaged' && damaged !== undefined && !isDamage(error)) {
        failed = before
        tell()
      }
      throw error
    }
  }
  const note = (error: unknown): void => {
    if (!(error instanceof Failure)) logger.error('room-change-failed', { error })
    else if (error.code !== 'called-off' && error.code !== 'stopping') {
      failed = { code: error.code, text: error.message, facts: toFacts(error.facts), ...(tried !== undefined && { room: tried }) }
      tell()
    }
  }

  const surroundings = () => {
    const here =
      where.kind === 'in' ? { id: where.peer.status().room.id, name: where.plan.room, code: where.plan.code } : undefined
    return { inSight: roomsInSight(sightings(), where.kind === 'in' ? where.peer : undefined), known, here }
  }

  /** Waits for what was named to come into sight, where nothing else says what it is. */
  const takeAim = async (target: JoinTarget, end: number, signal: AbortSignal): Promise<Aim> => {
    for (;;) {
      const aim = aimAt(target, surroundings())
      // Nothing is left for a room of which nobody has been heard.
      const isBlind = aim?.addresses.length === 0 && !aim.isKnown && where.kind === 'in' && !isHere(aim)
      if (aim !== undefined && !isBlind) return aim
      const what = aim?.text ?? `the room ${target.room ?? ''}`
      if (performance.now() >= end) throw new Failure('room-not-found', `Nobody who is in ${what} was heard.`)
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
      refuseAborted(signal)
    }
  }
  /** It is of the name and code of the room that is here. */
  const isHere = ({ name, code }: Aim): boolean => where.kind === 'in' && where.plan.room === name && where.plan.code === code

  /** Throws what can be known without entering: a code that is another one, and, where a room would be left for it, that nobody answers. */
  const refuseWay = async (aim: Aim, end: number): Promise<void> => {
    const way = await tryWay(aim, end - performance.now())
    if (way === 'other-code')
      throw new Failure('other-code', `${capital(aim.text)} has another code${aim.orElse}.`, { name: aim.name })
    if (way === 'silent' && where.kind === 'in' && !aim.isKnown) {
      throw new Failure('room-not-found', `Nobody of ${aim.text} answers.`)
    }
  }

  const join = async (
    target: JoinTarget,
    { force, deadlineMillis }: Parameters<Seat['join']>[1],
    signal: AbortSignal,
  ): Promise<Joined> => {
    const end = performance.now() + deadlineMillis
    const { here } = surroundings()
    const isOwn = (room: string | undefined): boolean => room !== undefined && here?.id.startsWith(room) === true
    if (here !== undefined && isOwn(target.room)) return { room: here.id, archive: undefined }
    const aim = await takeAim(target, end, signal)
    if (here !== undefined && isOwn(aim.room)) return { room: here.id, archive: undefined }
    if (where.kind === 'in' && isHere(aim)) {
      const { name, code, room, addresses } = aim
      const left = Math.max(1, end - performance.now())
      const joined = await where.peer.join({ name, code, room, addresses }, { force, deadlineMillis: left, signal })
      await remember()
      tell()
      return joined
    }
    await refuseWay(aim, end)
    refuseAborted(signal)
    if (where.kind === 'in' && here?.name === aim.name && where.peer.hasHistory() && !force) {
      throw new Failure(
        'room-has-history',
        `Something was done in the room “${here.name}” (${here.id.slice(0, 8)}) that is here.`,
      )
    }
    const peer = await change({ ...planOf(aim), leavesHistory: force }, signal, end)
    return { room: peer.status().room.id, archive: archived }
  }

  /** Goes on from what is good of a damaged log, in a new room. */
  const refoundDamaged = (plan: Plan): Promise<Refounded> =>
    takeTurn((signal) =>
      attempt(async () => {
        const { openSalvage } = await import('./refound-stored.ts')
        const open = await openSalvage(config.profile, plan.room, (done, total) => options.onProgress('check', done, total), true)
        const salvaged = await open?.goOn().finally(() => open.close())
        const peer = await enterRoom({ ...plan, entry: { kind: 'join', room: undefined }, refetch: false }, signal)
        return { room: peer.status().room.id, archive: salvaged?.archive, resubmitted: 0 }
      }),
    )

  const verifyCopy = async function* (plan: Plan, signal: AbortSignal | undefined): AsyncGenerator<VerifyStep> {
    const { openCopy, rowsOf, verifyLogBlocks } = await import('./stored-log.ts')
    const copy = await openCopy(config.profile, plan.room, true).catch((error: unknown) => {
      throw damaged === plan ? error : notDamaged()
    })
    try {
      // On the way into a room the log goes elsewhere, and what was copied meanwhile may be half of another one.
      if (damaged !== plan) throw notDamaged()
      yield* verifyLogBlocks(rowsOf(copy, 'all', () => signal && refuseAborted(signal)))
    } finally {
      await copy.close()
    }
  }

  const create = async (plan: NewRoom, signal: AbortSignal): Promise<CreatedRoom> => {
    if ((where.kind === 'in' && where.plan.room === plan.name) || (await hasRoom(config.profile, plan.name))) {
      throw new Failure('room-known', `A room “${plan.name}” is kept here already: go back to it, or take another name.`)
    }
    const code = plan.code === 'new' ? newRoomCode() : plan.code
    const { name: room, currency, deposits } = plan
    const peer = await change({ ...usualPlan, room, code, currency, deposits, entry: { kind: 'create' } }, signal)
    return { room: peer.status().room.id, link: peer.link(), code }
  }

  return {
    catalogue: options.catalogue,
    tokens: options.tokens,
    log: options.log,
    get gateway() {
      return options.gateway()
    },
    get peer() {
      return where.kind === 'in' ? where.peer : undefined
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    rooms() {
      const heard = sightings()
      const gateway = options.gateway()
      return {
        self: identity.self,
        name,
        state: where.kind,
        ...(gateway !== undefined && { gateway }),
        ...(where.kind !== 'none' && { room: roomOf(where) }),
        ...(where.kind === 'entering' && {
          waiting: {
            seconds: Math.floor((performance.now() - where.since) / 1_000),
            why: first(where.waiting?.why ?? [], bounds.reasons),
            reasons: where.waiting === undefined ? [] : first(toReasons(where.waiting), bounds.reasons),
            ...((where.waiting?.notices.length ?? 0) > 0 && { notices: newest(where.waiting?.notices ?? [], bounds.notices) }),
          },
        }),
        inSight: roomsInSight(heard, where.kind === 'in' ? where.peer : undefined),
        looking: lookingPeers(heard),
        known: first(known, bounds.knownRooms).map(({ id, name }) => ({ id, name })),
        ...(failed !== undefined && { failed }),
      }
    },
    rest: () => goTo({ kind: 'none' }),
    enter: (plan) => takeTurn((signal) => attempt(() => enterRoom(plan, signal))),
    create: (plan) => takeTurn((signal) => attempt(() => create(plan, signal))),
    join: (target, options) => takeTurn((signal) => attempt(() => join(target, options, signal))),
    async cancel() {
      turns.callOff()
      await turns.settled()
    },
    async leave({ stay }) {
      const id = where.kind === 'in' ? where.peer.status().room.id : undefined
      if (!stay) {
        options.onLeave()
        return id
      }
      await takeTurn(async () => {
        await leaveHere()
        failed = undefined
        goTo({ kind: 'none' })
        // Where the disk fails at that, the next start is in the room again, and whoever asked hears why.
        await profile.changeSettings({ isOut: true })
      })
      return id
    },
    async rename(next) {
      await profile.changeSettings({ name: next })
      name = next
      if (where.kind === 'in') where.peer.rename(next)
    },
    async refound(options) {
      // One that is on its way into a room is not called off for it.
      if (where.kind === 'none' && damaged !== undefined) return refoundDamaged(damaged)
      if (where.kind !== 'in') throw new Failure('no-room', 'In no room yet: there is nothing to go on from.')
      const { peer } = where
      return takeTurn(async () => {
        const refounded = await peer.refound(options)
        await remember()
        return refounded
      })
    },
    verifyDamaged(signal) {
      if (damaged === undefined || where.kind !== 'none') throw notDamaged()
      return verifyCopy(damaged, signal)
    },
    async diagnosis() {
      // Loaded when it is asked for.
      const { createCheck } = await import('./check.ts')
      check ??= createCheck(config.mdns)
      return check(where.kind === 'none' ? undefined : { ...where.plan, peer: where.kind === 'in' ? where.peer : undefined })
    },
    async close(deadlineMillis) {
      const end = performance.now() + deadlineMillis
      isClosed = true
      turns.callOff()
      ears.stop()
      // What is in the middle of a change ends in a room, in none, or late.
      await within(deadlineMillis, turns.settled())
      await leaveHere(Math.max(0, end - performance.now()))
      await turns.settled()
      if (where.kind === 'in') await where.peer.stopped
    },
    hurry() {
      if (where.kind === 'in') void where.peer.stop(0)
    },
  }
}

/** Of a plan what a person need not say. */
const usualPlan = {
  isNewCode: false,
  currency: 'EUR',
  deposits: 'open',
  bootstrap: [] as readonly string[],
  waitMillis: undefined,
  refetch: false,
  leavesHistory: false,
} as const

const planOf = ({ name, code, room, addresses }: Aim): Plan => ({
  ...usualPlan,
  room: name,
  code,
  entry: { kind: 'join', room },
  bootstrap: addresses,
})

const roomOf = (where: Exclude<Where, { kind: 'none' }>): RoomsView['room'] =>
  where.kind === 'in'
    ? { name: where.plan.room, id: where.peer.status().room.id }
    : {
        name: where.plan.room,
        ...(where.plan.entry.kind === 'join' && where.plan.entry.room !== undefined && { id: where.plan.entry.room }),
      }

/** Where nothing came of it before anything was written. */
const safe: ReadonlySet<FailureCode> = new Set(['room-not-found', 'log-gone', 'stopping'])

const isDamage = (error: unknown): boolean => error instanceof Failure && error.code === 'store-damaged'

const notDamaged = (): Failure => new Failure('not-damaged', 'No damaged log keeps this peer out of a room.')

const stopping = (): Failure => new Failure('stopping', 'This peer is stopping.')

function within(millis: number, task: Promise<void>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, millis)
  })
  return Promise.race([task, late]).finally(() => clearTimeout(timer))
}
