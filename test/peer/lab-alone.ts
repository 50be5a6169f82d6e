import type { PeerId } from '../../src/core/ids.ts'
import { createClock } from '../../src/io/clock.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Outcome } from '../../src/market/outcome.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { createExperiments, type Experiments } from '../../src/peer/experiments.ts'
import { decodeLabFrame } from '../../src/peer/lab-frame.ts'
import type { Receipt } from '../../src/peer/peer.ts'
import type { Clock, Transport } from '../../src/peer/ports.ts'
import type { TokenListener } from '../../src/peer/ring-notes.ts'
import type { Block } from '../../src/ring/block.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

export const ana = peerNamed('A')
let open: Experiments | undefined
export function endRoom(): void {
  open?.close()
  open = undefined
}

/** So many milliseconds is the room clock ahead of the monotonic one. */
export const roomAhead = 1_000_000_000

export type Written = { readonly outcome: Outcome; readonly number: number }

export interface RoomOptions {
  /** Default: Ana alone. */
  readonly members?: readonly PeerId[]
  /** Default: Ana. */
  readonly founder?: PeerId
  readonly clock?: Clock
  /** Whether the peer takes part in the room. Default: it does. */
  readonly active?: boolean
  /** Default: 1. */
  readonly incarnation?: number
  /** Set up as the peer starts, from block 2 on, and still running. */
  readonly running?: readonly Operation[]
  /** What the room refuses. Default: nothing. */
  readonly refusal?: (operation: Operation) => Outcome | undefined
  readonly ownAlgorithms?: NonNullable<PeerOptions['ownAlgorithms']>
}

/** Ana's lab in her room, the others of which say nothing. `tell`: what is between the log's having an operation and its submitter's being told so. */
export async function roomOfAna(
  tell: (operation: Operation, written: Written) => Promise<void> = async () => {},
  {
    members = [ana],
    founder = ana,
    clock = createClock(),
    active = true,
    incarnation = 1,
    refusal = () => undefined,
    running = [],
    ownAlgorithms,
  }: RoomOptions = {},
) {
  const logger = createListeningLogger()
  const said: unknown[] = []
  const transport = {
    send: () => {},
    gossip(_topic, bytes) {
      const decoded = decodeLabFrame(bytes)
      if (decoded.kind === 'frame') said.push(decoded.frame)
    },
  } as Partial<Transport> as Transport
  const { context, news } = createTestContext(ana, { logger, clock, transport }, { ...(ownAlgorithms && { ownAlgorithms }) })
  const opsAt = (index: number, operations: readonly Operation[]): Block => {
    const ops = operations.map((operation) => encodeSubmission({ request: undefined, operation }))
    return { index, time: 0, body: { kind: 'ops', firstSequence: 1, ops } } as unknown as Block
  }
  const runs = running.flatMap((operation, at) =>
    operation.kind === 'record-experiment' ? [[operation.section, { number: at + 1, block: 2 }] as const] : [],
  )
  const market = { experiments: { running: new Map(runs), nextNumber: runs.length + 1 }, index: 1 }
  const view = { members, active, viewIndex: 1, incarnation, time: (now: number) => now + roomAhead }
  const viewAt = (index: number): Block =>
    ({ index, time: 0, epoch: { number: 1, initiator: ana }, body: { kind: 'view', members, lost: [] } }) as unknown as Block
  const tokenListeners = new Set<TokenListener>()
  let blocks = 1
  let experiments = runs.length
  const apply = (operation: Operation, outcome: Outcome, isRepeat = false): void => {
    const block = opsAt(++blocks, [operation])
    context.tell({ kind: 'applied', block, outcomes: [{ sequence: 1, outcome, ...(isRepeat && { isRepeat }) }] })
  }
  const submit = async (operation: Operation): Promise<Receipt> => {
    if (operation.kind !== 'record-experiment') throw new Error('only the lab writes here')
    const isSetup = operation.what === 'setup'
    if (isSetup) experiments++
    const number = isSetup ? experiments : operation.experiment
    const { section } = operation
    const event = isSetup
      ? ({ kind: 'experiment-started', experiment: number, section } as const)
      : ({ kind: 'experiment-ended', experiment: number, section, what: operation.what === 'stop' ? 'stop' : 'result' } as const)
    const outcome: Outcome = { accepted: true, events: [event] }
    await tell(operation, { outcome, number: -1 })
    const refused = refusal(operation)
    if (refused !== undefined) return { outcome: refused } as Receipt
    apply(operation, outcome)
    await tell(operation, { outcome, number })
    return { outcome } as Receipt
  }
  const lab = await createExperiments({
    context,
    market: market as never,
    view: view as unknown as ReplicaView,
    notes: {
      hearToken(listener) {
        tokenListeners.add(listener)
        return () => tokenListeners.delete(listener)
      },
    },
    viewBlocks: [viewAt(1)],
    founder,
    readBlock: async (index) => (index === 2 ? opsAt(2, running) : undefined),
    submit,
  })
  open = lab
  const enterView = (): void => context.tell({ kind: 'applied', block: viewAt(++blocks), outcomes: [] })
  return { lab, logger, news, said, submit, apply, enterView, tokenListeners }
}
