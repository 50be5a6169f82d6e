import { assert } from '../core/assert.ts'
import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { frameBytesMax } from '../core/limits.ts'
import type { AppliedOutcome, Market } from '../market/types.ts'
import { type Block, decodeBlock } from '../ring/block.ts'
import { encodeFrame } from '../ring/frame.ts'
import { type Message, topicOf } from '../ring/message.ts'
import { fetchedBytesMax } from '../ring/timing.ts'
import type { DiskMeta, Input, Note, Output, Persist, Replica, StopReason } from '../ring/types.ts'
import { createAlarm } from './alarm.ts'
import { toAppliedBlock } from './apply.ts'
import { createPersistQueue } from './persist-queue.ts'
import type { Failure, Ports, Topic } from './ports.ts'

/** Above this many members not everyone has a stream to everyone: blocks go over the mesh too (PROTOCOL 3, Ways). */
const streamMembersMax = 32

/** The one loop that carries out what the ring decides: one input, all its outputs in order, then the next input. */
export interface Driver {
  input(input: Input): void
  /** Looks for submissions soon, when what the peer is busy with just now is done. */
  wake(): void
  /** Resolves when everything that the ring wanted on disk is there, or a write has failed. */
  flushed(): Promise<void>
  /** No input is taken any more. */
  close(): void
  readonly failed: Failure | undefined
}

export interface DriverOptions {
  readonly ports: Pick<Ports, 'store' | 'transport' | 'clock' | 'logger'> & { readonly crypto: Crypto }
  readonly self: PeerId
  readonly replica: Replica
  readonly market: Market
  /** What was submitted and not handed over yet; asked before every input, so that no turn passes without it. */
  readonly collect: () => Input | undefined
  readonly onApplied: (block: Block, outcomes: readonly AppliedOutcome[]) => void
  readonly onPersisted: (meta: DiskMeta) => void
  readonly onAnnounced: (message: Extract<Message, { kind: 'announce' }>) => void
  readonly onNote: (note: Note) => void
  readonly onFailed: (failure: Failure) => void
  readonly onStopped: (reason: StopReason) => void
}

export function createDriver(options: DriverOptions): Driver {
  const { replica, market, self, collect } = options
  const { store, transport, clock, logger, crypto } = options.ports
  let inputs: Input[] = []
  let running = false
  let woken = false
  let closed = false
  /** Own blocks up to here went out on the topic `log`. */
  let gossiped = replica.view.head.index

  const alarm = createAlarm(clock, () => input({ kind: 'tick' }))
  const disk = createPersistQueue(
    store,
    (id, meta) => {
      options.onPersisted(meta)
      input({ kind: 'persisted', id })
    },
    (failure) => {
      options.onFailed(failure)
      input({ kind: 'persist-failed' })
    },
  )

  const input = (next: Input): void => {
    inputs.push(next)
    run()
  }

  const run = (): void => {
    if (running) return
    running = true
    try {
      for (let next = take(); next !== undefined; next = take()) {
        for (const output of replica.step(clock.monotonic(), next)) carryOut(output)
      }
    } catch (error) {
      stop(error)
    } finally {
      running = false
    }
  }

  const take = (): Input | undefined => (closed ? undefined : (collect() ?? inputs.shift()))

  /** A bug is not spread: the peer takes no more part (STYLE, Errors). */
  const stop = (error: unknown): void => {
    close()
    logger.error('the ring stopped: a bug', { error })
    options.onStopped({ kind: 'bug', message: error instanceof Error ? error.message : String(error) })
  }

  const close = (): void => {
    closed = true
    inputs = []
    alarm.cancel()
  }

  const carryOut = (output: Output): void => {
    switch (output.kind) {
      case 'persist':
        disk.add(output)
        gossipBlocks(output)
        return
      case 'send':
        send(output.to, output.lamport, output.message)
        return
      case 'gossip':
        gossip(topicOf(output.message), output.lamport, output.message)
        if (output.message.kind === 'announce') options.onAnnounced(output.message)
        return
      case 'apply':
        for (const block of output.blocks) apply(block)
        return
      case 'serve':
        void serve(output)
        return
      case 'wake':
        alarm.set(output.at)
        return
      case 'note':
        options.onNote(output.note)
        return
      case 'stopped':
        close()
        options.onStopped(output.reason)
    }
  }

  const send = (to: readonly PeerId[], lamport: number, message: Message): void => {
    if (to.length === 0) return
    const frame = encode(lamport, message)
    if (frame === undefined) return
    const lane = message.kind === 'fetch' || message.kind === 'fetched' ? 'bulk' : 'ring'
    for (const peer of to) transport.send(peer, frame, lane)
  }

  const gossip = (topic: Topic | undefined, lamport: number, message: Message): void => {
    assert(topic !== undefined, `${message.kind} has no topic`)
    const frame = encode(lamport, message)
    if (frame !== undefined) transport.gossip(topic, frame)
  }

  /** A frame over the limit would be held against this peer by all others: better none, and a line that says so. */
  const encode = (lamport: number, message: Message): Uint8Array | undefined => {
    const frame = encodeFrame(lamport, message)
    if (frame.length <= frameBytesMax) return frame
    logger.error('a frame over its limit was not sent', { kind: message.kind, bytes: frame.length })
    return undefined
  }

  const gossipBlocks = ({ blocks }: Persist): void => {
    const { installed, incarnation, members, commit, lamport } = replica.view
    const own = blocks.filter(
      ({ author, body, index }) => author === self && body.kind === 'ops' && body.incarnation === incarnation && index > gossiped,
    )
    const last = own.at(-1)
    if (last === undefined) return
    gossiped = last.index
    if (members.length <= streamMembersMax && !transport.hasOutsideSubscribers('log', members)) return
    gossip('log', lamport, { kind: 'blocks', epoch: installed, blocks: own, commit })
  }

  const apply = (block: Block): void => {
    // The snapshot that the market started from may be newer than the commit that the ring knew of.
    if (block.index <= market.index) return
    assert(block.index === market.index + 1, `block ${block.index} was to be applied after ${market.index}`)
    const outcomes = market.apply(toAppliedBlock(block))
    options.onApplied(block, outcomes)
    inputs.push({ kind: 'applied', index: block.index, stateHash: market.stateHash })
  }

  const serve = async (asked: Extract<Output, { kind: 'serve' }>): Promise<void> => {
    try {
      const rows = await store.read(asked.from, asked.through, fetchedBytesMax)
      const blocks: Block[] = []
      for (const row of rows) {
        const decoded = decodeBlock(row.bytes, crypto)
        if ('value' in decoded) blocks.push(decoded.value)
      }
      if (closed || blocks.length === 0) return
      const { what, commit, head } = asked
      send([asked.to], asked.lamport, { kind: 'fetched', what, blocks, commit, head })
    } catch (error) {
      logger.warn('blocks for another peer could not be read', { from: asked.from, error })
    }
  }

  return {
    input(next) {
      if (!closed) input(next)
    },
    wake() {
      if (woken) return
      woken = true
      // Not a microtask: callers that are still to resume in this turn of the event loop share the input.
      setImmediate(() => {
        woken = false
        run()
      })
    },
    flushed: () => disk.idle(),
    close,
    get failed() {
      return disk.failed
    },
  }
}
