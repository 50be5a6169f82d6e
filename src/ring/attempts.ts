import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'
import { type Block, type Commit, faultOfPlace, type Head, headOf, signBlock, viewOf } from './block.ts'
import type { Installing, Preparing, Wishes } from './epochs.ts'
import { isHigher } from './log.ts'
import { type MessageOf, viewsToShow } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import {
  compareEpochs,
  type Epoch,
  epochText,
  isCommitQuorum,
  isViewQuorum,
  type Lost,
  nextMembers,
  sameEpoch,
  type View,
} from './view.ts'

/** A log that may be chosen: our own one up to `keep`, then `blocks`. */
interface Past {
  readonly keep: number
  readonly blocks: readonly Block[]
}

/** Those whose promise is left out for a while. */
const distrustedMost = 256

/** What the initiator of an epoch does (PROTOCOL, section 5, steps 1 to 6). */
export class Attempts {
  readonly #ring: Ring
  /** Voters that promised a log and did not give it, until when their promises of logs that are not here are left out. */
  readonly #distrusted = new Map<PeerId, { readonly until: number; readonly pause: number }>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** Starts an epoch above everything seen. Only a member of a config of its log may, one attempt at a time. */
  start(wishes: Wishes, above: number, why: string): void {
    const { epochs, disk, membership, log, self, out, token, patience } = this.#ring
    // Rule 5-members-start [L]
    if (!log.isVoter(self) || disk.failed || membership.hasForgotten) return
    const owing = token.unacknowledged
    if (owing !== undefined && out.now - owing.since > timing.suspectAfter) patience.tookNoToken(owing.to)
    const attempt = epochs.becomePreparing(wishes, above)
    if (attempt === undefined) return
    out.note('attempt-started', { epoch: epochText(attempt.epoch), why })
    // A restart must not start this very epoch again: `Prepare` waits for the disk.
    disk.whenDurable(() => {
      if (epochs.state !== attempt) return
      // Rule 5.1-disk [S1]
      attempt.askedAt = out.now
      attempt.promises.set(self, { head: headOf(log.head), commit: log.commit })
      this.#ask(attempt, new Set([...votersOf(log.configs), ...wishes.joiners]))
    })
  }

  onPromise(from: PeerId, { head, commit }: MessageOf<'promise'>): void {
    const { state } = this.#ring.epochs
    if (state.kind === 'preparing') state.promises.set(from, { head, commit })
  }

  /** Somebody has promised more: starts over above that after a random wait, without asking around again. */
  onRefuse(from: PeerId, { promised }: MessageOf<'refuse'>): void {
    const { epochs, suspicion, log } = this.#ring
    const { state } = epochs
    // Rule 5.2-refuse [L]
    if (state.kind !== 'preparing' || compareEpochs(promised, state.epoch) <= 0) return
    if (!log.isVoter(from)) {
      // Nobody needs a newcomer's promise: it asks again, and says above what.
      state.asked.delete(from)
      return
    }
    epochs.saw(promised)
    epochs.giveUp()
    suspicion.retryLater(state)
  }

  onInstalled(from: PeerId): void {
    const { epochs, patience } = this.#ring
    const { state } = epochs
    if (state.kind !== 'installing' && state.kind !== 'leading') return
    // Whoever did not promise in time was not sent the view, and still has nothing to show for it.
    if (state.promised.includes(from)) patience.answered(from)
    if (state.kind === 'installing') state.installed.add(from)
    else state.missing.delete(from)
  }

