import { currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { AccountId, RoomId } from '../core/ids.ts'
import { createLamportClock } from '../core/lamport.ts'
import type { AccountView } from '../market/types.ts'
import type { Peer } from '../peer/peer.ts'
import { classicAmount } from './amounts.ts'
import { listLots, type Notices } from './auctions.ts'
import type { Framed } from './framing.ts'
import {
  type Answer,
  type Changing,
  isLooking,
  type Looking,
  no,
  parseRequest,
  printAnswer,
  printNotice,
  type Request,
  type Unreadable,
  yes,
} from './message.ts'
import { findAccount, type Made, makeOperation, rejectionText } from './operations.ts'
import type { GatewaySeat, Standing } from './standing.ts'
import type { Texts } from './texts.ts'

/**
 * One connection: who logged in, its Lamport clock, and its requests in order. What changes nothing is answered from the state that
 * is here once all before it is settled; what moves money is submitted at once, so that a client that does not wait for its answers
 * has many in one block, and is answered in the order of its requests.
 */
export interface Session {
  receive(framed: Framed): void
  /** The client has read on. */
  resume(): void
  /** Requests whose answers are not written yet; of what is only to be written soon, one. */
  readonly waiting: number
  readonly isSubscribed: boolean
  /** It has nothing more to say: whoever owns it ends the connection. */
  readonly isOver: boolean
  /**
   * Nothing more is begun: what was submitted is still answered, what was not is refused, and the last line says why. A session that
   * is over already keeps its own reason.
   */
  end(reason: string): void
  /** What is not settled by now is answered with that: it may still happen. */
  giveUp(): void
  /** The client is gone. What was submitted goes on. */
  abandon(): void
}

export interface SessionPorts {
  readonly seat: GatewaySeat
  readonly standing: Standing
  readonly notices: Notices
  readonly texts: Texts
  readonly counters: { requests: number; done: number; refused: number; notices: number; unended: number }
  write(text: string): void
  /** So much waits to be read by the client that nothing more is looked up for it: see {@link Session.resume}. */
  isFull(): boolean
  /** Monotonic milliseconds. */
  now(): number
  later(millis: number, task: () => void): void
  /** When what is done just now is done: answers that are ready together go out together. */
  soon(task: () => void): void
  onBug(error: unknown): void
}

/** How long an operation may take to be committed, in milliseconds; after that nobody knows whether it will be. */
export const commitMillis = 10_000
/** How long a peer that cannot write is waited for before an operation is refused, in milliseconds: an epoch changes in a part of it. */
const patienceMillis = 2_000
const lookAgainMillis = 100
/** Characters that wait to be written together: a question of nine bytes may have an answer of ten thousand. */
const unsaidMax = 64 * 1024

interface Slot {
  /** The client's, when it asked; `undefined`: it did not, and is told. */
  readonly time: number | undefined
  hasNewline: boolean
  answer: Answer | undefined
}

export function createSession(ports: SessionPorts): Session {
  const { seat, standing, texts, counters } = ports
  const clock = createLamportClock(0)
  const queue: { readonly request: Request | Unreadable; readonly slot: Slot }[] = []
  /** In the order of the requests; those at its beginning that are answered go out. */
  const slots: Slot[] = []
  let latest: Slot | undefined
  let outstanding = 0
  let own: { readonly account: AccountId; readonly room: RoomId } | undefined
  let troubledSince: number | undefined
  /** Goes out with the next flush. */
  let unsaid = ''
  let isFlushing = false
  let isLookingAgain = false
  let isEnding = false
  let isOver = false
  let unsubscribe: (() => void) | undefined

  const addSlot = (time: Slot['time'], hasNewline: boolean): Slot => {
    const slot = { time, hasNewline, answer: undefined }
    slots.push(slot)
    return slot
  }

  const answer = (slot: Slot, given: Answer): void => {
    slot.answer ??= given
    let count = 0
    for (const { answer, time, hasNewline } of slots) {
      if (answer === undefined) break
      count++
      counters[answer.ok ? 'done' : 'refused']++
      // The times are those of the classic server, which reads a request when it has answered the one before.
      if (time !== undefined) clock.observe(time)
      say(printAnswer(clock.advance(), answer) + (hasNewline || unsubscribe !== undefined ? '\n' : ''))
    }
    slots.splice(0, count)
  }

  const say = (text: string): void => {
    unsaid += text
    if (isFlushing) return
    isFlushing = true
    ports.soon(flush)
  }

  const flush = (): void => {
    isFlushing = false
    if (isEnding && slots.length === 0) {
      isOver = true
      stopNotices()
    }
    const text = unsaid
    unsaid = ''
    if (text !== '') ports.write(text)
    if (queue.length > 0) pump()
  }

  const pump = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const { request, slot } = next
      if ('fault' in request || isLooking(request)) {
        // What is looked at is what was done before.
        if (outstanding > 0 || unsaid.length > unsaidMax || ports.isFull()) return
        queue.shift()
        answer(
          slot,
          carefully(() => ('fault' in request ? refuseUnreadable(request) : look(request))),
        )
        continue
      }
      const { peer } = seat
      const trouble = peer === undefined ? undefined : standing.trouble(peer)
      if (trouble !== undefined) {
        troubledSince ??= ports.now()
        if (ports.now() - troubledSince < patienceMillis) return lookAgain()
      } else troubledSince = undefined
      queue.shift()
      if (peer === undefined) answer(slot, no(texts.noRoom))
      else if (trouble !== undefined) answer(slot, no(texts.trouble[trouble]))
      else change(peer, request, slot)
    }
  }

  const lookAgain = (): void => {
    if (isLookingAgain) return
    isLookingAgain = true
    ports.later(lookAgainMillis, () => {
      isLookingAgain = false
      pump()
    })
  }

  /** A bug in one request is an answer, too. */
  const carefully = (make: () => Answer): Answer => {
    try {
      return make()
    } catch (error) {
      ports.onBug(error)
      return no(texts.bug)
    }
  }

  const refuseUnreadable = ({ fault, field = '' }: Unreadable): Answer => {
    // Lines of a web page are not read to their end.
    if (fault === 'no-client') stop(texts.faults[fault](field))
    return no(texts.faults[fault](field))
  }

  const look = (request: Request<Looking>): Answer => {
    if (request.kind === 'clock') return yes(texts.clock)
    if (request.kind === 'subscribe') return subscribe()
    const { peer } = seat
    if (peer === undefined) return no(texts.noRoom)
    if (request.kind === 'list') return listLots(peer, texts)
    const account = findAccount(peer, request.account)
    if (account === undefined) return no(texts.clientUnknown)
    if (request.kind === 'login') return logIn(peer, account)
    return yes(texts.balance(classicAmount(account.available, currencyOf(peer.rules().currency))))
  }

  const logIn = (peer: Peer, account: AccountView): Answer => {
    if (account.closed) return no(texts.rejected['account-closed'])
    if (account.owner !== standing.self(peer)) return no(texts.heldElsewhere(nameOf(peer, account)))
    own = { account: account.id, room: standing.room(peer) }
    return yes(texts.loggedIn)
  }

  const subscribe = (): Answer => {
    unsubscribe ??= ports.notices.subscribe((notice) => {
      counters.notices++
      say(`${printNotice(clock.advance(), notice)}\n`)
    })
    return yes(texts.subscribed)
  }
  const stopNotices = (): void => {
    unsubscribe?.()
    unsubscribe = undefined
  }

  const change = (peer: Peer, request: Request<Changing>, slot: Slot): void => {
    let made: Made | Answer
    let submitted: ReturnType<Peer['submit']>
    try {
      made = makeOperation(request, { peer, texts, own: loggedIn(peer) })
      if ('ok' in made) return answer(slot, made)
      submitted = peer.submit(made.submission, commitMillis)
    } catch (error) {
      ports.onBug(error)
      return answer(slot, no(texts.bug))
    }
    outstanding++
    const { submission, done } = made
    const settled = (given: Answer): void => {
      outstanding--
      answer(slot, given)
      pump()
    }
    submitted.then(
      ({ outcome }) => {
        if (outcome.accepted) settled(carefully(() => done(outcome.events)))
        else if ('voided' in outcome) settled(no(texts.withdrawnByPerson))
        else settled(no(rejectionText(outcome.rejection, submission.operation, { peer, texts })))
      },
      (error: unknown) => {
        if (!(error instanceof Failure)) ports.onBug(error)
        settled(no((error instanceof Failure ? texts.failed[error.code] : undefined) ?? texts.unsure))
      },
    )
  }

  /** An account of another room is none, whatever it is called. */
  const loggedIn = (peer: Peer): AccountId | undefined => (own?.room === standing.room(peer) ? own.account : undefined)

  /** No more requests are taken; the last line is `reason`, unless one that is to come says it all. */
  const stop = (reason: string): void => {
    isEnding = true
    for (const { slot } of queue.splice(0)) answer(slot, no(reason))
  }

  return {
    get waiting() {
      return slots.length + (isFlushing ? 1 : 0)
    },
    get isSubscribed() {
      return unsubscribe !== undefined
    },
    get isOver() {
      return isOver
    },
    receive(framed) {
      if (isEnding) return
      if (framed.kind === 'newline') {
        if (latest !== undefined && slots.includes(latest)) latest.hasNewline = true
        else if (unsubscribe === undefined) say('\n')
        return
      }
      counters.requests++
      const request: Request | Unreadable = framed.kind === 'fault' ? { fault: framed.fault, time: 0 } : parseRequest(framed.text)
      latest = addSlot(request.time, framed.kind === 'fault' || framed.hasNewline)
      queue.push({ request, slot: latest })
      // All before it is answered; then the connection ends with this one.
      if (framed.kind === 'fault') {
        counters.unended++
        isEnding = true
      }
      pump()
    },
    resume: pump,
    end(reason) {
      if (isEnding) return
      stop(reason)
      answer(addSlot(undefined, true), no(reason))
    },
    giveUp() {
      stop(texts.stopping)
      for (const slot of slots) answer(slot, no(texts.unsure))
    },
    abandon() {
      isEnding = true
      isOver = true
      queue.length = 0
      slots.length = 0
      unsaid = ''
      stopNotices()
    },
  }
}

/** Whose account it is, or the end of its id where nobody knows its name any more. */
const nameOf = (peer: Peer, { owner }: AccountView): string =>
  peer.peers().find((one) => one.peer === owner)?.name || owner.slice(-6)
