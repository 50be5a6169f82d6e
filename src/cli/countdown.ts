import type { AuctionSummary, MarketEventView } from '../api/views.ts'
import { timeText } from './format.ts'
import type { Terminal } from './terminal.ts'

/** How much time an auction has left, told as an auctioneer does. */
export interface Countdown {
  /** As it was told last. */
  readonly endsAt: number
  /** A line above the countdown; after its end just a line. */
  say(text: string, at: number): void
  /** What happened to the auction. */
  take(event: MarketEventView): void
  /** The auction as it stands, after something was missed. */
  follow(lot: Pick<AuctionSummary, 'endsAt' | 'paused' | 'leader' | 'bids'>): void
  end(): void
}

type Shown = Pick<Terminal, 'line' | 'picture' | 'isScreen'>

/** Seconds left at which a line is written where nothing can be redrawn. */
const marks = [300, 60, 30] as const
const goingOnceSeconds = 10
const goingTwiceSeconds = 5
const tickMillis = 200

/**
 * On a screen one line that is redrawn in place; elsewhere a line now and then. `ahead`: what the room's clock is ahead of
 * this one's, in milliseconds. `isSilent`: nothing is shown, for programs. `now` is for tests.
 */
export function createCountdown(
  terminal: Shown,
  lot: Pick<AuctionSummary, 'endsAt' | 'paused' | 'leader' | 'bids'>,
  ahead: number,
  isSilent: boolean,
  now: () => number = Date.now,
): Countdown {
  let { endsAt, paused } = lot
  let leader = lot.leader && { account: lot.leader.account, text: lot.leader.amount.text }
  let told: string | undefined
  let drawn = ''
  let isOver = false

  const text = (): string => {
    const time = now() + ahead
    if (paused !== undefined && time < paused.until) return `paused with ${leftText(endsAt - paused.until)} left`
    const left = endsAt - time
    if (left <= 0) return 'time is up: the room closes it'
    const lead = leader === undefined ? 'nobody has bid' : `${leader.account} leads with ${leader.text}`
    return `${leftText(left)} left, ${lead}${callOf(left) === undefined ? '' : `: ${callOf(left)}`}`
  }
  /** What is worth a line of its own where nothing is redrawn; each once, until the end moves. */
  const news = (): string | undefined => {
    const time = now() + ahead
    const left = endsAt - time
    if ((paused !== undefined && time < paused.until) || left <= 0) return undefined
    const mark = marks.findLast((seconds) => left <= seconds * 1_000)
    return callOf(left) ?? (mark === undefined ? undefined : `${mark} s`)
  }
  const draw = (): void => {
    if (isSilent || isOver) return
    if (terminal.isScreen) {
      const line = text()
      if (line !== drawn) terminal.picture([line])
      drawn = line
      return
    }
    const next = news()
    if (next !== undefined && next !== told) terminal.line(`${timeText(now())}  ${text()}`)
    told = next
  }
  const restart = (): void => {
    told = news()
    draw()
  }

  const timer = isSilent ? undefined : setInterval(draw, tickMillis)
  told = news()
  draw()

  return {
    get endsAt() {
      return endsAt
    },
    say(sentence, at) {
      if (isSilent) return
      if (terminal.isScreen && !isOver) terminal.picture([])
      terminal.line(`${timeText(at)}  ${sentence}`)
      drawn = ''
      if (terminal.isScreen) draw()
    },
    take(event) {
      switch (event.kind) {
        case 'bid-accepted':
          leader = { account: event.account, text: event.amount.text }
          break
        case 'auction-paused':
          paused = { at: now() + ahead, until: event.until, leftMillis: event.endsAt - event.until }
          break
        case 'auction-resumed':
          paused = undefined
          break
        case 'auction-ended':
          return this.end()
        default:
      }
      if ('endsAt' in event) endsAt = event.endsAt
      restart()
    },
    follow(lotNow) {
      endsAt = lotNow.endsAt
      paused = lotNow.paused
      leader = lotNow.leader && { account: lotNow.leader.account, text: lotNow.leader.amount.text }
      restart()
    },
    end() {
      isOver = true
      clearInterval(timer)
      if (drawn !== '') terminal.picture([])
      drawn = ''
    },
  }
}

/** What an auctioneer calls out, with so many milliseconds left. */
function callOf(left: number): string | undefined {
  if (left <= goingTwiceSeconds * 1_000) return 'going once, going twice'
  return left <= goingOnceSeconds * 1_000 ? 'going once' : undefined
}

/** Whole seconds and up, as a clock shows them: `0:07`, `2:00`, `1:00:00`. */
export function leftText(millis: number): string {
  const seconds = Math.max(0, Math.ceil(millis / 1_000))
  const two = (count: number): string => String(count).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
