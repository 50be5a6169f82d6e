import type { Edit, Mutation } from './mutations.ts'

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

/** PROTOCOL, section 8, by the names that it uses, and two of the market. */
export const mutations: Readonly<Record<string, Mutation>> = {
  promiserStops: {
    breaks: 'a promise ends the token, its repeating, and what counts as durable, at once',
    edits: [
      edit('ring/raise.ts', '  token.hold = undefined\n', ''),
      edit('ring/raise.ts', '  token.handing = undefined\n', ''),
      edit('ring/state.ts', '    sameEpoch(view.epoch, ring.promised) &&\n', '    view.index > 0 &&\n'),
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
        'ring/promise.ts',
        '  if (ring.log.has(viewBlock.index, viewBlock.hash)) return answerInstalled(ring, from, epoch, viewBlock)\n',
        `  if (ring.log.has(viewBlock.index, viewBlock.hash)) {
    if (ring.log.head.index > viewBlock.index) dropTail(ring, viewBlock.index + 1)
    return answerInstalled(ring, from, epoch, viewBlock)
  }
`,
      ),
    ],
  },
  stopFirst: {
    breaks: 'a promise takes force before its write starts, and the head is read after that',
    edits: [
      edit(
        'ring/promise.ts',
        '  if (order < 0) raisePromise(ring, epoch)\n',
        `  if (order < 0) {
    const early = { head: ring.log.durableHead, commit: ring.log.commit }
    markChanged(ring, {})
    return whenDurable(ring, () => {
      if (compareEpochs(ring.promised, epoch) >= 0) return
      raisePromise(ring, epoch)
      sendTo(ring, [from], { kind: 'promise', epoch, ...early })
    })
  }
`,
      ),
      edit('ring/promise.ts', "import { whenDurable } from './disk.ts'", "import { markChanged, whenDurable } from './disk.ts'"),
    ],
  },
  ownAttempt: {
    breaks: 'a promise ends one’s own attempt',
    edits: [
      edit(
        'ring/raise.ts',
        '  if (ring.attempt !== undefined && !sameEpoch(ring.attempt.epoch, epoch)) ring.attempt = undefined\n',
        '',
      ),
    ],
  },
  ownFsync: {
    breaks: 'the initiator counts itself only after its own fsync',
    edits: [
      edit(
        'ring/attempt.ts',
        '    if (ring.attempt === attempt && log.has(viewBlock.index, viewBlock.hash)) attempt.installed.add(ring.self)\n  })',
        '  })\n  attempt.installed.add(ring.self)',
      ),
    ],
  },
  promiseSync: {
    breaks: 'a promise is on disk before it is told, and before `Prepare` leaves',
    edits: [
      edit(
        'ring/promise.ts',
        `  whenDurable(ring, () => {
    // The head`,
        `  Array.of(() => {
    // The head`,
      ),
      edit('ring/promise.ts', 'commit: ring.log.commit })\n  })', 'commit: ring.log.commit })\n  }).forEach((then) => then())'),
      edit('ring/attempt.ts', '  whenDurable(ring, () => {\n    if (ring.attempt !== attempt) return\n', '  Array.of(() => {\n'),
      edit('ring/attempt.ts', '...joiners]))\n  })', '...joiners]))\n  }).forEach((then) => then())'),
    ],
  },
  learnRaise: {
    breaks: 'catching up raises the promise',
    edits: [edit('ring/catch-up.ts', '  if (compareEpochs(epoch, ring.promised) > 0) raisePromise(ring, epoch)\n', '')],
  },
  installedGuard: {
    breaks: 'no `Installed` leaves after a later promise',
    edits: [edit('ring/promise.ts', 'if (onDisk && sameEpoch(ring.promised, epoch)) sendTo', 'if (onDisk) sendTo')],
  },
  installRecheck: {
    breaks: 'the promise is looked at again after fetching, in the step that replaces the log',
    edits: [
      edit(
        'ring/raise.ts',
        '  if (ring.stage !== undefined && !sameEpoch(ring.stage.epoch, epoch)) ring.stage = undefined\n',
        '',
      ),
      edit('ring/promise.ts', '  if (sameEpoch(ring.promised, stage.epoch)) replaceLog', '  replaceLog'),
    ],
  },
  allConfigs: {
    breaks: 'every config of the chosen log is asked',
    edits: [
      edit(
        'ring/attempt.ts',
        '  return views.slice(Math.max(0, lastCommitted))',
        '  return views.slice(Math.min(-1, lastCommitted - lastCommitted - 1))',
      ),
    ],
  },
  viewCount: {
    breaks: 'the view block is never committed by counting',
    edits: [
      edit(
        'ring/commit.ts',
        '  if (index <= view.index || index <= log.commit.index) return',
        '  if (index < view.index || index <= log.commit.index) return',
      ),
      edit('ring/commit.ts', 'log.durable <= log.installedView.index) return', 'log.durable < log.installedView.index) return'),
    ],
  },
  installOnDisk: {
    breaks: 'a repeated `Install` is answered only once the view block is on disk',
    edits: [
      edit(
        'ring/promise.ts',
        '  if (ring.log.has(viewBlock.index, viewBlock.hash)) return answerInstalled(ring, from, epoch, viewBlock)\n',
        "  if (ring.log.has(viewBlock.index, viewBlock.hash)) return sendTo(ring, [from], { kind: 'installed', epoch })\n",
      ),
    ],
  },
  commitHash: {
    breaks: 'a commit is taken over by its hash, never by its index alone',
    edits: [
      edit(
        'ring/commit.ts',
        'ring.log.has(commit.index, commit.hash)) moveCommit',
        'ring.log.find(commit.index) !== undefined) moveCommit',
      ),
    ],
  },
  fresh: {
    breaks: 'a restarted peer takes nothing in an epoch whose view block was in its log when it started',
    edits: [edit('ring/state.ts', '    !sameEpoch(view.epoch, ring.startedIn) &&\n', '')],
  },
  statusGuard: {
    breaks: '`Status` names a durable index only while its sender is active',
    edits: [edit('ring/status.ts', 'durable: active && log.durable >= view.index ?', 'durable: log.durable >= view.index ?')],
  },
  learnerCommitted: {
    breaks: 'catching up takes committed blocks only',
    edits: [
      edit(
        'ring/fetch.ts',
        "  const last = what === 'committed' ? log.commit.index : log.head.index\n",
        '  const last = log.head.index\n',
      ),
      edit('ring/fetch.ts', '  const place = { commit: log.commit, head', '  const place = { commit: headOf(log.head), head'),
    ],
  },
  refetchCounts: {
    breaks: 'a peer whose log was lost promises and counts nothing until the room has gone on without it',
    edits: [
      edit('ring/state.ts', '    !ring.failed &&\n    ring.forgotBelow === undefined\n', '    !ring.failed\n'),
      edit(
        'ring/promise.ts',
        '  ring.highest = Math.max(ring.highest, epoch.number)\n  if (ring.forgotBelow !== undefined || ring.failed) return\n',
        '  ring.highest = Math.max(ring.highest, epoch.number)\n  if (ring.failed) return\n',
      ),
      edit(
        'ring/promise.ts',
        '  if (ring.forgotBelow !== undefined || ring.failed || !isProposal',
        '  if (ring.failed || !isProposal',
      ),
    ],
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
  appliedTwice: {
    breaks: 'an operation is applied once',
    edits: [
      edit(
        'market/market.ts',
        '      outcomes.push(applyOne(',
        '      applyOne(state, author, place, { incarnation: block.incarnation, sequence }, bytes, hash)\n      outcomes.push(applyOne(',
      ),
    ],
  },
}
