import { assertNever, Bug } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { type Commit, type Head, headOf } from './block.ts'
import type { Evidence } from './faults.ts'
import type { Domain, Message } from './message.ts'
import { Ring } from './ring.ts'
import { hear } from './senders.ts'
import { announceBytesMax, announceOpsMax, timing } from './timing.ts'
import type { Input, Output, Refusal, Replica, ReplicaOptions, ReplicaView, StopReason } from './types.ts'
import { type Epoch, isViewQuorum, noEpoch } from './view.ts'

/** One peer of the ring log (PROTOCOL, sections 1 to 5). */
export function createReplica(options: ReplicaOptions): Replica {
  const ring = new Ring(options)
  const { out } = ring
  let hasStarted = false
  let wakeAt = Number.NaN
  return {
    view: new RingView(ring),
    step(now, input): readonly Output[] {
      if (out.stopped !== undefined) return []
      out.now = Math.max(out.now, now)
      try {
        if (!hasStarted) {
          hasStarted = true
          ring.membership.remember()
          ring.suspicion.startAlone()
        }
        handle(ring, input)
        advance(ring)
      } catch (error) {
        if (!(error instanceof Bug)) throw error
        out.stop({ kind: 'bug', message: error.message })
      }
      ring.disk.flush()
      if (out.stopped !== undefined) {
        ring.token.becomeAbsent()
        return [...out.take(), { kind: 'stopped', reason: out.stopped }]
      }
      const { next } = ring.due
      if (next !== wakeAt) {
        wakeAt = next
        out.put({ kind: 'wake', at: next })
      }
      return out.take()
    },
  }
}

/** What the handlers recorded is acted upon here, always in the same order. */
function advance(ring: Ring): void {
  if (ring.out.stopped !== undefined) return
  ring.epochs.enterIfNew()
  runDue(ring)
  ring.promises.advanceInstall()
  ring.suspicion.advance()
  ring.attempts.advance()
  ring.token.advanceArrival()
  ring.membership.advance()
  ring.token.advance()
  ring.membership.leaveWhenFree()
}

function handle(ring: Ring, input: Input): void {
  switch (input.kind) {
    case 'tick':
      return
    case 'receive':
      return receive(ring, input.from, input.lamport, input.message)
    case 'arriving':
      return ring.fetching.askAhead(input.from, input.last + 1)
    case 'persisted': {
      const before = ring.log.durable
      ring.disk.persisted(input.id)
      if (ring.log.durable > before) ring.counting.reportOwn(before)
      return
    }
    case 'persist-failed':
      ring.disk.fail()
      ring.epochs.giveUp()
      return ring.out.note('persist-failed', {})
    case 'submit':
      return submit(ring, input.domain, input.ops)
    case 'withdraw':
      ring.own.withdraw(input.sequence, input.replacement)
      return
    case 'applied':
      return ring.checkpoints.applied(input.index, input.stateHash)
    case 'link':
      ring.peers.link(input.peer, input.state)
      // Who comes to catch up need not wait for the next heartbeat.
      if (input.state === 'up') ring.status.tell(input.peer)
      return
    case 'pace':
      return ring.pace.set(input.idleHop)
    case 'leave':
      return ring.membership.becomeLeaving()
    default:
      assertNever(input)
  }
}

function receive(ring: Ring, from: PeerId, lamport: number, message: Message): void {
  if (from === ring.self) return
  const hearing = hear(ring, from, lamport, message)
  switch (hearing.kind) {
    case 'ignored':
      if (ring.epochs.isActive && !ring.log.isVoter(from)) ring.faults.disregard(from, message.kind)
      return ring.peers.heard(from)
    case 'refused':
      return ring.faults.refuse(from, message.kind, hearing.reason, hearing.isStranger)
    case 'obeyed':
      if (hearing.movesClock) ring.out.clock.observe(lamport)
      if (hearing.fault !== undefined) ring.faults.refuse(from, message.kind, hearing.fault)
      ring.peers.heard(from)
      return obey(ring, from, message, hearing.isOfferOnly)
  }
}

function obey(ring: Ring, from: PeerId, message: Message, isOfferOnly: boolean): void {
  switch (message.kind) {
    case 'token':
      return ring.token.onToken(from, message)
    case 'token-ack':
      return ring.token.onTokenAck(from, message)
    case 'want':
      return ring.asking.onWant(from, message)
    case 'announce':
      return
    case 'blocks':
      return ring.blocks.accept(from, message.epoch, message.blocks, message.commit)
    case 'durable':
      return ring.counting.report(from, message.epoch, message.durable)
    case 'committed':
      return ring.counting.learn(message.commit)
    case 'status':
      return ring.status.onStatus(from, message, isOfferOnly)
    case 'ping':
      return ring.roomClock.onPing(from, message.nonce)
    case 'pong':
      return ring.roomClock.onPong(from, message.nonce, message.wallClock)
    case 'evidence':
      return ring.faults.onEvidence(from, message.evidence)
    case 'request':
      return ring.membership.onRequest(from, message)
    case 'pre-vote':
      return ring.suspicion.onPreVote(from, message)
    case 'agree':
      return ring.suspicion.onAgree(from, message)
    case 'prepare':
      return ring.promises.onPrepare(from, message)
    case 'promise':
      return ring.attempts.onPromise(from, message)
    case 'refuse':
      return ring.attempts.onRefuse(from, message)
    case 'install':
      return ring.promises.onInstall(from, message)
    case 'installed':
      return ring.attempts.onInstalled(from)
    case 'activated':
      return ring.promises.onActivated(from, message)
    case 'fetch':
      return ring.fetching.onFetch(from, message)
    case 'fetched':
      return ring.fetching.onFetched(from, message)
    default:
      assertNever(message)
  }
}

