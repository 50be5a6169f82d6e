import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { decodeFrame } from '../ring/message.ts'
import type { ReplicaView } from '../ring/types.ts'
import { detailOf, type FrameDetail } from './frame-detail.ts'
import type { FrameRecord, LabFrame } from './lab-frame.ts'
import { createNewest } from './newest.ts'
import { boundsOf, isBelieved, isLie } from './record-bounds.ts'
import { recording } from './recording.ts'
import { createRingSteps, frameId, type RingStep, type SeenBlock } from './ring-steps.ts'

export type RecordsFrame = Extract<LabFrame, { kind: 'records' }>

/** What those who watch the ring here are told: its steps as this peer and others recorded them, so many of them at a time. */
export interface RingWatch {
  readonly isWatched: boolean
  /** Another room, or a new start in it: nothing of the one before is known any more. */
  restart(): void
  /** From now on, until the returned function is called; nothing of what was seen is kept after the last. */
  add(listener: (step: RingStep) => void, recorders: readonly PeerId[]): () => void
  /** This peer sent or received it, and this is the frame. */
  tellOwn(seen: FrameRecord, frame: Uint8Array, view: ReplicaView, now: number): void
  /** What another peer recorded, as far as it can be. Answers how many of its records no honest peer makes. */
  tellOthers(from: PeerId, said: RecordsFrame, view: ReplicaView, now: number): number
  tellBlock(block: SeenBlock, now: number): void
  /** So many were not recorded here. */
  miss(count: number): void
  /** Tells what was held back and is now due, who records, and what was missed. Call it at each beat. */
  look(now: number, recorders: readonly PeerId[]): void
  frame(id: string): FrameDetail | undefined
  close(): void
}

export interface RingWatchOptions {
  readonly self: PeerId
  readonly crypto: Crypto
  /** The room clock, by the monotonic one. */
  timeAt(now: number): number
  /** Not each own frame is recorded just now. */
  isSampling(): boolean
}

/** What one batch may say it missed: a number on a screen, no more. */
const missedMax = 1_000_000

export function createRingWatch({ self, crypto, timeAt, isSampling }: RingWatchOptions): RingWatch {
  const listeners = new Set<(step: RingStep) => void>()
  let steps = createRingSteps()
  let kept = createKeptFrames()
  let recordersTold = ''
  let budget = { frame: 0, token: 0, block: 0 }
  let untold = 0

  const forget = (): void => {
    steps = createRingSteps()
    kept = createKeptFrames()
  }

  const show = (told: readonly RingStep[]): void => {
    for (const step of told) {
      if (step.kind === 'frame' && ++budget.frame > recording.toldFrames) untold++
      else if (step.kind === 'token' && ++budget.token > recording.toldMoves) untold++
      else if (step.kind === 'block' && ++budget.block > recording.toldBlocks) untold++
      else for (const listener of listeners) listener(step)
    }
  }

  const stepsOf = (by: PeerId, seen: FrameRecord, view: ReplicaView, now: number): readonly RingStep[] =>
    steps.frame(by, seen, now, isBelieved(by, seen, view, steps.turnTold))

  /** What this peer has sent since somebody watches it knows first: the rest was before that, or never. */
  const isOwnUnknown = (from: PeerId, seen: FrameRecord): boolean =>
    seen.way === 'received' && seen.from === self && !isSampling() && steps.frameOf(idOfReceived(from, seen)) === undefined

  return {
    get isWatched() {
      return listeners.size > 0
    },
    restart: forget,
    add(listener, recorders) {
      const own = (step: RingStep): void => listener(step)
      if (listeners.size === 0) {
        steps = createRingSteps()
        untold = 0
      }
      listeners.add(own)
      recordersTold = String(recorders)
      own({ kind: 'recorders', peers: recorders })
      return () => {
        if (listeners.delete(own) && listeners.size === 0) forget()
      }
    },
    tellOwn(seen, frame, view, now) {
      const told = stepsOf(self, seen, view, now)
      const step = told[0]
      if (step?.kind === 'frame') kept.set(step.id, frame)
      show(told)
    },
    tellOthers(from, said, view, now) {
      untold += Math.min(said.missed, missedMax)
      const bounds = boundsOf(view, 1)
      const time = timeAt(now)
      let lies = 0
      for (const seen of said.records) {
        if (isLie(from, seen, bounds)) lies++
        else if (Math.abs(seen.at - time) > recording.timeSlack) untold++
        else if (!isOwnUnknown(from, seen)) show(stepsOf(from, seen, view, now))
      }
      untold += lies
      return lies
    },
    tellBlock(block, now) {
      // Blocks of long ago come while a peer catches up: they are no news of the ring.
      if (block.time > timeAt(now) - recording.timeSlack) show(steps.block(block, now))
    },
    miss(count) {
      untold += count
    },
    look(now, recorders) {
      budget = { frame: 0, token: 0, block: 0 }
      show(steps.look(now, timeAt(now)))
      if (String(recorders) !== recordersTold) {
        recordersTold = String(recorders)
        show([{ kind: 'recorders', peers: recorders }])
      }
      if (untold > 0) show([{ kind: 'missed', count: untold }])
      untold = 0
    },
    frame(id) {
      const step = steps.frameOf(id)
      if (step === undefined || listeners.size === 0) return undefined
      const frame = kept.get(id)
      const decoded = frame && decodeFrame(frame, crypto)
      return detailOf(step, frame && decoded?.kind === 'frame' ? { frame, message: decoded.message } : undefined)
    },
    close() {
      listeners.clear()
      forget()
    },
  }
}

/** Own frames as they travelled. */
const createKeptFrames = () => createNewest<Uint8Array>(recording.keptFrames, recording.keptBytes, (frame) => frame.length)

function idOfReceived(by: PeerId, seen: FrameRecord & { readonly way: 'received' }): string {
  return frameId({ from: seen.from, to: seen.topic === undefined ? by : '', lamport: seen.lamport })
}
