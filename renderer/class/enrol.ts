import type { Outcome } from '../room/outcome.ts'
import type { Step } from './plan.ts'

/** The steps of one line, done one after the other: a deposit needs its account. */
export interface Job {
  readonly line: number
  readonly steps: readonly Step[]
}

/** Several at once share a turn of the token, and one block. */
const togetherMax = 16

export interface EnrolOptions {
  ask(step: Step): Promise<Outcome>
  /** Called before and after each step. */
  onOutcome(job: Job, step: Step, outcome: Outcome): void
  /** Aborted: nothing more is begun; what is under way is still waited for. */
  readonly signal: AbortSignal
}

/**
 * Does all jobs, as many at once as fit one turn. Resolves with why it is over: `done`; `stopped`, by the signal; `unanswered`, since
 * an operation got no answer in time: the room waits, and more of them would wait as well.
 */
export async function enrol(
  jobs: readonly Job[],
  { ask, onOutcome, signal }: EnrolOptions,
): Promise<'done' | 'stopped' | 'unanswered'> {
  const queue = jobs.values()
  let isUnanswered = false
  const work = async (): Promise<void> => {
    // All workers take from the one queue.
    for (const job of queue) {
      for (const step of job.steps) {
        if (signal.aborted || isUnanswered) return
        onOutcome(job, step, { kind: 'pending' })
        const outcome = await ask(step)
        onOutcome(job, step, outcome)
        if (outcome.kind === 'unsettled') isUnanswered = true
        if (outcome.kind !== 'committed') break
      }
      if (signal.aborted || isUnanswered) return
    }
  }
  await Promise.all(Array.from({ length: togetherMax }, work))
  return isUnanswered ? 'unanswered' : signal.aborted ? 'stopped' : 'done'
}
