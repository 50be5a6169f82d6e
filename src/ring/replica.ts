import { assertNever, Bug } from '../core/assert.ts'
import type { PeerId } from '../core/ids.ts'
import { headOf } from './block.ts'
import type { Domain, Message } from './message.ts'
import { Ring } from './ring.ts'
import { hear } from './senders.ts'
import { announceBytesMax, announceOpsMax, timing } from './timing.ts'
import type { Input, Output, Replica, ReplicaOptions, ReplicaView } from './types.ts'
import { isViewQuorum, noEpoch } from './view.ts'

/** One peer of the ring log (PROTOCOL, sections 1 to 5). */
export function createReplica(options: ReplicaOptions): Replica {
  const ring = new Ring(options)
  const { out } = ring
  let hasStarted = false
  let wakeAt = Number.NaN
  return {
    view: viewOfRing(ring),
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
      return ring.peers.link(input.peer, input.state)
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

/** What others may read of a replica between its steps. */
function viewOfRing(ring: Ring): ReplicaView {
  const { log, epochs, token, membership, disk, faults, own, out, peers, self, roomClock } = ring
  const isHeard = (member: PeerId, now: number): boolean => {
    if (member === self) return !membership.hasForgotten
    const { isRefused, heardAt, persistedCommit } = peers.of(member)
    // One that has forgotten its log is here, and can be counted on for nothing.
    return !isRefused && now - heardAt <= timing.suspectAfter && persistedCommit?.epoch.number !== noEpoch.number
  }
  return {
    get incarnation() {
      return membership.incarnation
    },
    get membership() {
      return membership.kind
    },
    get promised() {
      return epochs.promised
    },
    get installed() {
      return log.installedView.epoch
    },
    get active() {
      return epochs.isActive
    },
    get members() {
      return log.lastView.members
    },
    get head() {
      return headOf(log.head)
    },
    get durable() {
      return log.durable
    },
    get commit() {
      return log.commit
    },
    get lamport() {
      return out.clock.time
    },
    get holding() {
      return token.holding
    },
    get turnSeen() {
      return token.turnSeen
    },
    get pending() {
      return own.entries
    },
    get failed() {
      return disk.failed
    },
    get behind() {
      return membership.behind
    },
    get evidence() {
      return faults.evidence
    },
    get refused() {
      return faults.refused
    },
    get stopped() {
      return out.stopped
    },
    reachable: (now) => log.lastView.members.filter((member) => isHeard(member, now)),
    hasQuorum: (now) => log.configs.every((view) => isViewQuorum(view.members, (peer) => isHeard(peer, now))),
    time: (now) => roomClock.blockTime(now),
  }
}
