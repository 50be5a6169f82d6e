import type { Message } from '../../../src/ring/message.ts'
import { letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'

/** Nothing that is repeated until it is answered goes on for longer than this, in milliseconds, once all faults are over. */
const most = 60_000
/** Without one for so long, it has ended. */
const pause = 5_000

const repeated: ReadonlySet<Message['kind']> = new Set([
  'fetch',
  'request',
  'prepare',
  'promise',
  'install',
  'activated',
  'pre-vote',
  'want',
  'evidence',
  'refuse',
])

/** No fetch, stage, request or repeated message goes on for ever in a room that has healed. */
export class RepeatCheck {
  readonly #runs = new Map<string, { from: number; to: number }>()

  message(peer: SimPeer, message: Message, now: number): void {
    if (!repeated.has(message.kind)) return
    // Catching up takes as long as it takes: only what does not get on is repeated.
    const key = `${peer.index} ${message.kind}${detailOf(message)}`
    const run = this.#runs.get(key)
    if (run === undefined || now - run.to > pause) {
      this.#runs.set(key, { from: now, to: now })
      return
    }
    run.to = now
    if (now - run.from > most)
      throw new Violation('L1', `${letterOf(peer.index)} sends ${message.kind} for more than a minute in a room that has healed`)
  }

  ended(peer: SimPeer): void {
    for (const key of this.#runs.keys()) if (key.startsWith(`${peer.index} `)) this.#runs.delete(key)
  }

  /** Kinds of messages that were sent within the last moments. */
  recent(now: number, within: number): readonly string[] {
    return [...this.#runs].filter(([, run]) => now - run.to <= within).map(([key]) => key)
  }
}

function detailOf(message: Message): string {
  if (message.kind === 'fetch') return ` from ${message.from}`
  return message.kind === 'want' ? ` ${message.epoch.number} ${message.request}` : ''
}
