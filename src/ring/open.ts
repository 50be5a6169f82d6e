import { createLamportClock } from '../core/lamport.ts'
import { noEpoch } from './epoch.ts'
import { Log } from './log.ts'
import { OwnOperations } from './queue.ts'
import type { Ring } from './state.ts'
import type { ReplicaOptions } from './types.ts'

/** What a replica knows when it starts: what is on its disk, and nothing of anybody else. */
export function openRing(options: ReplicaOptions): Ring {
  const { disk, wallClock } = options
  const { now } = wallClock
  const log = new Log(disk.blocks, disk.views, disk.meta.commit)
  return {
    self: options.self,
    crypto: options.crypto,
    random: options.random,
    pace: options.pace,
    clock: createLamportClock(log.head.lamport),
    log,
    own: new OwnOperations(),
    incarnation: options.incarnation,
    now,
    outputs: [],
    promised: disk.meta.promised,
    startedIn: log.lastView.epoch,
    highest: Math.max(disk.meta.promised.number, log.lastView.epoch.number),
    forgotBelow: disk.meta.forgotBelow,
    failed: false,
    leaving: false,
    stopped: undefined,
    disk: {
      issued: 0,
      changedFrom: undefined,
      cut: false,
      metaChanged: false,
      underway: [],
      promised: disk.meta.promised,
      commit: disk.meta.commit,
      waiting: [],
    },
    token: {
      hold: undefined,
      taken: 0,
      handing: undefined,
      arriving: undefined,
      ackOwed: undefined,
      epoch: log.installedView.epoch,
      requested: new Map(),
      request: 0,
      requestServed: 0,
      wantWait: 0,
      bitSet: false,
      signEpoch: noEpoch,
      signTurn: 0,
      signAt: now,
      ownAppend: undefined,
    },
    peers: new Map(),
    requests: { joiners: new Set(), leavers: new Map() },
    gap: { ahead: new Map(), askedAt: Number.NEGATIVE_INFINITY },
    market: { applied: undefined, states: new Map(), expected: new Map() },
    roomClock: { base: wallClock.at - now, headAt: now },
    due: {
      status: now,
      ping: now,
      suspicion: now,
      want: Number.POSITIVE_INFINITY,
      announce: Number.POSITIVE_INFINITY,
      ack: Number.POSITIVE_INFINITY,
      tokenRepeat: Number.POSITIVE_INFINITY,
      commitTell: Number.POSITIVE_INFINITY,
      commitFlush: Number.POSITIVE_INFINITY,
      attempt: Number.POSITIVE_INFINITY,
      activation: Number.POSITIVE_INFINITY,
      request: now,
      token: Number.POSITIVE_INFINITY,
      stage: Number.POSITIVE_INFINITY,
      sync: now,
    },
    progressAt: now,
    attempt: undefined,
    activation: undefined,
    stage: undefined,
    suspicion: {
      promisedAt: Number.NEGATIVE_INFINITY,
      quietUntil: now,
      waitUntil: now,
      retry: undefined,
      preVote: undefined,
      preVotes: 0,
    },
  }
}
