import { currencyOf } from '../../core/currency.ts'
import { logEvents } from '../../core/log-events.ts'
import { formatMoney } from '../../core/money.ts'
import type { News } from './news.ts'

/** A line as it is shown, and when it happened. */
export interface Line {
  readonly at: number
  readonly tone: News['tone']
  readonly text: string
}

/** Lines of one kind that a person can follow in a second; what is more becomes one line. */
const kindMax = 10
/** Lines of all kinds. */
const allMax = 30
/** How long a burst is gathered before it is summed up, in milliseconds. */
export const windowMillis = 1_000

/** Keeps a screen readable, however much happens: pure, so that tests tell it the time. */
export interface BurstGate {
  /** Lines to show now: this one, or none yet. */
  take(news: News, at: number, now: number): readonly Line[]
  /** Sums of the windows that are over; all of them where `now` is infinite. */
  due(now: number): readonly Line[]
  /** When something is due; `undefined`: nothing waits. */
  readonly nextDue: number | undefined
}

interface Window {
  readonly began: number
  said: number
  /** The newest of those that wait. */
  last: { readonly news: News; readonly at: number } | undefined
  count: number
  /** Of their amounts, in minor units of the room's currency. */
  cents: number
  /** Of different things: what they have in common is their name. */
  readonly isMixed: boolean
}

export function createBurstGate(): BurstGate {
  const windows = new Map<string, Window>()
  let all = { began: Number.NEGATIVE_INFINITY, said: 0 }

  const windowOf = (key: string, now: number, said: number, isMixed: boolean): Window => {
    const found = windows.get(key)
    if (found !== undefined && (found.count > 0 || now - found.began < windowMillis)) return found
    const begun: Window = { began: now, said, last: undefined, count: 0, cents: 0, isMixed }
    windows.set(key, begun)
    return begun
  }

  return {
    take(news, at, now) {
      if (now - all.began >= windowMillis) all = { began: now, said: 0 }
      const isMixed = all.said >= allMax || news.burst === undefined
      const window = windowOf(isMixed ? `* ${news.event}` : (news.burst?.key ?? ''), now, 0, isMixed)
      if (window.count === 0 && window.said < kindMax && all.said < allMax) {
        window.said++
        all.said++
        return [{ at, tone: news.tone, text: news.text }]
      }
      window.last = { news, at }
      window.count++
      window.cents += news.burst?.amount?.cents ?? 0
      return []
    },
    due(now) {
      const lines: Line[] = []
      for (const [key, window] of [...windows]) {
        if (now - window.began < windowMillis) continue
        windows.delete(key)
        if (window.last === undefined) continue
        lines.push({ at: window.last.at, tone: window.last.news.tone, text: textOf(window, window.last.news) })
        // As long as the burst goes on there is one line for each window.
        if (Number.isFinite(now)) windowOf(key, now, kindMax, window.isMixed)
      }
      return lines
    },
    get nextDue() {
      let next: number | undefined
      for (const { began, count } of windows.values()) {
        if (count > 0 && (next === undefined || began + windowMillis < next)) next = began + windowMillis
      }
      return next
    },
  }
}

function textOf({ count, cents, isMixed }: Window, { event, burst, text }: News): string {
  if (count === 1) return text
  if (isMixed || burst === undefined) return `${count} times more: ${logEvents[event]}`
  return burst.text(count, burst.amount === undefined ? '' : formatMoney(cents, currencyOf(burst.amount.currency)))
}
