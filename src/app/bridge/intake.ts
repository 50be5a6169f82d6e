import { randomUUID } from 'node:crypto'
import { parseRequestId } from '../../core/ids.ts'
import { type Command, type CommandFault, commandCharsMax, digestOf, isFault, type Product, readCommand } from './command.ts'
import { carryOut, type Deed } from './deeds.ts'
import { refusalNotice } from './notices.ts'
import type { PeerLink } from './peer-link.ts'
import type { Post } from './post.ts'
import type { BridgeTexts } from './texts.ts'

/** Commands from the bus into the room: each is taken by one bridge, asked for until it is known what became of it, and settled once. */
export interface Intake {
  /** Of the channel of commands. */
  receive(message: string): void
  /** Another bridge has taken it. */
  forget(digest: string): void
  /** This bridge holds the room, and every `forget` for what was taken before has come. */
  begin(): void
  pause(): void
  /** Refuses what nobody has taken in time. */
  sweep(): Promise<void>
  /** Takes nothing more; resolves when all that was taken is settled, or after so long. */
  end(millis: number): Promise<void>
}

export interface IntakePorts {
  readonly texts: BridgeTexts
  readonly account: string | undefined
  readonly counters: { commands: number; done: number; refused: number; dropped: number }
  /** `undefined`: the peer is gone. */
  link(): PeerLink | undefined
  /** Of the room that the peer is in, or was in last. */
  post(): Post
  /** Another bridge holds the room. */
  onLost(): void
  onFailed(error: unknown): void
}

interface Waiting {
  readonly message: string
  readonly digest: string
  readonly at: number
}

