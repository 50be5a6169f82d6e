import type { LabEvent, PeerEvent, Run, Step } from './types.ts'

/** What this page has heard of one run: its events in the order of this peer, and how it stood last. */
export interface History {
  readonly events: readonly LabEvent[]
  /** The same with times from the start of the run on: nobody reads years in a diagram. Both grow, `version` says when. */
  readonly sinceStart: readonly LabEvent[]
  readonly run: Run | undefined
  /** Its last state has come: nothing more will. */
  readonly isWhole: boolean
  /** Grows with all that is heard. */
  readonly version: number
  /** Where a stream goes on. */
  readonly last: number
  add(step: Step): void
  /** The stream has ended by itself. */
  close(): void
  /** Messages as they leave; until the returned function is called. */
  onSent(listener: (event: PeerEvent) => void): () => void
}

export function createHistory(): History {
  const events: LabEvent[] = []
  const sinceStart: LabEvent[] = []
  const listeners = new Set<(event: PeerEvent) => void>()
  let [run, isWhole, version, last]: [Run | undefined, boolean, number, number] = [undefined, false, 0, 0]
  return {
    events,
    sinceStart,
    get run() {
      return run
    },
    get isWhole() {
      return isWhole
    },
    get version() {
      return version
    },
    get last() {
      return last
    },
    add(step) {
      version++
      if (step.kind === 'state') {
        run = step.run
        return
      }
      // A stream that is opened again may tell once more what is here.
      if (step.number <= last) return
      last = step.number
      events.push(step)
      // A stream begins with the state of its run.
      sinceStart.push({ ...step, at: step.at - (run?.startedAt ?? 0) })
      if (step.kind === 'event' && step.what === 'sent') for (const listener of [...listeners]) listener(step)
    },
    close() {
      version++
      isWhole = run?.ended !== undefined
    },
    onSent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