  /** Takes the attempt as far as the answers allow; gives it up when it takes too long. */
  advance(): void {
    const { epochs, out, due, suspicion, membership, log, self } = this.#ring
    const begun = epochs.state
    // It learned meanwhile that it is none any more: who has that log, too, would take it for a stranger.
    // Rule 5-members-start [L]
    if (begun.kind === 'preparing' && !log.isVoter(self)) {
      epochs.giveUp()
      out.note('attempt-given-up', { epoch: epochText(begun.epoch), phase: begun.kind })
    } else if (begun.kind === 'preparing' && begun.askedAt !== undefined) this.#choose(begun, begun.askedAt)
    if (epochs.state.kind === 'installing') this.#activate(epochs.state)
    const { state } = epochs
    if (state.kind !== 'preparing' && state.kind !== 'installing') return due.disarm('attempt')
    // What the own disk takes before that is no time that others had to answer.
    const begunAt = state.kind === 'preparing' ? state.askedAt : state.since
    if (begunAt === undefined) return due.disarm('attempt')
    const giveUpAt = begunAt + timing.attemptLife
    // Rule 5.6-give-up [L]
    if (out.now >= giveUpAt) {
      epochs.giveUp()
      suspicion.waitAWhile(0)
      membership.wasInVain(silentIn(state), state.kind === 'installing')
      out.note('attempt-given-up', { epoch: epochText(state.epoch), phase: state.kind })
      return due.disarm('attempt')
    }
    if (out.now >= state.repeatAt) this.#repeat(state)
    due.arm('attempt', Math.min(giveUpAt, state.repeatAt, state.kind === 'preparing' ? this.#nextChoice(begunAt) : giveUpAt))
  }

  /** For as long as our epoch lasts, its members that did not answer hear of it again. */
  repeatActivation(): void {
    const { epochs, out, due } = this.#ring
    const { state } = epochs
    if (state.kind !== 'leading' || state.missing.size === 0) return
    due.arm('activation', out.now + timing.activatedRepeat)
    const missing = [...state.missing]
    const { viewBlock, epoch } = state
    out.send(missing, { kind: 'install', epoch, viewBlock })
    out.send(missing, { kind: 'activated', epoch, commit: { index: viewBlock.index, hash: viewBlock.hash } })
  }

  #ask(attempt: Preparing, peers: Iterable<PeerId>): void {
    const { self, log, out } = this.#ring
    const fresh = [...peers].filter((peer) => peer !== self && !attempt.asked.has(peer))
    for (const peer of fresh) attempt.asked.add(peer)
    out.send(fresh, { kind: 'prepare', epoch: attempt.epoch, views: viewsToShow(log.configBlocks) })
    if (fresh.length > 0 || attempt.repeatAt === Number.POSITIVE_INFINITY) attempt.repeatAt = out.now + timing.repeat
  }

  #repeat(state: Preparing | Installing): void {
    const { out, log } = this.#ring
    state.repeatAt = out.now + timing.repeat
    if (state.kind === 'preparing') {
      const silent = [...state.asked].filter((peer) => !state.promises.has(peer))
      return out.send(silent, { kind: 'prepare', epoch: state.epoch, views: viewsToShow(log.configBlocks) })
    }
    const missing = state.promised.filter((peer) => !state.installed.has(peer))
    out.send(missing, { kind: 'install', epoch: state.epoch, viewBlock: state.viewBlock })
  }

  /** Step 3: the log with the highest head among the promises is the past, if every config of it has a view quorum. */
  #choose(attempt: Preparing, askedAt: number): void {
    const { out, log, self, epochs, fetching } = this.#ring
    // Rule 5.3-wait [L]
    if ([...attempt.asked].some((peer) => out.now < askedAt + this.#waitFor(attempt, peer))) return
    attempt.promises.set(self, { head: headOf(log.head), commit: log.commit })
    const chosen = this.#chosenPast(attempt)
    if (chosen === undefined) return
    const { past, commitIndex, configs } = chosen
    const counts = (peer: PeerId): boolean => {
      const head = attempt.promises.get(peer)?.head
      return head !== undefined && !this.#isWithheld(peer, head) && !this.#isVoid(attempt, peer, past)
    }
    // Rule 5.3-every-config [S2] [S3]
    if (!configs.every((view) => isViewQuorum(view.members, counts))) return this.#ask(attempt, votersOf(configs))
    fetching.endStage()
    const highest = past.blocks[past.blocks.length - 1] ?? log.at(past.keep)
    if (compareEpochs(highest.epoch, attempt.epoch) > 0) {
      epochs.saw(highest.epoch)
      return epochs.giveUp()
    }
    this.#install(attempt, past, commitIndex, configs, counts)
  }

  /**
   * The room stands still meanwhile: so somebody who has no vote in it yet gets less of its time at first; where that was in vain it
   * may have a slow disk.
   */
  #waitFor(attempt: Preparing, peer: PeerId): number {
    const { peers, log, patience } = this.#ring
    const isHere = !attempt.promises.has(peer) && !peers.isSilent(peer, timing.lately) && peers.of(peer).isConnected
    if (!isHere) return 0
    return log.isVoter(peer) || patience.wasTooSlow(peer) ? timing.chooseWait : timing.joinWait
  }