/** A command that was taken, as it is kept at the server: a bridge that is started again goes on with it. */
interface Taken {
  readonly message: string
  readonly requestId: string
  /** Whose log knows the request. */
  readonly peer: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Of all commands that wait to be taken together: what goes beyond that is counted, and no more. A flood is nobody's auction. */
const waitingCharsMax = 16 * 1024 * 1024
/** Commands that are under way. */
const takenMax = 64
/** How long a command waits for a bridge that has a peer, in milliseconds: a peer is started anew in a part of it. */
const patienceMillis = 15_000
/** How long it is asked what became of a command, in milliseconds. */
const unsureMillis = 30_000
/** After so long, in milliseconds, nobody comes back for a command that a bridge of another peer left behind. */
const leftMillis = 60_000
const againMillis = 200

export function createIntake({ texts, account, counters, link: linkNow, post: postNow, onLost, onFailed }: IntakePorts): Intake {
  const waiting: Waiting[] = []
  let waitingChars = 0
  const under = new Set<string>()
  /** The last command of each lot: one after the other, as they came. */
  const chains = new Map<string, Promise<void>>()
  let isOn = false
  let isTaking = false
  let isEnding = false

  const drop = (one: Waiting): void => {
    const at = waiting.indexOf(one)
    if (at < 0) return
    waiting.splice(at, 1)
    waitingChars -= one.message.length
  }

  const canTake = (): boolean => isOn && !isEnding && waiting.length > 0 && under.size < takenMax && linkNow() !== undefined

  const take = async (): Promise<void> => {
    for (;;) {
      const [one, link, post] = [waiting[0], linkNow(), postNow()]
      if (!canTake() || one === undefined || link === undefined) return
      const read = readCommand(one.message)
      const entry = randomUUID()
      const requestId = `bridge-${read.id === undefined ? entry : digestOf(read.id)}`
      const taken: Taken = { message: one.message, requestId, peer: link.self, at: Date.now() }
      const isNamed = !isFault(read.result) && read.result.kind === 'start' && read.product !== undefined
      const answer = await post.claim({
        ...{ entry, text: JSON.stringify(taken), digest: one.digest },
        id: read.id === undefined ? undefined : { text: digestOf(read.id), peer: link.self },
        name: isNamed ? { requestId, product: read.product as Product } : undefined,
      })
      if (answer === 'no') {
        isOn = false
        return onLost()
      }
      drop(one)
      // Done by another peer, under the same id of the program's: once is enough.
      if (answer === 'mine') queue(entry, taken, post, false)
    }
  }

  const pump = (): void => {
    if (isTaking || !canTake()) return
    isTaking = true
    take()
      .catch(onFailed)
      .finally(() => {
        isTaking = false
        if (canTake()) pump()
      })
  }

  const queue = (entry: string, taken: Taken, post: Post, isRepeat: boolean): void => {
    under.add(entry)
    const read = readCommand(taken.message)
    const lot = read.product === undefined ? entry : String(read.product)
    const before = chains.get(lot) ?? Promise.resolve()
    const now = before
      .then(() => settle(entry, taken, post, read.result, read.product, isRepeat))
      .catch(onFailed)
      .finally(() => {
        under.delete(entry)
        if (chains.get(lot) === now) chains.delete(lot)
        pump()
      })
    chains.set(lot, now)
  }

  const settle = async (
    entry: string,
    taken: Taken,
    post: Post,
    result: Command | CommandFault,
    product: Product | undefined,
    isRepeat: boolean,
  ): Promise<void> => {
    const text = isFault(result) ? faultText(result, texts) : await perform(result, taken, post, isRepeat)
    counters[text === undefined ? 'done' : 'refused']++
    await post.settle(entry, text === undefined ? undefined : refusalNotice(text, product))
  }

  /** Resolves with why it came to nothing; `undefined`: it was done. */
  const perform = async (command: Command, taken: Taken, post: Post, wasAsked: boolean): Promise<string | undefined> => {
    let isRepeat = wasAsked
    for (const end = performance.now() + unsureMillis; ; ) {
      const link = linkNow()
      let deed: Deed = { kind: 'open' }
      // The same request of another peer, or in another room, would be another one.
      if (link?.self === taken.peer && postNow() === post) {
        deed = await carryOut(command, { link, post, texts, account, requestId: taken.requestId, isRepeat })
        isRepeat = true
      }
      if (deed.kind === 'done') return undefined
      if (deed.kind === 'refused') return deed.text
      if (performance.now() > end) return isRepeat ? texts.unsure : texts.peerAway
      await new Promise((resolve) => setTimeout(resolve, againMillis))
    }
  }

  /** What was taken and is not settled: by this bridge in an earlier life, or by one that is gone. */
  const recover = async (): Promise<void> => {
    const [link, post] = [linkNow(), postNow()]
    for (const { entry, text } of await post.open()) {
      const taken = readTaken(text)
      if (under.has(entry)) continue
      if (taken !== undefined && taken.peer === link?.self) queue(entry, taken, post, true)
      else if (taken === undefined || Date.now() - taken.at > leftMillis)
        await post.settle(entry, refusalNotice(texts.unsure, undefined))
    }
  }

  return {
    receive(message) {
      if (isEnding) return
      counters.commands++
      // What is too long is known by its digest, and by being too long.
      const one = { message: message.slice(0, commandCharsMax + 1), digest: digestOf(message), at: performance.now() }
      waitingChars += one.message.length
      waiting.push(one)
      if (waitingChars > waitingCharsMax) {
        counters.dropped++
        drop(one)
      }
      pump()
    },
    forget(digest) {
      const one = waiting.find((each) => each.digest === digest)
      if (one !== undefined) drop(one)
    },
    begin() {
      isOn = true
      recover().catch(onFailed)
      pump()
    },
    pause() {
      isOn = false
    },
    async sweep() {
      const late = isOn ? [] : waiting.filter(({ at }) => performance.now() - at > patienceMillis)
      for (const one of late) {
        const notice = refusalNotice(texts.peerAway, readCommand(one.message).product)
        const isRefused = await postNow().refuse(one.digest, notice)
        if (isRefused) counters.refused++
        // The bridge that holds the room will say what became of it.
        if (isRefused || performance.now() - one.at > leftMillis) drop(one)
      }
    },
    async end(millis) {
      isEnding = true
      const all = Promise.allSettled(chains.values())
      await Promise.race([all, new Promise((resolve) => setTimeout(resolve, millis).unref())])
    },
  }
}

function faultText(fault: CommandFault, texts: BridgeTexts): string {
  switch (fault.kind) {
    case 'too-long':
    case 'unreadable':
      return texts.faults[fault.kind]('')
    case 'type-unknown':
      return texts.typeUnknown
    case 'id-invalid':
      return texts.idInvalid
    case 'field-missing':
      return texts.faults['field-missing'](fault.field)
  }
}

/** Whoever can write to the server can write anything there. */
function readTaken(text: string): Taken | undefined {
  try {
    const { message, requestId, peer, at } = JSON.parse(text) as Record<string, unknown>
    const isTaken = typeof message === 'string' && typeof requestId === 'string' && parseRequestId(requestId).ok
    if (!isTaken || typeof peer !== 'string' || typeof at !== 'number') return undefined
    return { message, requestId, peer, at }
  } catch {
    return undefined
  }
}
