import { z } from 'zod'
import { parsePeerId } from '../core/ids.ts'
import { labLimits, nameCharsMax } from '../core/limits.ts'
import { bounds } from './bounds.ts'
import { fromParser } from './schemas.ts'

/** What is asked of the lab on the real room, and what it answers. Times in milliseconds. */

const peerText = fromParser(parsePeerId)
const span = z
  .object({ least: z.number().min(0).max(labLimits.millis), most: z.number().min(0).max(labLimits.millis) })
  .refine(({ least, most }) => least <= most, {
    message: 'A range goes from the lesser number to the greater.',
    params: { code: 'range-reversed' },
  })
const at = z.number().min(0).max(labLimits.faultMillis)
const fault = z.discriminatedUnion('kind', [
  /** Its part stands still: it hears nothing, and says nothing. */
  z.object({ kind: z.literal('pause'), peer: peerText, at, millis: at }),
  /** Its part dies without a word, and begins anew in the room's next view. */
  z.object({ kind: z.literal('kill'), peer: peerText, at }),
  /** Nothing comes through between the two. */
  z.object({ kind: z.literal('cut'), peer: peerText, to: peerText, at, millis: at }),
])
const atOnce = { least: 0, most: 0 }
const algorithmText = z.string().min(1).max(nameCharsMax)

export const experimentNumber = z.int().min(1, 'Experiments are numbered from 1 on.')

/** Without the algorithm: what all of a series have in common. */
export const seriesFields = z.object({
  section: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,32}$/, 'A section is named by 1 to 32 of A-Z, a-z, 0-9, “.”, “_” and “-”.')
    .default('main'),
  /** Of each peer. */
  entries: z.int().min(1).max(labLimits.entries).default(10),
  /** Before a peer wants in (again), and while it is inside; drawn by the seed. */
  think: span.default(atOnce),
  stay: span.default(atOnce),
  seed: z.int().min(0).max(labLimits.seed).default(1),
  /** Of what goes from one peer to another; it is sent again. */
  lostShare: z.number().min(0).max(labLimits.lostShare).default(0),
  faults: z.array(fault).max(labLimits.faults).default([]),
  /** Messages wait at their senders until the host lets them go. */
  step: z.boolean().default(false),
  /** Each message is told as an event; else only wishes, entries and releases are. */
  record: z.boolean().default(true),
})
export const settingFields = seriesFields.extend({ algorithm: algorithmText })
export const seriesAlgorithms = z.array(algorithmText).min(1).max(bounds.series)

export const settingView = z.object({
  algorithm: z.string(),
  sha256: z.string().optional(),
  section: z.string(),
  entries: z.int(),
  think: z.object({ least: z.number(), most: z.number() }),
  stay: z.object({ least: z.number(), most: z.number() }),
  seed: z.int(),
  lostShare: z.number(),
  faults: z
    .array(
      z.object({
        kind: z.enum(['pause', 'kill', 'cut']),
        peer: z.string(),
        to: z.string().optional(),
        at: z.number(),
        millis: z.number().optional(),
      }),
    )
    .max(labLimits.faults),
  step: z.boolean(),
  record: z.boolean(),
  /** Who takes part, where not all members do. */
  peers: z.array(z.string()).max(bounds.membersEver).optional(),
})
export type SettingView = z.infer<typeof settingView>

export const algorithmView = z.object({
  name: z.string(),
  kind: z.enum(['built-in', 'own']),
  /** Of an own one: of its file, and who has that. */
  sha256: z.string().optional(),
  peers: z.array(z.string()).max(bounds.members).optional(),
})

/** Who takes no part: it lacks the algorithm, has another file of that name, or did not answer. */
export const absentView = z.object({ peer: z.string(), why: z.enum(['lacks', 'other-hash', 'silent']) })

const message = z.object({ kind: z.string() }).catchall(z.unknown())
const sent = z.object({ entry: z.int(), overhead: z.int() })

export const figuresView = z.object({
  algorithm: z.string(),
  members: z.int(),
  entries: z.int(),
  entriesByPeer: z.array(z.object({ peer: z.string(), entries: z.int() })).max(bounds.membersEver),
  messages: sent,
  messagesPerEntry: z.number().optional(),
  /** Of all entries together; without `most` there is no most. */
  expected: z.object({ least: z.number(), most: z.number().optional(), formula: z.string() }).optional(),
  waiting: z.object({ mean: z.number(), p95: z.number() }).optional(),
  /** These three compare the room clocks of several peers: they are approximate. */
  synchronisationDelay: z.number().optional(),
  entriesPerSecond: z.number().optional(),
  recovery: z.number().optional(),
  fairness: z.number().optional(),
  violations: z.int(),
})

const memberView = z.object({
  peer: z.string(),
  /** `absent`: it takes no part, or has told nothing yet. */
  part: z.enum(['begins', 'out', 'waiting', 'inside', 'done', 'paused', 'dead', 'failed', 'absent']),
  /** Why it failed. */
  why: z.string().optional(),
  entries: z.int(),
  sent,
  /** Events of it that came here, and those that did not. */
  told: z.int(),
  missed: z.int(),
})

const enteredView = z.object({
  peer: z.string(),
  at: z.number(),
  /** Index of the view block. */
  epoch: z.int(),
  lamport: z.int(),
})
const violationView = z.object({ first: enteredView, second: enteredView })

