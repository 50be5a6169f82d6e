import type { Call } from '../command.ts'
import type { Look, Piece } from '../terminal.ts'

export interface TranscriptEntry {
  /** Milliseconds since the demo began. */
  readonly at: number
  readonly who: string
  readonly what: string
}

/** What happened, as it happens: time, who, what. With `--json` it is only kept, for the one object at the end. */
export interface Transcript {
  say(who: string, what: string): void
  readonly entries: readonly TranscriptEntry[]
}

/** Of the palette that every terminal has; the demo's own voice has none. */
const colours: readonly Look[] = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red']

export function createTranscript(call: Call): Transcript {
  const begun = performance.now()
  const entries: TranscriptEntry[] = []
  const speakers = new Map<string, number>()

  const painted = (who: string): Piece => {
    const padded = who.padEnd(8)
    if (who === 'demo') return padded
    const number = speakers.get(who) ?? speakers.size
    speakers.set(who, number)
    return { text: padded, look: colours[number % colours.length] ?? 'bold' }
  }

  return {
    entries,
    say(who, what) {
      const at = Math.round(performance.now() - begun)
      entries.push({ at, who, what })
      if (!call.json) call.terminal.line([`${(at / 1000).toFixed(2).padStart(6)} s  `, painted(who), `  ${what}`])
    },
  }
}
