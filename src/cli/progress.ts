import type { Terminal } from './terminal.ts'

/** How often a person sees a new number, in milliseconds. */
const showEvery = 100

/** Tells how far long work has come, on a terminal only; say `done === total` at its end. */
export function createProgress(terminal: Terminal): (what: string, done: number, total: number) => void {
  let shown = 0
  return (what, done, total) => {
    const now = performance.now()
    if (done >= total) {
      terminal.progress('')
      shown = 0
    } else if (now - shown >= showEvery) {
      shown = now
      terminal.progress(`${what}: ${done} of ${total} blocks (${Math.floor((100 * done) / total)} %)`)
    }
  }
}
