import { assert } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { numberMax } from '../core/limits.ts'
import { type Block, faultOfPlace, headOf, signBlock } from './block.ts'
import type { MessageOf, TokenMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, type Epoch, nextInRing, noEpoch, sameEpoch } from './view.ts'

/** The token in this peer's hands: in the critical section. */
interface Held {
  readonly kind: 'held'
  turn: number
  /** At most one block a turn (PROTOCOL, section 2.4). */
  hasAppended: boolean
  /** By member, in ring order. */
  readonly served: number[]
  readonly wants: boolean[]
  /** Last append or arrival. */
  restsSince: number
  /** Requests of section 5 are collected since then; the token stays meanwhile. */
  collectsSince: number | undefined
}

type TokenState =
  | { readonly kind: 'absent' }
  /** It came before the blocks up to its head: taken once they are here. */
  | { readonly kind: 'arriving'; readonly from: PeerId; readonly message: TokenMessage }
  | Held
  /** Passed on and not acknowledged: the same one again, to the same member, and never to another. */
  | { readonly kind: 'handing'; readonly to: PeerId; readonly message: TokenMessage; readonly since: number }

const absent: TokenState = { kind: 'absent' }

/** The right to append in one epoch, and what a peer without it does to get it (PROTOCOL, section 2). */
export class Token {
  readonly #ring: Ring
  #state: TokenState = absent
  /** What the counts below speak of. */
  #epoch: Epoch
  /** The highest turn taken in that epoch. */
  #taken = 0
  #ackOwed: { readonly to: PeerId; readonly epoch: Epoch; readonly turn: number } | undefined
  /** Newest sign of the token: its epoch and turn, and when it was seen. */
  #sign: { readonly epoch: Epoch; readonly turn: number; readonly at: number }
  /** Whom the token went to from here when it last did, and with what turn. */
  #given: { readonly to: PeerId; readonly turn: number } | undefined
  /** Our last own append, for the wait for its fsync. */
  #ownAppend: { readonly index: number; readonly at: number } | undefined

  constructor(ring: Ring) {
    this.#ring = ring
    this.#epoch = ring.log.installedView.epoch
    this.#sign = { epoch: noEpoch, turn: 0, at: ring.out.now }
  }

  /** The turn of the token in our hands. */
  get holding(): number | undefined {
    return this.#state.kind === 'held' ? this.#state.turn : undefined
  }

  get taken(): number {
    return this.#taken
  }

  get turnSeen(): number {
    return this.#sign.turn
  }

