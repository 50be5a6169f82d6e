import { assert } from '../core/assert.ts'
import type { Failure } from '../core/failure.ts'
import type { PeerId } from '../core/ids.ts'
import { frameBytesMax } from '../core/limits.ts'
import type { Market } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import { decodeFrame, encodeFrame, type Message, topicOf } from '../ring/message.ts'
import { ringLimits } from '../ring/timing.ts'
import type { Input, Output, Persist, Replica } from '../ring/types.ts'
import { applySliceOps, createApplier } from './applier.ts'
import type { PeerContext } from './context.ts'
import { createPersistQueue } from './disk.ts'
import type { Intake } from './intake.ts'
import type { Clock, Topic } from './ports.ts'
import type { Proposals } from './proposals.ts'
import { toAppliedBlock } from './replay.ts'
import { createServer, isFetch } from './serving.ts'
import type { SnapshotKeeper } from './snapshots.ts'

/** Above this many members not everyone has a stream to everyone: blocks go over the mesh too (PROTOCOL, section 3, Ways). */
const streamMembersMax = 32

/** The one loop that carries out what the ring decides: one input, all its outputs in order, then the next input. */
export interface Driver {
  input(input: Input): void
  /** Looks for submissions soon, when what the peer is busy with just now is done. */
  wake(): void
  /** Resolves when the market has all that is committed, and everything that the ring wanted on disk is there, or a write has failed. */
  flushed(): Promise<void>
  /** Resolves when the market has all that is known to be committed, and little waits for the disk. */
  ready(): Promise<void>
  /** No input is taken, and nothing is served, any more. */
  close(): void
  /** The first failed write. */
  readonly failed: Failure | undefined
  /** Operations went into this peer's log since it started, whosever they are, and whatever became of them. */
  readonly hasWritten: boolean
}

/** What the loop drives. */
export interface Engine {
  readonly replica: Replica
  readonly market: Market
  /** Asked before every input for what was submitted, so that no turn passes without it. */
  readonly proposals: Pick<Proposals, 'collect' | 'settle'>
  readonly snapshots: Pick<SnapshotKeeper, 'onApplied' | 'onPersisted'>
  readonly intake: Pick<Intake, 'expect'>
  /** For evidence: see the persist queue. */
  readonly freeSlots: readonly number[]
}