function submit(ring: Ring, domain: Domain, ops: readonly Uint8Array[]): void {
  ring.own.submit(domain, ops)
  if (ring.token.holding === undefined) ring.due.armBy('announce', ring.out.now + timing.announceEvery)
}

/** For eyes: what waits for the token (PROTOCOL, section 2.1). */
function announce({ token, asking, own, out, epochs, membership }: Ring): void {
  if (token.holding !== undefined || own.unwritten === 0) return
  const { domain, ops } = own.announcement(announceOpsMax, announceBytesMax)
  if (ops.length === 0) return
  const announced = ops.map((op) => ({ ...op, incarnation: membership.incarnation }))
  out.gossip({ kind: 'announce', domain, epoch: epochs.promised, request: asking.own, ops: announced })
}

function runDue(ring: Ring): void {
  const { due, out, token, counting, disk } = ring
  const { now } = out
  if (now < due.next) return
  if (due.take('status', now)) ring.status.send()
  if (due.take('ack', now)) token.sendOwedAck()
  if (due.take('tokenRepeat', now)) token.repeat()
  if (due.take('want', now)) ring.asking.repeat()
  if (due.take('announce', now)) announce(ring)
  if (due.take('commitTell', now)) counting.tell()
  if (due.take('commitFlush', now)) disk.change()
  if (due.take('stage', now)) ring.fetching.askForStage()
  if (due.take('activation', now)) ring.attempts.repeatActivation()
  if (due.take('request', now)) ring.membership.repeatRequest()
  if (due.take('ping', now)) ring.roomClock.pingMembers()
  if (due.take('look', now)) due.arm('look', now + timing.suspicionEvery)
  due.take('collect', now)
  due.take('token', now)
}

/** What others may read of a replica between its steps. A class: its getters are one piece of code for all replicas of a process. */
class RingView implements ReplicaView {
  readonly #ring: Ring

  constructor(ring: Ring) {
    this.#ring = ring
  }

  get incarnation(): number {
    return this.#ring.membership.incarnation
  }

  get membership(): ReplicaView['membership'] {
    return this.#ring.membership.kind
  }

  get promised(): Epoch {
    return this.#ring.epochs.promised
  }

  get installed(): Epoch {
    return this.#ring.log.installedView.epoch
  }

  get viewIndex(): number {
    return this.#ring.log.installedView.index
  }

  get active(): boolean {
    return this.#ring.epochs.isActive
  }

  get members(): readonly PeerId[] {
    return this.#ring.log.lastView.members
  }

  get head(): Head {
    return headOf(this.#ring.log.head)
  }

  get durable(): number {
    return this.#ring.log.durable
  }

  get commit(): Commit {
    return this.#ring.log.commit
  }

  get lamport(): number {
    return this.#ring.out.clock.time
  }

  get holding(): number | undefined {
    return this.#ring.token.holding
  }

  get turnSeen(): number {
    return this.#ring.token.turnSeen
  }

  get pending(): ReplicaView['pending'] {
    return this.#ring.own.entries
  }

  get failed(): boolean {
    return this.#ring.disk.failed
  }

  get behind(): number {
    return this.#ring.membership.behind
  }

  get evidence(): readonly Evidence[] {
    return this.#ring.faults.evidence
  }

  get refused(): ReadonlyMap<PeerId, Refusal> {
    return this.#ring.faults.refused
  }

  get stopped(): StopReason | undefined {
    return this.#ring.out.stopped
  }

  reachable(now: number): readonly PeerId[] {
    return this.#ring.log.lastView.members.filter((member) => this.#isHeard(member, now))
  }

  hasQuorum(now: number): boolean {
    return this.#ring.log.configs.every((view) => isViewQuorum(view.members, (peer) => this.#isHeard(peer, now)))
  }

  time(now: number): number {
    return this.#ring.roomClock.blockTime(now)
  }

  #isHeard(member: PeerId, now: number): boolean {
    const { self, membership, peers } = this.#ring
    if (member === self) return !membership.hasForgotten
    const { isRefused, heardAt, persistedCommit } = peers.of(member)
    // One that has forgotten its log is here, and can be counted on for nothing.
    return !isRefused && now - heardAt <= timing.suspectAfter && persistedCommit?.epoch.number !== noEpoch.number
  }
}