  /** When a wait ends next. */
  #nextChoice(askedAt: number): number {
    const { out } = this.#ring
    const ends = [timing.joinWait, timing.chooseWait].map((wait) => askedAt + wait)
    return ends.find((end) => out.now < end) ?? Number.POSITIVE_INFINITY
  }

  /**
   * The highest log of those whose owners have a vote in it, or in one lower down this way, from our own on: a joiner's
   * invented head raises nothing. `undefined` while blocks of it are still on their way.
   */
  #chosenPast(
    attempt: Preparing,
  ): { readonly past: Past; readonly commitIndex: number; readonly configs: readonly View[] } | undefined {
    const { log, fetching } = this.#ring
    let past: Past = { keep: log.head.index, blocks: [] }
    let head: Head = headOf(log.head)
    for (;;) {
      const commitIndex = this.#highestCommit(attempt, past)
      const configs = this.#configsOf(past, commitIndex)
      const voters = votersOf([...log.configs, ...configs])
      let best: { readonly peer: PeerId; readonly head: Head } | undefined
      for (const [peer, promise] of attempt.promises) {
        // Rule 5.3-voters [S2] [S3]
        if (!voters.has(peer) || this.#isWithheld(peer, promise.head)) continue
        const isBetter = best !== undefined && promise.head.hash === best.head.hash && this.#isBetterSource(peer, best.peer)
        if (isBetter || isHigher(promise.head, best?.head ?? head)) best = { peer, head: promise.head }
      }
      if (best === undefined) return { past, commitIndex, configs }
      if (best.head.index < log.commit.index) {
        // Higher by its epoch and yet without what we know to be committed: others are still to answer.
        return undefined
      }
      const blocks = attempt.logs.get(best.head.hash) ?? fetching.stagedUpTo(best.head)
      if (blocks === undefined) {
        if (this.#hasWithheld(best.peer)) continue
        fetching.beginStage({ purpose: 'choose', epoch: attempt.epoch, from: best.peer, target: best.head })
        return undefined
      }
      // What it promised is here: whatever kept it from giving that before is over.
      this.#distrusted.delete(best.peer)
      // Kept: another one may have to be fetched next, and this one shows who votes in that.
      attempt.logs.set(best.head.hash, [...blocks])
      const fresh = blocks.filter((block) => !log.has(block.index, block.hash))
      past = { keep: (fresh[0]?.index ?? best.head.index + 1) - 1, blocks: fresh }
      head = best.head
    }
  }

  /** Of two owners of one log the one that gives it already, or the other, as long as that one can be reached. */
  #isBetterSource(peer: PeerId, than: PeerId): boolean {
    const { fetching, peers } = this.#ring
    const isHere = (owner: PeerId): boolean => peers.of(owner).isConnected && !peers.isSilent(owner, timing.lately)
    if (isHere(peer) !== isHere(than)) return isHere(peer)
    return fetching.stage?.from === peer
  }

  /** Its owner promised this log, and did not give it: to leave the promise out is safe, since the quorums must come from others. */
  #isWithheld(peer: PeerId, head: Head): boolean {
    const { log, out } = this.#ring
    const distrust = this.#distrusted.get(peer)
    return distrust !== undefined && out.now < distrust.until && !log.has(head.index, head.hash)
  }

  /**
   * True once for a log that has not come: its owner's promise is left out from here on. Nobody is named for that: an owner
   * that has crashed since, or that no question reaches, is silent, too.
   */
  #hasWithheld(peer: PeerId): boolean {
    const { fetching, out } = this.#ring
    const { stage } = fetching
    if (stage?.purpose !== 'choose' || stage.from !== peer || out.now - stage.gotOnAt <= timing.withheld) return false
    fetching.endStage()
    const before = this.#distrusted.get(peer)
    const pause = before === undefined ? timing.distrust : Math.min(2 * before.pause, timing.distrustMost)
    // The oldest goes: joiners can be invented.
    this.#distrusted.delete(peer)
    for (const oldest of this.#distrusted.keys()) {
      if (this.#distrusted.size < distrustedMost) break
      this.#distrusted.delete(oldest)
    }
    this.#distrusted.set(peer, { until: out.now + pause, pause })
    out.note('promise-left-out', { from: peer, index: stage.target.index })
    return true
  }

  /** The highest commit that voters name and that stands in the chosen log; one that is not there is ignored. */
  #highestCommit(attempt: Preparing, past: Past): number {
    const { log } = this.#ring
    const voters = votersOf([...log.configs, ...viewsIn(past.blocks)])
    let index = Math.min(log.commit.index, past.keep)
    for (const [peer, { commit }] of attempt.promises) {
      if (commit.index > index && voters.has(peer) && isIn(log, past, commit)) index = commit.index
    }
    return index
  }

  #configsOf(past: Past, commitIndex: number): readonly View[] {
    const views = [...this.#ring.log.configs.filter((view) => view.index <= past.keep), ...viewsIn(past.blocks)]
    const lastCommitted = views.findLastIndex((view) => view.index <= commitIndex)
    return views.slice(Math.max(0, lastCommitted))
  }

  /**
   * Its head is older than the last view that names it as lost: a life that is gone gave this promise.
   * Rule 5.3-void [S2] [S3]
   */
  #isVoid(attempt: Preparing, peer: PeerId, past: Past): boolean {
    const { log, self } = this.#ring
    const head = attempt.promises.get(peer)?.head
    if (peer === self || head === undefined) return false
    const lostLater = viewsIn(past.blocks).findLast((view) => view.lost.some((lost) => lost.peer === peer))?.epoch
    const lostIn = lostLater ?? log.lostIn(peer)
    return lostIn !== undefined && compareEpochs(head.epoch, lostIn) < 0
  }

  /** Step 4: our log becomes the chosen one, with the view block at its end. */
  #install(
    attempt: Preparing,
    past: Past,
    commitIndex: number,
    configs: readonly View[],
    counts: (peer: PeerId) => boolean,
  ): void {
    const { log, blocks, counting, epochs, disk, out, self, crypto, roomClock, checkpoints, faults, patience } = this.#ring
    if (past.keep < log.head.index) blocks.dropTail(past.keep + 1, past.blocks)
    for (const block of past.blocks) blocks.append(block)
    if (commitIndex > log.commit.index) counting.move(commitIndex)
    if (out.stopped !== undefined) return
    const members = nextMembers({
      self,
      configs,
      answered: counts,
      leavers: attempt.leavers,
      joiners: [...attempt.joiners].filter((peer) => this.#isCaughtUp(attempt, peer)),
      barred: (peer) => faults.isLiar(peer) || patience.isLeftOut(peer),
      isUntried: (peer) => patience.isUntried(peer),
    })
    out.clock.observe(log.head.lamport)
    const viewBlock = signBlock(
      {
        index: log.head.index + 1,
        epoch: attempt.epoch,
        turn: 0,
        author: self,
        lamport: out.clock.advance(),
        time: roomClock.blockTime(),
        prevHash: log.head.hash,
        checkpoint: checkpoints.own,
        body: { kind: 'view', members, lost: this.#lostOutside(attempt, members) },
      },
      crypto,
    )
    const fault = faultOfPlace(viewBlock, log.head, log.lastView)
    if (fault !== undefined) {
      out.note('own-block-refused', { index: viewBlock.index, turn: 0, fault })
      return epochs.giveUp()
    }
    blocks.append(viewBlock)
    const installing = epochs.becomeInstalling(attempt, viewBlock, configs)
    out.send(installing.promised, { kind: 'install', epoch: attempt.epoch, viewBlock })
    out.note('view-proposed', { epoch: epochText(attempt.epoch), members: members.length, index: viewBlock.index })
    // Counts itself only after its own fsync, and only if its promise is still this one.
    disk.whenDurable(() => {
      // Rule 5.4-own-fsync [S2] [S3]
      if (epochs.state === installing && log.has(viewBlock.index, viewBlock.hash)) installing.installed.add(self)
    })
  }

  /**
   * Losses of peers outside the view that are not written down yet, as many as a block holds: those of members first, since
   * losses of others can be invented, and whoever waits asks again. Rule 5.4-lost [S2] [S3]
   */
  #lostOutside(attempt: Preparing, members: readonly PeerId[]): readonly Lost[] {
    const { log } = this.#ring
    const lost = [...attempt.lost].map(([peer, loss]): Lost => ({ peer, loss }))
    const unwritten = lost.filter(({ peer, loss }) => !members.includes(peer) && !log.hasLoss(peer, loss))
    const place = ({ peer }: Lost): number => (log.wasMember(peer) ? 0 : 1)
    return unwritten.sort((a, b) => place(a) - place(b)).slice(0, roomMembersMax)
  }

  /** A joiner is in the view only once it has nearly all of this very log: before that it would only be waited for. */
  #isCaughtUp(attempt: Preparing, peer: PeerId): boolean {
    const { log, limits } = this.#ring
    const head = attempt.promises.get(peer)?.head
    if (head === undefined || !log.has(head.index, head.hash)) return false
    return head.index + limits.caughtUpBlocks >= log.commit.index
  }

  /** Step 5: the view block is committed by the answers, and only so; the ring turns. */
  #activate(installing: Installing): void {
    const { log, epochs, counting, out, due, peers, self, token } = this.#ring
    const { viewBlock, installed, configs } = installing
    const has = (peer: PeerId): boolean => installed.has(peer)
    const members = viewOf(viewBlock)?.members ?? []
    // Rule 5.5-activate [S2] [S3]
    if (!has(self) || !isCommitQuorum(members, has) || !configs.every((view) => isViewQuorum(view.members, has))) return
    if (viewBlock.index > log.commit.index) counting.move(viewBlock.index)
    epochs.becomeLeading(
      installing,
      members.filter((member) => member !== self && !has(member)),
    )
    due.arm('activation', out.now + timing.activatedRepeat)
    const told = [...new Set([...installing.asked, ...members])].filter((peer) => peer !== self)
    const commit: Commit = { index: viewBlock.index, hash: viewBlock.hash }
    out.send(told, { kind: 'activated', epoch: installing.epoch, commit })
    peers.commitTold(told)
    out.note('epoch-activated', { epoch: epochText(installing.epoch), members: members.length, index: viewBlock.index })
    if (epochs.isActive) token.becomeHeld(1, new Array(members.length).fill(0), new Array(members.length).fill(false))
  }
}

/** Whether `peer` is asked by this attempt, and for this epoch. */
export function isAskedBy(ring: Ring, peer: PeerId, epoch: Epoch): boolean {
  const { state } = ring.epochs
  if (state.kind === 'following' || !sameEpoch(state.epoch, epoch)) return false
  return state.kind === 'leading' ? true : state.asked.has(peer)
}

/** Who was asked, or proposed, and did not do what the next step needs. */
function silentIn(state: Preparing | Installing): readonly PeerId[] {
  if (state.kind === 'preparing') return [...state.asked].filter((peer) => !state.promises.has(peer))
  return state.promised.filter((peer) => !state.installed.has(peer))
}

function votersOf(configs: readonly View[]): Set<PeerId> {
  const voters = new Set<PeerId>()
  for (const view of configs) for (const member of view.members) voters.add(member)
  return voters
}

function viewsIn(blocks: readonly Block[]): readonly View[] {
  return blocks.map(viewOf).filter((view) => view !== undefined)
}

function isIn(log: Ring['log'], past: Past, { index, hash }: Commit): boolean {
  if (index <= past.keep) return log.has(index, hash)
  return past.blocks.some((block) => block.index === index && block.hash === hash)
}