export function createDriver(context: PeerContext, engine: Engine): Driver {
  const { replica, market, proposals, snapshots, intake } = engine
  const { store, transport, clock, logger, identity } = context.ports
  const { self, crypto } = identity
  const { recorder } = context
  let inputs: Input[] = []
  let running = false
  let woken = false
  let closed = false
  let hasWritten = false
  /** Own blocks up to here went out on the topic `log`. */
  let gossiped = replica.view.head.index

  const alarm = createAlarm(clock, () => input({ kind: 'tick' }))
  const disk = createPersistQueue({
    store,
    crypto,
    clock,
    freeSlots: engine.freeSlots,
    onPersisted(id, meta) {
      context.tell({ kind: 'persisted', id, meta })
      snapshots.onPersisted(meta)
      input({ kind: 'persisted', id })
    },
    onFailed(failure) {
      context.tell({ kind: 'failed', failure })
      input({ kind: 'persist-failed' })
    },
  })

  const input = (next: Input): void => {
    if (closed) return
    if (isFetch(next)) return server.ask(next)
    put(next)
  }

  const put = (next: Input): void => {
    inputs.push(next)
    run()
  }

  const run = (): void => {
    if (running) return
    running = true
    try {
      for (let next = take(); next !== undefined; next = take()) {
        for (const output of replica.step(clock.monotonic(), next)) carryOut(output)
        if (isFetch(next)) server.asked(next.from)
      }
    } catch (error) {
      stop(error)
    } finally {
      running = false
    }
  }

  const take = (): Input | undefined => (closed ? undefined : (proposals.collect() ?? inputs.shift()))

  /** A bug is not spread: the peer takes no more part (STYLE, Errors). */
  const stop = (error: unknown): void => {
    if (closed) return
    close()
    applier.close()
    logger.error('ring-broken', { error })
    context.tell({ kind: 'stopped', reason: { kind: 'bug', message: error instanceof Error ? error.message : String(error) } })
  }

  const close = (): void => {
    closed = true
    inputs = []
    alarm.cancel()
    server.close()
  }

  const carryOut = (output: Output): void => {
    switch (output.kind) {
      case 'persist':
        disk.add(output)
        hasWritten ||= output.blocks.some(({ body }) => body.kind === 'ops')
        gossipBlocks(output)
        return
      case 'send':
        send(output.to, output.lamport, output.message)
        return
      case 'gossip':
        gossip(topicOf(output.message), output.lamport, output.message)
        if (output.message.kind === 'announce') context.tell({ kind: 'announced', author: self, ops: output.message.ops })
        return
      case 'apply':
        return applier.add(output.blocks)
      case 'serve':
        server.serve(output)
        return
      case 'wake':
        if (!closed) alarm.set(output.at)
        return
      case 'note':
        context.tell({ kind: 'note', note: output.note })
        return
      case 'stopped':
        if (closed) return
        close()
        context.tell({ kind: 'stopped', reason: output.reason })
    }
  }

  const send = (to: readonly PeerId[], lamport: number, message: Message): void => {
    if (to.length === 0) return
    const frame = encode(lamport, message)
    if (frame === undefined) return
    if (recorder.isOn) recorder.sent(to, lamport, message, frame)
    // What is asked for in bulk is asked for there, too: without a connection the answer could not come.
    const isBulk = message.kind === 'fetch'
    for (const peer of to) {
      if (isBulk) intake.expect(peer)
      if (isBulk) void transport.sendBulk(peer, frame)
      else transport.send(peer, frame)
    }
  }

  const gossip = (topic: Topic | undefined, lamport: number, message: Message): void => {
    assert(topic !== undefined, `${message.kind} has no topic`)
    const frame = encode(lamport, message)
    if (frame === undefined) return
    if (recorder.isOn) recorder.sent(undefined, lamport, message, frame)
    transport.gossip(topic, frame)
  }

  /** A frame over the limit would be held against this peer by all others: better none, and a line that says so. */
  const encode = (lamport: number, message: Message): Uint8Array | undefined => {
    const frame = encodeFrame(lamport, message)
    if (frame.length <= frameBytesMax) return frame
    logger.error('frame-too-large', { kind: message.kind, bytes: frame.length })
    return undefined
  }

  const server = createServer(context, {
    fetchedBytes: (context.options.limits ?? ringLimits).fetchedBytes,
    isBusy: () => work.isBusy(),
    isMember: (peer) => !replica.view.active || replica.view.members.includes(peer),
    put,
    onSent(to, frame) {
      const decoded = recorder.isOn ? decodeFrame(frame, crypto) : undefined
      if (decoded?.kind === 'frame') recorder.sent([to], decoded.lamport, decoded.message, frame)
    },
  })

  const gossipBlocks = ({ cutFrom, blocks }: Persist): void => {
    if (cutFrom !== undefined) gossiped = Math.min(gossiped, cutFrom - 1)
    // A learner that listens has no use for them: it takes committed blocks, by catching up.
    if (replica.view.members.length <= streamMembersMax) return
    const { installed, incarnation, commit, lamport } = replica.view
    const own = blocks.filter(
      ({ author, body, index }) => author === self && body.kind === 'ops' && body.incarnation === incarnation && index > gossiped,
    )
    const last = own.at(-1)
    if (last === undefined) return
    gossiped = last.index
    gossip('log', lamport, { kind: 'blocks', epoch: installed, blocks: own, commit })
  }

  const applier = createApplier({
    clock,
    sliceOps: context.options.applySliceOps ?? applySliceOps,
    apply: (block) => apply(block),
    onSlice: run,
    onError: stop,
  })

  const work = createWork(clock)

  const apply = (block: Block): void => {
    // The snapshot that the market started from may be newer than the commit that the ring knew of.
    if (block.index <= market.index) return
    assert(block.index === market.index + 1, `block ${block.index} was to be applied after ${market.index}`)
    const outcomes = market.apply(toAppliedBlock(block))
    work.did(outcomes.length)
    proposals.settle(block, outcomes)
    context.tell({ kind: 'applied', block, outcomes })
    // Between two answers of a long log nothing waits, and yet it comes in.
    snapshots.onApplied(block, applier.isBehind || (!replica.view.active && replica.view.behind > 0))
    inputs.push({ kind: 'applied', index: block.index, stateHash: market.stateHash })
  }

  return {
    input,
    wake() {
      if (woken) return
      woken = true
      // Not a microtask: callers that are still to resume in this turn of the event loop share the input.
      clock.soon(() => {
        woken = false
        run()
      })
    },
    async ready() {
      await applier.idle()
      await disk.hasRoom()
    },
    async flushed() {
      await applier.idle()
      await disk.idle()
    },
    close,
    get failed() {
      return disk.failed
    },
    get hasWritten() {
      return hasWritten
    },
  }
}

/** A room in which so many operations a second are done is busy. */
const busyOps = 20

/** How much was done in the room lately: in the second that is on, or in the one before it. */
export function createWork(clock: Pick<Clock, 'monotonic'>) {
  let since = clock.monotonic()
  let before = 0
  let now = 0
  const look = (): void => {
    const passed = clock.monotonic() - since
    if (passed < 1_000) return
    before = passed < 2_000 ? now : 0
    now = 0
    since += passed
  }
  return {
    did(operations: number) {
      look()
      now += operations
    },
    isBusy() {
      look()
      return Math.max(before, now) >= busyOps
    },
  }
}

export interface Alarm {
  /** Rings once at this monotonic time, and not at any time set before. */
  set(time: number): void
  cancel(): void
}

/**
 * One timer for a time that changes with every step. Moving it later costs nothing: the timer goes off early, sees that
 * it is not time yet, and is set again.
 */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let due = Number.POSITIVE_INFINITY
  let timer: { readonly at: number; readonly cancel: () => void } | undefined

  const arm = (): void => {
    if (due === Number.POSITIVE_INFINITY || (timer !== undefined && timer.at <= due)) return
    timer?.cancel()
    timer = { at: due, cancel: clock.at(due, wake) }
  }

  const wake = (): void => {
    timer = undefined
    if (clock.monotonic() < due) arm()
    else {
      due = Number.POSITIVE_INFINITY
      ring()
    }
  }

  return {
    set(time) {
      due = time
      arm()
    },
    cancel() {
      timer?.cancel()
      timer = undefined
      due = Number.POSITIVE_INFINITY
    },
  }
}
