import type { Edit, Mutation } from './mutations.ts'

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

/** PROTOCOL, section 8, by the names that it uses; then some of market and peer, one for each thing that the checks look at. */
export const mutations: Readonly<Record<string, Mutation>> = {
  promiserStops: {
    breaks: 'a promise ends the token, its repeating, and what counts as durable, at once',
    edits: [
      edit(
        'ring/epochs.ts',
        '    token.becomeAbsent()\n    blocks.forgetAhead()\n',
        '    blocks.forgetAhead()\n    void token\n',
      ),
      edit('ring/epochs.ts', '      sameEpoch(epoch, this.#promised) &&\n', '      log.head.index >= 0 &&\n'),
    ],
  },
  tieBreak: {
    breaks: 'exactly half is a view quorum only with the first member',
    edits: [
      edit(
        'ring/view.ts',
        '(twice === members.length && members.length > 0 && has(members[0] as PeerId))',
        'twice === members.length',
      ),
    ],
  },
  dupInstall: {
    breaks: 'a repeated `Install` changes nothing',
    edits: [
      edit(
        'ring/epochs.ts',
        '    if (log.hasView(viewBlock)) return this.#answer(from, epoch, viewBlock)\n    if (viewBlock.index <= log.commit.index)\n',
        `    if (log.hasView(viewBlock)) {
      if (log.head.index > viewBlock.index && log.base <= viewBlock.index) this.#ring.blocks.dropTail(viewBlock.index + 1)
      return this.#answer(from, epoch, viewBlock)
    }
    if (viewBlock.index <= log.commit.index)
`,
      ),
    ],
  },
  stopFirst: {
    breaks: 'a promise takes force before its write starts, and the head is read after that',
    edits: [
      edit(
        'ring/epochs.ts',
        '    if (order < 0) epochs.becomeFollowing(epoch)\n',
        `    if (order < 0) {
      const early = { head: log.durableHead, commit: log.commit }
      disk.change()
      return disk.whenDurable(() => {
        if (compareEpochs(epochs.promised, epoch) >= 0) return
        epochs.becomeFollowing(epoch)
        out.send([from], { kind: 'promise', epoch, ...early })
      })
    }
`,
      ),
    ],
  },
  ownAttempt: {
    breaks: 'a promise ends one’s own attempt',
    edits: [edit('ring/epochs.ts', '    this.#promise(epoch)\n    this.#state = following\n', '    this.#promise(epoch)\n')],
  },
  ownFsync: {
    breaks: 'the initiator counts itself only after its own fsync',
    edits: [
      edit(
        'ring/attempts.ts',
        '    disk.whenDurable(() => {\n      // Rule 5.4-own-fsync [S2] [S3]\n',
        '    installing.installed.add(self)\n    disk.whenDurable(() => {\n',
      ),
    ],
  },
  promiseSync: {
    breaks: 'a promise is on disk before it is told, and before `Prepare` leaves',
    edits: [
      edit(
        'ring/epochs.ts',
        '    disk.whenDurable(() => {\n      // The head is read',
        '    Array.of(() => {\n      // The head is read',
      ),
      edit(
        'ring/epochs.ts',
        'head: log.durableHead, commit: log.commit })\n      }\n    })',
        'head: log.durableHead, commit: log.commit })\n      }\n    }).forEach((then) => then())',
      ),
      edit(
        'ring/attempts.ts',
        '    disk.whenDurable(() => {\n      if (epochs.state !== attempt) return\n',
        '    Array.of(() => {\n',
      ),
      edit('ring/attempts.ts', '...wishes.joiners]))\n    })', '...wishes.joiners]))\n    }).forEach((then) => then())'),
    ],
  },
  learnRaise: {
    breaks: 'catching up raises the promise',
    edits: [edit('ring/catch-up.ts', '    if (epochs.isBelow(commit.epoch)) epochs.becomeFollowing(commit.epoch)\n', '')],
  },
  cutRaise: {
    breaks: 'it is raised to the commit that the frame names, also where the frame ends long before',
    edits: [
      edit(
        'ring/catch-up.ts',
        '    if (epochs.isBelow(commit.epoch)) epochs.becomeFollowing(commit.epoch)\n',
        '    const seen = last?.epoch ?? log.committedView.epoch\n    if (epochs.isBelow(seen)) epochs.becomeFollowing(seen)\n',
      ),
    ],
  },
  installedGuard: {
    breaks: 'no `Installed` leaves after a later promise',
    edits: [edit('ring/epochs.ts', 'if (isOnDisk && sameEpoch(epochs.promised, epoch)) out.send', 'if (isOnDisk) out.send')],
  },
  installLate: {
    breaks: 'an `Install` of an epoch below the promise is not taken in',
    edits: [
      edit(
        'ring/senders.ts',
        'return message.epoch.initiator === from && sameEpoch(message.epoch, ring.epochs.promised)',
        'return message.epoch.initiator === from',
      ),
      edit(
        'ring/epochs.ts',
        '    if (membership.hasForgotten || disk.failed || !sameEpoch(epochs.promised, epoch)) return\n    const fault',
        '    if (membership.hasForgotten || disk.failed || epochs.isBelow(epoch)) return\n    const fault',
      ),
    ],
  },
  installRecheck: {
    breaks: 'the promise is looked at again after fetching, in the step that replaces the log',
    edits: [
      edit('ring/epochs.ts', '    fetching.endStageOf(epoch)\n', '    void fetching\n'),
      edit(
        'ring/epochs.ts',
        '    if (sameEpoch(epochs.promised, stage.epoch)) this.#install',
        '    void epochs\n    this.#install',
      ),
    ],
  },
  allConfigs: {
    breaks: 'every config of the chosen log is asked',
    edits: [
      edit(
        'ring/attempts.ts',
        '    return views.slice(Math.max(0, lastCommitted))',
        '    return views.slice(-1 - 0 * lastCommitted)',
      ),
    ],
  },
  viewCount: {
    breaks: 'the view block is never committed by counting',
    edits: [
      edit(
        'ring/commit.ts',
        '    if (index <= view.index || index <= log.commit.index) return',
        '    if (index < view.index || index <= log.commit.index) return',
      ),
      edit('ring/commit.ts', 'log.durable <= view.index) return', 'log.durable < view.index) return'),
    ],
  },
  installOnDisk: {
    breaks: 'a repeated `Install` is answered only once the view block is on disk',
    edits: [
      edit(
        'ring/epochs.ts',
        '    if (log.hasView(viewBlock)) return this.#answer(from, epoch, viewBlock)\n    if (viewBlock.index <= log.commit.index)\n',
        "    if (log.hasView(viewBlock)) return this.#ring.out.send([from], { kind: 'installed', epoch })\n    if (viewBlock.index <= log.commit.index)\n",
      ),
    ],
  },
  commitHash: {
    breaks: 'a commit is taken over by its hash, never by its index alone',
    edits: [
      edit(
        'ring/commit.ts',
        'if (commit.index > log.commit.index && log.has(commit.index, commit.hash)) this.move',
        'if (commit.index > log.commit.index && log.find(commit.index) !== undefined) this.move',
      ),
    ],
  },
  fresh: {
    breaks: 'a restarted peer takes nothing in an epoch whose view block was in its log when it started',
    edits: [edit('ring/epochs.ts', '      !sameEpoch(epoch, this.#startedIn) &&\n', '')],
  },
  statusGuard: {
    breaks: '`Status` names a durable index only while its sender is active',
    edits: [edit('ring/peers.ts', 'durable: isActive && log.durable >= view.index ?', 'durable: log.durable >= view.index ?')],
  },
  learnerCommitted: {
    breaks: 'catching up takes committed blocks only',
    edits: [
      edit(
        'ring/fetching.ts',
        "    const last = what === 'committed' ? log.commit.index : log.head.index\n",
        '    const last = log.head.index\n',
      ),
      edit('ring/fetching.ts', 'what, commit: log.commitHead, head', 'what, commit: headOf(log.head), head'),
    ],
  },
  forgotMute: {
    breaks: 'a peer that has forgotten promises, installs and counts nothing',
    edits: [
      edit(
        'ring/membership.ts',
        "  get hasForgotten(): boolean {\n    return this.#state.kind === 'forgotten'",
        "  get hasForgotten(): boolean {\n    return this.#state.kind === 'forgotten' && this.#incarnation < 0",
      ),
    ],
  },
  forgotNonce: {
    breaks: 'only a committed view block with its own loss ends the forgetting',
    edits: [
      edit(
        'ring/membership.ts',
        '!log.hasCommittedLoss(self, this.#state.loss)) return',
        'log.committedView.members.includes(self)) return',
      ),
    ],
  },
  forgotVoid: {
    breaks: 'a promise of a life that is gone is void',
    edits: [edit('ring/attempts.ts', ' && !this.#isVoid(attempt, peer, past)\n', '\n')],
  },
  forgottenRelease: {
    breaks: 'the hold of a leader who is outbid is released',
    edits: [
      edit(
        'market/auctions.ts',
        '  if (leader !== undefined && leader.account !== account.id) releaseLeader(bank, auction, place, events)\n',
        '',
      ),
    ],
  },
  bidInPause: {
    breaks: 'an auction that stands still takes no bids',
    edits: [
      edit(
        'market/auctions.ts',
        "  if (pause !== undefined) return { code: 'auction-paused', auction: auction.id, until: pause.until }\n",
        '  void pause\n',
      ),
    ],
  },
  resumeForFree: {
    breaks: 'what is left of a pause is taken back',
    edits: [edit('market/auctions.ts', '  postpone(auction, Math.max(pause.at, time) - pause.until)\n', '')],
  },
  paceByAnybody: {
    breaks: 'the host alone sets the pace',
    edits: [edit('market/pace.ts', "  if (place.author !== founder) return { code: 'not-host' }\n", '  void place, founder\n')],
  },
  appliedTwice: {
    breaks: 'an operation is applied once',
    edits: [
      edit(
        'market/market.ts',
        '      outcomes.push(applyOne(',
        '      applyOne(state, author, place, block.incarnation, sequence, bytes, hash)\n      outcomes.push(applyOne(',
      ),
    ],
  },
  persistedEarly: {
    breaks: 'no more of the commit is called persisted than the disk has',
    edits: [
      edit(
        'ring/peers.ts',
        '    const { index } = disk.written.commit\n',
        '    const { index } = disk.failed ? disk.written.commit : log.commit\n',
      ),
    ],
  },
  paceKept: {
    breaks: 'the token rests for as long as the room’s pace says, also once that has changed',
    edits: [edit('ring/pace.ts', "    this.#idleHop = idleHop\n    out.note('pace'", "    out.note('pace'")],
  },
  idleRuns: {
    breaks: 'the token rests where nobody wants it',
    edits: [
      edit(
        'ring/token.ts',
        '    if (out.now >= restsUntil) return nextInRing',
        '    if (out.now >= restsUntil - pace.idleHop) return nextInRing',
      ),
    ],
  },
  otherAnswer: {
    breaks: 'an answer belongs to its request',
    edits: [
      edit(
        'peer/proposals.ts',
        'const proposal = proposals.get(settled)\n',
        'const proposal = proposals.get(settled + 1) ?? proposals.get(settled)\n',
      ),
      edit('peer/proposals.ts', '        if (!voided && !sameBytes(written, proposal.bytes)) continue\n', ''),
    ],
  },
  sameIncarnation: {
    breaks: 'each start has an incarnation of its own, on disk before anything is written under it',
    edits: [
      edit(
        'peer/session.ts',
        '  await store.write({ cutFrom: undefined, blocks: [], values: [], meta: encodeMeta(raised) })\n',
        '  void store\n',
      ),
    ],
  },
  noEvidence: {
    breaks: 'two blocks of one author are kept as evidence',
    edits: [
      edit(
        'ring/faults.ts',
        '    if (isTwoBlocks(first, second, this.#ring.crypto)) this.add',
        '    if (!isTwoBlocks(first, second, this.#ring.crypto)) this.add',
      ),
    ],
  },
  noCheckpoint: {
    breaks: 'a false checkpoint is held against its author',
    edits: [edit('ring/commit.ts', '    if (2 * agreeing > count) for', '    if (2 * agreeing > 2 * count) for')],
  },
  batchUnsynced: {
    breaks: 'a batch is synced before anybody is told that it is there',
    edits: [edit('io/store/store.ts', 'batch(operations, { sync: true })', 'batch(operations, { sync: false })')],
  },
  witnessEarly: {
    breaks: 'the witness is written after the batch',
    edits: [
      edit(
        'io/store/store.ts',
        '    await unlessFailed(to, () => to.database.batch(operations, { sync: true }))',
        '    to.witness.note(row)\n    await unlessFailed(to, () => to.database.batch(operations, { sync: true }))',
      ),
    ],
  },
  witnessNever: {
    breaks: 'each batch gets its testimony',
    edits: [edit('io/store/store.ts', '    to.head = head\n    to.witness.note(row)\n', '    to.head = head\n')],
  },
  witnessUnsynced: {
    breaks: 'the witness is synced',
    edits: [edit('io/store/witness.ts', '      await file.sync()\n', '')],
  },
  sealUnread: {
    breaks: 'a row whose checksum is another is damaged',
    edits: [
      edit(
        'io/store/rows.ts',
        'value.length >= 4 && sealOf(value) === checksumOf(key, value.subarray(4))',
        'value.length >= 4 && key.length > 0',
      ),
    ],
  },
  caseSwapped: {
    breaks: 'a log that is behind its witness is nothing to go on from',
    edits: [edit('io/store/open.ts', "behind: { does: 'forget'", "behind: { does: 'open'")],
  },
}
