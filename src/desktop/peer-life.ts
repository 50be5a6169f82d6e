/** What the main process knows of the peer's process, and what it does about it: pure, so that every order of events can be tried. */
export type PeerLife =
  /** None: not started yet, or it was told to leave by the person, in a window or at the command line. */
  | { readonly kind: 'away'; readonly failures: number }
  /** None, while the machine sleeps. */
  | { readonly kind: 'asleep'; readonly failures: number }
  /** `since`: when it was started, in milliseconds of any clock that only goes forward. */
  | { readonly kind: 'running'; readonly since: number; readonly failures: number }
  /** It was told to leave the ring, and ends when it has. */
  | { readonly kind: 'leaving'; readonly next: 'sleep' | 'start' | 'quit'; readonly failures: number }
  /** It died, and is started again in a while. */
  | { readonly kind: 'waiting'; readonly failures: number }
  /** It said why it cannot start, and starting it again would not change that. */
  | { readonly kind: 'refused'; readonly failures: number }
  | { readonly kind: 'over'; readonly failures: number }

export type LifeInput =
  /** The app is there, or the person wants the peer back. */
  | { readonly kind: 'start' }
  /** The process says that it cannot start; it ends after that. */
  | { readonly kind: 'refused' }
  /** `hasLeft`: in good order, since it was asked to, by a window or the command line. */
  | { readonly kind: 'exited'; readonly hasLeft: boolean }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'quit' }
  /** The time of the last `alarm` is over. */
  | { readonly kind: 'alarm' }

export type LifeOutput =
  | { readonly kind: 'spawn' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'kill' }
  /** One at a time: it replaces the last one. */
  | { readonly kind: 'alarm'; readonly millis: number }
  | { readonly kind: 'quit' }

export interface LifeStep {
  readonly life: PeerLife
  readonly outputs: readonly LifeOutput[]
}

export const firstLife: PeerLife = { kind: 'away', failures: 0 }

/** How long leaving may take, in milliseconds: the peer's own deadline is 5 s. */
export const leaveMillisMax = 6_000
/** A peer that ran for so long was well: the next death is a first one. */
const wellMillis = 60_000
const restartMillisMin = 500
const restartMillisMax = 30_000

/** Twice as long after each death in a row. */
export const restartMillis = (failures: number): number =>
  Math.min(restartMillisMax, restartMillisMin * 2 ** Math.min(failures - 1, 16))

export function stepLife(life: PeerLife, input: LifeInput, now: number): LifeStep {
  switch (life.kind) {
    case 'over':
      return { life, outputs: [] }
    case 'running':
      return stepRunning(life, input, now)
    case 'leaving':
      return stepLeaving(life, input, now)
    default:
      return stepWithout(life, input, now)
  }
}

/** There is no process, or only one that is ending. */
function stepWithout(life: PeerLife, input: LifeInput, now: number): LifeStep {
  switch (input.kind) {
    case 'start':
      return spawn(now, 0)
    case 'resume':
      return life.kind === 'asleep' ? spawn(now, 0) : { life, outputs: [] }
    case 'alarm':
      return life.kind === 'waiting' ? spawn(now, life.failures) : { life, outputs: [] }
    case 'suspend':
      return life.kind === 'waiting' ? { life: { kind: 'asleep', failures: life.failures }, outputs: [] } : { life, outputs: [] }
    case 'quit':
      return { life: { kind: 'over', failures: life.failures }, outputs: [{ kind: 'quit' }] }
    default:
      return { life, outputs: [] }
  }
}

function stepRunning(life: PeerLife & { readonly kind: 'running' }, input: LifeInput, now: number): LifeStep {
  const { failures } = life
  switch (input.kind) {
    case 'refused':
      return { life: { kind: 'refused', failures }, outputs: [] }
    case 'exited': {
      if (input.hasLeft) return { life: { kind: 'away', failures: 0 }, outputs: [] }
      const count = now - life.since >= wellMillis ? 1 : failures + 1
      return { life: { kind: 'waiting', failures: count }, outputs: [{ kind: 'alarm', millis: restartMillis(count) }] }
    }
    case 'suspend':
      return leave('sleep', failures)
    case 'quit':
      return leave('quit', failures)
    default:
      return { life, outputs: [] }
  }
}

function stepLeaving(life: PeerLife & { readonly kind: 'leaving' }, input: LifeInput, now: number): LifeStep {
  const { next, failures } = life
  const instead = (other: typeof next): LifeStep => ({ life: { ...life, next: next === 'quit' ? 'quit' : other }, outputs: [] })
  switch (input.kind) {
    case 'alarm':
      return { life, outputs: [{ kind: 'kill' }] }
    case 'exited':
      if (next === 'start') return spawn(now, 0)
      return next === 'quit'
        ? { life: { kind: 'over', failures }, outputs: [{ kind: 'quit' }] }
        : { life: { kind: 'asleep', failures: 0 }, outputs: [] }
    case 'start':
    case 'resume':
      return instead('start')
    case 'suspend':
      return instead('sleep')
    case 'quit':
      return instead('quit')
    default:
      return { life, outputs: [] }
  }
}

function spawn(now: number, failures: number): LifeStep {
  return { life: { kind: 'running', since: now, failures }, outputs: [{ kind: 'spawn' }] }
}

function leave(next: 'sleep' | 'start' | 'quit', failures: number): LifeStep {
  return { life: { kind: 'leaving', next, failures }, outputs: [{ kind: 'leave' }, { kind: 'alarm', millis: leaveMillisMax }] }
}