  /** The highest turn known in an epoch: what a leap is measured from. */
  highestTurn(epoch: Epoch): number {
    const { head } = this.#ring.log
    const seen = sameEpoch(epoch, this.#sign.epoch) ? this.#sign.turn : 0
    return Math.max(seen, sameEpoch(epoch, head.epoch) ? head.turn : 0)
  }

  /** A token that was sent and not acknowledged: to whom, and since when. */
  get unacknowledged(): { readonly to: PeerId; readonly since: number } | undefined {
    return this.#state.kind === 'handing' ? this.#state : undefined
  }

  /** No sign of the token for `patience` times its time-out. */
  isMissed(patience: number): boolean {
    const { out, pace } = this.#ring
    return this.#state.kind !== 'held' && out.now - this.#sign.at > patience * timing.tokenTimeout + pace.idleHopElsewhere
  }

  /**
   * Who took it from this peer, and from whom nobody has had it since: the token has been missed for so long that it is lost there, or
   * kept; or lost on its way from there.
   */
  get keptBy(): PeerId | undefined {
    if (this.#given === undefined || this.#state.kind !== 'absent' || !this.isMissed(1)) return undefined
    return sameEpoch(this.#sign.epoch, this.#epoch) && this.#sign.turn <= this.#given.turn ? this.#given.to : undefined
  }

  /** Gives up whatever it has: the token, one that arrives, the repeating of one that was sent. */
  becomeAbsent(): void {
    this.#state = absent
    this.#given = undefined
    this.#ackOwed = undefined
  }

  /** In the critical section from here on. */
  becomeHeld(turn: number, served: readonly number[], wants: readonly boolean[]): void {
    const { out, epochs } = this.#ring
    this.#taken = turn
    this.#state = {
      kind: 'held',
      turn,
      hasAppended: false,
      served: [...served],
      wants: [...wants],
      restsSince: out.now,
      collectsSince: undefined,
    }
    this.sawTurn(epochs.promised, turn)
  }

  /** A view of another epoch is on disk: all counts of the token start anew (PROTOCOL, section 2.1). */
  enterEpoch(): void {
    const { log, out } = this.#ring
    this.#epoch = log.installedView.epoch
    this.#taken = 0
    if (this.#state.kind === 'handing') this.#state = absent
    this.#sign = { ...this.#sign, at: out.now }
  }

  get epoch(): Epoch {
    return this.#epoch
  }

  /**
   * A token came. Only an active peer takes one, and only one newer than any it took in this epoch.
   * Rule 2.3-newer [S1]
   */
  onToken(from: PeerId, message: TokenMessage): void {
    const { epochs, blocks, faults, log } = this.#ring
    if (!epochs.isActive || !sameEpoch(message.epoch, epochs.promised)) return
    const { length } = log.installedView.members
    if (message.turn === 0 || message.served.length !== length || message.wants.length !== length) {
      return faults.refuse(from, 'a token', 'it does not fit the view')
    }
    blocks.accept(from, message.epoch, message.blocks, message.commit)
    if (message.turn <= this.#taken) return this.#acknowledge(from, message.epoch, message.turn)
    // While this peer holds it nobody else can hand it a newer one, unless somebody handed it to two.
    if (this.#state.kind === 'held') return this.#doubt(from, message, 'this peer holds the token')
    this.#state = { kind: 'arriving', from, message }
    this.advanceArrival()
  }

  /** Takes a token that has arrived, once the log reaches its head; asks for what is missing until then. */
  advanceArrival(): void {
    const { log, epochs, fetching, counting, due, out } = this.#ring
    if (this.#state.kind !== 'arriving') return
    const { from, message } = this.#state
    if (!epochs.isActive || !sameEpoch(message.epoch, epochs.promised) || message.turn <= this.#taken) {
      this.#state = absent
    } else if (log.head.index < message.head.index) {
      fetching.askForTail(from)
      // Rule 2.4-head [S1]
    } else if (log.head.hash !== message.head.hash) {
      // In one epoch a true head always extends the log (PROTOCOL, section 2.4), where nobody told the two of us different things.
      this.#state = absent
      this.#doubt(from, message, `its head ${message.head.index} does not extend the log at ${log.head.index}`)
    } else {
      this.sendOwedAck()
      counting.learn(message.commit)
      this.becomeHeld(message.turn, message.served, message.wants)
      this.#ackOwed = { to: from, epoch: message.epoch, turn: message.turn }
      due.arm('ack', out.now + timing.ackWait)
    }
  }

  /** One that cannot be: its sender lies, or was misled by another one. */
  #doubt(from: PeerId, { head }: TokenMessage, reason: string): void {
    const { log, fetching, faults } = this.#ring
    if (head.index < log.lastView.index) return faults.refuse(from, 'a token', reason)
    fetching.compareWith(from, { what: 'a token', reason, index: head.index, hash: head.hash })
  }

  /** The successor has the token: it is repeated no more. */
  onTokenAck(from: PeerId, { epoch, turn }: MessageOf<'token-ack'>): void {
    const state = this.#state
    if (state.kind !== 'handing' || state.to !== from) return
    if (sameEpoch(state.message.epoch, epoch) && state.message.turn === turn) this.#state = absent
  }

  /** A turn was seen, in a token, a block or a status: a sign of the token if it is newer than any (PROTOCOL, section 5). */
  sawTurn(epoch: Epoch, turn: number): void {
    const { epochs, out } = this.#ring
    if (compareEpochs(epoch, epochs.promised) < 0) return
    const order = compareEpochs(epoch, this.#sign.epoch)
    if (order < 0 || (order === 0 && turn <= this.#sign.turn)) return
    this.#sign = { epoch, turn, at: out.now }
  }

  /** A new block of this turn: whoever wrote it rests the token anew (PROTOCOL, section 2.6), so that is a sign of it, too. */
  sawBlock(epoch: Epoch, turn: number): void {
    if (turn === this.#sign.turn && sameEpoch(epoch, this.#sign.epoch)) this.#sign = { epoch, turn, at: this.#ring.out.now }
    else this.sawTurn(epoch, turn)
  }

  /** What the holder does next: append, keep, or pass; and what a peer without the token does to get it. */
  advance(): void {
    const { epochs, disk, due, asking, faults } = this.#ring
    due.disarm('token')
    this.#settleHanding()
    if (this.#state.kind !== 'held') return asking.ask()
    // Nobody could read the turn after it: turns begin anew in another epoch.
    if (this.#state.turn >= numberMax) return faults.spoil(epochs.promised)
    if (!epochs.isActive && !disk.failed) return
    const fresh: Block[] = []
    const to = this.#use(this.#state, fresh)
    this.#broadcast(fresh, to)
    if (to !== undefined && this.#state.kind === 'held') this.#pass(this.#state, to, fresh)
  }

  /** Keeps the token while requests of section 5 come in. True once they have been collected for long enough. */
  collect(): boolean {
    const { out, due } = this.#ring
    if (this.#state.kind !== 'held') return false
    this.#state.collectsSince ??= out.now
    const dueAt = this.#state.collectsSince + timing.collect
    if (out.now >= dueAt) return true
    due.arm('collect', dueAt)
    return false
  }

  stopCollecting(): void {
    if (this.#state.kind === 'held') this.#state.collectsSince = undefined
  }

  /** The same token again, to the same member, until it is acknowledged. */
  repeat(): void {
    const { out, due } = this.#ring
    if (this.#state.kind !== 'handing') return
    due.arm('tokenRepeat', out.now + timing.repeat)
    // Rule 2.3-one [S1]
    out.send([this.#state.to], this.#state.message)
  }

  sendOwedAck(): void {
    const owed = this.#ackOwed
    if (owed !== undefined) this.#acknowledge(owed.to, owed.epoch, owed.turn)
  }

  /** Appends what may be appended; answers whom the token goes to now, `undefined`: it stays. */
  #use(held: Held, fresh: Block[]): PeerId | undefined {
    const { own, disk, self, epochs } = this.#ring
    for (;;) {
      // Rule 2.4-one-block [S1]
      if (!held.hasAppended && own.unwritten > 0 && !disk.failed && this.#isWindowOpen()) {
        // So that blocks grow with the load: our last one reaches our own disk first, or 2 ms pass.
        if (this.#isAwaitingOwnFsync()) return undefined
        const block = this.#append(held)
        if (block === undefined) return undefined
        fresh.push(block)
      }
      if (held.collectsSince !== undefined) return undefined
      const to = this.#successor(held)
      if (to !== self) return to
      // Rule 2.2-self [L]
      held.turn++
      held.hasAppended = false
      this.#taken = held.turn
      this.sawTurn(epochs.promised, held.turn)
    }
  }

  /**
   * The next member in ring order that wants it; nobody enters twice in a row while another waits (PROTOCOL, section 2.2).
   * Rule 2.2-order [L2]
   */
  #successor(held: Held): PeerId | undefined {
    const { log, self, own, disk, membership, pace, out, due, asking } = this.#ring
    const { members } = log.installedView
    const place = members.indexOf(self)
    const isOpen = this.#isWindowOpen()
    const stays = membership.staysInstead()
    let heir: PeerId | undefined
    for (let step = 1; step < members.length; step++) {
      const i = (place + step) % members.length
      const member = members[i] as PeerId
      const isWaiting = held.wants[i] === true || asking.requestOf(member) > (held.served[i] ?? 0)
      // With the window full nobody could use the token: it rests, rather than run round in vain.
      if (isWaiting && isOpen) return member
      if (member === stays) heir = stays
      if (isWaiting) break
    }
    if (own.unwritten > 0 && held.hasAppended && isOpen && !disk.failed) return self
    if (members.length === 1) return undefined
    if (disk.failed) return nextInRing(members, self)
    // A leaver leaves the work to a member that stays, though never past one that waits.
    if (heir !== undefined) return heir
    const restsUntil = held.restsSince + pace.idleHop
    if (out.now >= restsUntil) return nextInRing(members, self)
    due.armBy('token', restsUntil)
    return undefined
  }

  // Rule 2.5-window [L]
  #isWindowOpen(): boolean {
    const { log, limits } = this.#ring
    return log.head.index - log.commit.index < limits.windowBlocks
  }

  #isAwaitingOwnFsync(): boolean {
    const { log, out, due } = this.#ring
    if (this.#ownAppend === undefined || log.durable >= this.#ownAppend.index) return false
    const until = this.#ownAppend.at + timing.ownFsyncWait
    if (out.now >= until) return false
    due.armBy('token', until)
    return true
  }

  /** `undefined`: the others would refuse it, so the token is given up, and a new epoch asked for (PROTOCOL, section 3). */
  #append(held: Held): Block | undefined {
    const { log, epochs, out, due, own, self, roomClock, checkpoints, membership, crypto, blocks, faults } = this.#ring
    assert(epochs.isActive, 'only an active peer appends')
    out.clock.observe(log.head.lamport)
    const batch = own.nextBatch()
    const block = signBlock(
      {
        index: log.head.index + 1,
        epoch: epochs.promised,
        turn: held.turn,
        author: self,
        lamport: out.clock.advance(),
        time: roomClock.blockTime(),
        prevHash: log.head.hash,
        checkpoint: checkpoints.own,
        body: { kind: 'ops', incarnation: membership.incarnation, firstSequence: batch.firstSequence, ops: batch.ops },
      },
      crypto,
    )
    // Rule 3-own-block [L]
    const fault = faultOfPlace(block, log.head, log.lastView)
    if (fault !== undefined) {
      out.note('own-block-refused', { index: block.index, turn: held.turn, fault })
      faults.spoil(epochs.promised)
      return undefined
    }
    blocks.append(block)
    // What everybody is sent anyway needs no showing: in a busy room nothing waits for long enough.
    if (own.unwritten === 0) due.disarm('announce')
    held.hasAppended = true
    held.restsSince = out.now
    this.#ownAppend = { index: block.index, at: out.now }
    out.note('appended', { index: block.index, turn: held.turn, ops: batch.ops.length })
    return block
  }

  /** The block goes to all; the successor gets it in one frame with the token. */
  #broadcast(fresh: readonly Block[], successor: PeerId | undefined): void {
    if (fresh.length === 0) return
    const { epochs, out, log, peers } = this.#ring
    const others = epochs.otherMembers.filter((member) => member !== successor)
    out.send(others, { kind: 'blocks', epoch: epochs.promised, blocks: fresh, commit: log.commit })
    peers.commitTold(others)
    // A block of the epoch is as good as an acknowledgement.
    if (this.#ackOwed !== undefined && others.includes(this.#ackOwed.to)) this.#ackOwed = undefined
  }

  #pass(held: Held, to: PeerId, fresh: readonly Block[]): void {
    const { log, own, disk, self, out, due, peers, asking, patience } = this.#ring
    // It is here again.
    if (this.#given !== undefined) patience.passedOn(this.#given.to)
    const view = log.installedView
    const place = view.members.indexOf(self)
    const isWanting = own.unwritten > 0 && !disk.failed
    held.served[place] = asking.serve(isWanting)
    held.wants[place] = isWanting
    const message: TokenMessage = {
      kind: 'token',
      epoch: view.epoch,
      turn: held.turn + 1,
      head: headOf(log.head),
      commit: log.commit,
      served: held.served,
      wants: held.wants,
      blocks: fresh,
    }
    this.#state = { kind: 'handing', to, message, since: out.now }
    this.#given = { to, turn: message.turn }
    // It was here until now.
    this.#sign = { epoch: view.epoch, turn: held.turn, at: out.now }
    if (this.#ackOwed?.to === to) this.#ackOwed = undefined
    due.arm('tokenRepeat', out.now + timing.repeat)
    out.send([to], message)
    peers.commitTold([to])
    out.note('token-passed', { to, turn: message.turn })
  }

  /** A newer turn seen anywhere proves that the successor took the token. */
  #settleHanding(): void {
    const state = this.#state
    if (state.kind !== 'handing') return
    if (sameEpoch(this.#sign.epoch, state.message.epoch) && this.#sign.turn >= state.message.turn) this.#state = absent
  }

  /** A peer that is not active in the epoch does not answer. */
  #acknowledge(to: PeerId, epoch: Epoch, turn: number): void {
    const { epochs, out } = this.#ring
    this.#ackOwed = undefined
    // Rule 2.3-ack [S1]
    if (epochs.isActive && sameEpoch(epoch, epochs.promised)) out.send([to], { kind: 'token-ack', epoch, turn })
  }
}
