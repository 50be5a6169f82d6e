import type { MutexEvent } from './participant.ts'
import { type Entered, Referee, type TrialEvent } from './trial.ts'

/**
 * What happened in a run, in an order that extends happened-before: of a simulated room (see {@link stepsOfTrial}) and of the real
 * one, whose peers tell exactly this (`lab.events`). Times in milliseconds.
 */
export type RunStep = { readonly number: number; readonly at: number } & (
  | RunEvent
  | { readonly kind: 'view'; readonly epoch: number; readonly members: readonly string[] }
  | { readonly kind: 'violation'; readonly first: RunEntered; readonly second: RunEntered }
  /** So many events of that peer were not told. */
  | { readonly kind: 'missed'; readonly peer: string; readonly count: number }
  /** Only where nobody has to guess: in a simulated room. */
  | { readonly kind: 'crashed'; readonly peer: string }
)

/** One event of one peer. */
export interface RunEvent {
  /** Among all of the run. */
  readonly number: number
  readonly at: number
  readonly kind: 'event'
  readonly peer: string
  /** Among those of its peer: its own entry of `vector`. */
  readonly own: number
  readonly what: MutexEvent['what']
  readonly epoch: number
  /** Of a message: its other end. */
  readonly other?: string | undefined
  readonly message?: { readonly kind: string; readonly [field: string]: unknown } | undefined
  readonly purpose?: MutexEvent['purpose']
  readonly lamport: number
  readonly vector: readonly { readonly peer: string; readonly count: number }[]
}

export type RunEntered = Omit<Entered, 'peer'> & { readonly peer: string }

/** With the referee's word where it comes to it. */
export function stepsOfTrial(events: readonly TrialEvent[]): readonly RunStep[] {
  const referee = new Referee()
  const steps: RunStep[] = []
  for (const trial of events) {
    const known = referee.violations.length
    referee.observe(trial)
    const place = { number: steps.length + 1, at: trial.at }
    switch (trial.kind) {
      case 'view':
        steps.push({ ...place, kind: 'view', epoch: trial.view.epoch, members: trial.view.members })
        break
      case 'crashed':
        steps.push({ ...place, kind: 'crashed', peer: trial.peer })
        break
      case 'mutex':
        steps.push({ ...place, kind: 'event', ...eventOf(trial.peer, trial.event) })
    }
    for (const { first, second } of referee.violations.slice(known))
      steps.push({ number: steps.length + 1, at: trial.at, kind: 'violation', first, second })
  }
  return steps
}

function eventOf(peer: string, { what, epoch, peer: other, message, purpose, lamport, vector }: MutexEvent) {
  return {
    peer,
    own: Object.entries(vector).find(([known]) => known === peer)?.[1] ?? 0,
    what,
    epoch,
    ...(other !== undefined && { other }),
    ...(message !== undefined && { message: { ...message } }),
    ...(purpose !== undefined && { purpose }),
    lamport,
    vector: Object.entries(vector).map(([known, count]) => ({ peer: known, count })),
  }
}

export const eventsIn = (steps: readonly RunStep[]): readonly RunEvent[] =>
  steps.flatMap((step) => (step.kind === 'event' ? [step] : []))

/** In the order of the ring, as views name them; then those that no view names. */
export function peersIn(steps: readonly RunStep[]): readonly string[] {
  const peers = new Set<string>()
  for (const step of steps) if (step.kind === 'view') for (const member of step.members) peers.add(member)
  for (const step of steps) if (step.kind === 'event') peers.add(step.peer)
  return [...peers]
}
