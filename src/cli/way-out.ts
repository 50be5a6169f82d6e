import type { RunningSeat } from '../app/start.ts'
import type { Terminal } from './terminal.ts'

/** What may end a peer, whoever or whatever asks for it. */
export type Cause =
  | { readonly kind: 'signal'; readonly signal: Signal }
  /** Nobody reads what it says any more: a pipe whose reader went away, a terminal that was closed, a full disk. */
  | { readonly kind: 'unheard' }
  /** It could not start, or not come into its room. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** Something was thrown that nobody caught. */
  | { readonly kind: 'bug'; readonly error: unknown }
  /** It has ended by itself, or was told to over a door. */
  | { readonly kind: 'over'; readonly hasLeft: boolean }

type Signal = (typeof signals)[number]

/**
 * How far it is on its way out, and the exit code that it is to have. `leaving`: the others are told, and may take a while to let it
 * go. `hurrying`: nobody is waited for, but disk and doors are closed in order. `gone`: not even that is waited for.
 */
export interface Way {
  readonly at: 'running' | 'leaving' | 'hurrying' | 'gone'
  readonly exitCode: number
}

/** The one table of what follows from what; the same way: nothing does. Only ever further out. Pure. */
export function wayAfter(way: Way, cause: Cause): Way {
  if (way.at === 'gone') return way
  switch (cause.kind) {
    case 'signal': {
      // The first one is an order that was carried out; who has to give it again did not wait for that (as shells count: 128 and it).
      const exitCode = 128 + signalNumbers[cause.signal]
      if (way.at === 'running') return { at: 'leaving', exitCode: 0 }
      return { at: way.at === 'leaving' ? 'hurrying' : 'gone', exitCode }
    }
    case 'unheard':
      return way.at === 'running' ? { at: 'leaving', exitCode: 0 } : way
    case 'failed':
    case 'bug':
      // What is broken says nothing more to the others.
      return way.at === 'hurrying' ? way : { at: 'hurrying', exitCode: 3 }
    case 'over':
      return { at: 'gone', exitCode: way.at === 'running' && !cause.hasLeft ? 3 : way.exitCode }
  }
}

export interface WayOut {
  /** What is to be stopped in order. Where something ended it before it was there, it is stopped at once. */
  guard(running: RunningSeat): void
  take(cause: Cause): void
  /** Resolves with the exit code when all is stopped; rejects then with what failed, where that was the cause. */
  readonly ended: Promise<number>
}

/** How long each part of the way may take, in milliseconds: what still holds the process then is not waited for. */
const leaveMillis = 5_000
const hurryMillis = 1_500
/** `timeout` and others send a signal to the process and to its group: one order. No person asks twice within so many milliseconds. */
const sameOrderMillis = 1
/** Of leaving, what is kept for sockets and files that do not close by themselves. */
const closeMillis = 500

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
const signals = Object.keys(signalNumbers) as readonly (keyof typeof signalNumbers)[]

/**
 * Every way out of the process of a peer, from its first moment on. However many causes there are, the peer is stopped once: it
 * leaves the ring where it can, its disk is flushed, its doors are closed, and its lock is released last. `onLeaving`: what was the
 * first cause of all.
 */
export function createWayOut(terminal: Terminal, onLeaving: (cause: Cause) => void): WayOut {
  const ended = Promise.withResolvers<number>()
  let way: Way = { at: 'running', exitCode: 0 }
  let running: RunningSeat | undefined
  let timer: NodeJS.Timeout | undefined
  let failed: { readonly error: unknown } | undefined
  ended.promise.catch(() => {})

  /** What is acknowledged is on disk, and the lock of a process that is gone holds nobody. */
  const exitAfter = (millis: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      terminal.note('Stopped without waiting any longer for disk and network.')
      process.exit(way.exitCode)
    }, millis)
    timer.unref()
  }

  const stop = (): void => void running?.stop(way.at === 'leaving' ? leaveMillis - closeMillis : 0)

  const take = (cause: Cause): void => {
    const before = way
    way = wayAfter(before, cause)
    if (cause.kind === 'bug') tellBug(terminal, cause.error)
    if (way === before) return
    if (cause.kind === 'failed') failed = cause
    if (before.at === 'running') onLeaving(cause)
    if (cause.kind === 'over') return end()
    if (way.at === 'gone') process.exit(way.exitCode)
    exitAfter(way.at === 'leaving' ? leaveMillis : hurryMillis)
    stop()
  }

  let isOrdered = false
  for (const signal of signals) {
    process.on(signal, () => {
      if (isOrdered) return
      isOrdered = true
      setTimeout(() => {
        isOrdered = false
      }, sameOrderMillis)
      take({ kind: 'signal', signal })
    })
  }
  // A promise that fails and that nobody looks after comes here, too.
  process.on('uncaughtException', (error) => take({ kind: 'bug', error }))
  void terminal.unheard.then(() => take({ kind: 'unheard' }))

  /** The rest is the program's: it says what is left to say. A reader that does not read is not waited for. */
  const end = (): void => {
    exitAfter(hurryMillis)
    if (failed === undefined) ended.resolve(way.exitCode)
    else ended.reject(failed.error)
  }

  return {
    guard(found) {
      running = found
      void found.stopped.then(({ hasLeft }) => take({ kind: 'over', hasLeft }))
      if (way.at !== 'running') stop()
    },
    take,
    ended: ended.promise,
  }
}

function tellBug(terminal: Terminal, error: unknown): void {
  terminal.note('This is a bug in gavelring, and the peer stops rather than go on with it. Please report these lines:')
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  for (const line of text.split('\n')) terminal.note(`  ${line.trim()}`)
}