const heldView = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  message,
  lamport: z.int(),
  /** How often it was on its way before, and was dropped, plus one. */
  attempt: z.int(),
  /** The step at which it was put behind all others; 0: it was not. */
  rank: z.int(),
})

export const runView = z.object({
  experiment: z.int(),
  section: z.string(),
  block: z.int(),
  settingHash: z.string(),
  setting: settingView,
  startedAt: z.int(),
  ended: z.enum(['result', 'stop']).optional(),
  epoch: z.int(),
  members: z.array(memberView).max(bounds.membersEver),
  inside: z.array(z.string()).max(bounds.membersEver),
  figures: figuresView,
  /** The first; the figures have their number. */
  violations: z.array(violationView).max(bounds.violations),
  missed: z.int(),
  /** So many messages are still to be told: whoever has much to do does that later. `lab.events` goes on with them. */
  awaited: z.int().optional(),
  /** The open round of votes, how many there are in it, and this peer's own. */
  round: z.int(),
  votes: z.int(),
  myVote: z.string().optional(),
  /** In the order in which they are let go. */
  held: z.array(heldView).max(bounds.held),
  /** Rounds that are over, the newest last; `entered`: who did, once somebody has. */
  predictions: z
    .array(
      z.object({
        round: z.int(),
        tally: z.array(z.object({ peer: z.string(), votes: z.int() })).max(bounds.membersEver),
        voters: z.int(),
        entered: z.string().optional(),
      }),
    )
    .max(bounds.predictions),
  /** All rounds with votes whose truth is known, those before the listed ones too; `right`: votes for who did enter. */
  predicted: z.object({ rounds: z.int(), votes: z.int(), right: z.int() }),
})
export type RunView = z.infer<typeof runView>

export const labState = z.object({
  host: z.string(),
  isHost: z.boolean(),
  /** Those that run, and the newest that ended; oldest first. */
  runs: z.array(runView).max(bounds.runs),
  series: z
    .object({
      algorithms: z.array(z.string()).max(bounds.series),
      at: z.int(),
      experiments: z.array(z.int()).max(bounds.series),
      /** The next one could not begin, and that was the end of it: it was refused, or could not be written. */
      stuck: z.enum(['refused', 'unwritten']).optional(),
    })
    .optional(),
})
export type LabStateView = z.infer<typeof labState>

const numbered = { number: z.int(), at: z.number() }
/** Numbered from 1 on, in this peer's order, which extends happened-before; `state` has no number. */
export const labStep = z.discriminatedUnion('kind', [
  z.object({
    ...numbered,
    kind: z.literal('event'),
    peer: z.string(),
    /** Its own number among the events of its peer: 1, 2, … */
    own: z.int(),
    what: z.enum(['began', 'wished', 'entered', 'released', 'left', 'sent', 'received']),
    epoch: z.int(),
    /** Of a message: its other end. */
    other: z.string().optional(),
    message: message.optional(),
    purpose: z.enum(['entry', 'overhead']).optional(),
    lamport: z.int(),
    vector: z.array(z.object({ peer: z.string(), count: z.int() })).max(bounds.membersEver),
  }),
  z.object({ ...numbered, kind: z.literal('view'), epoch: z.int(), members: z.array(z.string()).max(bounds.members) }),
  z.object({ ...numbered, kind: z.literal('violation'), first: enteredView, second: enteredView }),
  z.object({ ...numbered, kind: z.literal('missed'), peer: z.string(), count: z.int() }),
  z.object({ kind: z.literal('state'), run: runView }),
])
export type LabStepView = z.infer<typeof labStep>

/** As it stands in the log. */
export const recordedView = z.object({
  experiment: z.int(),
  section: z.string(),
  block: z.int(),
  /** Where its set-up stands. */
  setupBlock: z.int().optional(),
  time: z.int(),
  what: z.enum(['setup', 'result', 'stop']),
  /** Absent: its set-up cannot be read. */
  setting: settingView.optional(),
  settingHash: z.string(),
  /** Of a result, and of a stop as far as it had come. */
  figures: figuresView.optional(),
})
export type RecordedView = z.infer<typeof recordedView>

export const recordedResult = z.object({ settingHash: z.string(), setupBlock: z.int().min(0), figures: figuresView })

export const stepAct = z.enum(['release', 'drop', 'delay'])

/** `ID:EVENT`: whose message it is, and the number of its sending there. */
export const heldText = z.string().regex(/^[A-Za-z0-9]{1,64}:\d{1,16}$/, 'This names no waiting message.')
export const voteFields = z.object({ experiment: experimentNumber, round: z.int().min(1), peer: peerText })

export const unknownExperiment = {
  'experiment-gone': {
    status: 404,
    message: 'This peer knows no such experiment: it has seen none of this number since it started.',
    data: z.object({ experiment: z.int() }),
  },
}
export const unknownAlgorithm = {
  'algorithm-unknown': {
    status: 404,
    message: 'There is no algorithm of this name here. `gavelring lab list` has those that there are.',
    data: z.object({ algorithm: z.string() }),
  },
}
export const stepErrors = {
  'not-stepping': { status: 409, message: 'This experiment goes on by itself: start one with step mode.' },
  'nothing-held': { status: 409, message: 'No message waits there to be let go.' },
}
export const lateVote = {
  'round-closed': { status: 409, message: 'That round is over: the host has made its step.', data: z.object({ round: z.int() }) },
}
