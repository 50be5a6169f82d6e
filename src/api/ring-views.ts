import { z } from 'zod'
import { bounds } from './bounds.ts'

/** The ring and who is in it, as it goes out. */

export const peerView = z.object({
  peer: z.string(),
  name: z.string(),
  member: z.boolean(),
  /** It is one by this peer's log, but nothing says that it still is. */
  memberAsOfLog: z.boolean(),
  connected: z.boolean(),
  self: z.boolean(),
  /** Milliseconds that its clock is ahead of ours; absent: not measured yet. */
  clockOffset: z.number().optional(),
  /** What it says was refused so often; the first reason. */
  refused: z.object({ reason: z.string(), count: z.int() }).optional(),
  /** What it is proven of. */
  faulty: z.string().optional(),
  /**
   * `unreachable`: a member that was not heard lately. `learner`: in the room, says so, and is no member yet. `visitor`: connected,
   * and says nothing in the room. `refused`: no member, and what it says is refused.
   */
  role: z.enum(['member', 'learner', 'unreachable', 'visitor', 'refused']),
  /** How what it says comes here. `address`: the other end of a direct connection. `mesh`: passed on by others. */
  path: z.object({ kind: z.enum(['self', 'direct', 'mesh', 'none']), address: z.string().optional() }),
  /** Of questions and answers between members, smoothed, in milliseconds; absent: not measured yet. */
  roundTripMillis: z.number().optional(),
  /** Its last block on disk that counts, as its last heartbeat said. */
  durable: z.int().optional(),
  /** Its commit, as its last heartbeat said. */
  head: z.object({ index: z.int(), hash: z.string() }).optional(),
  holdsToken: z.boolean(),
  /** It asked for the token, and has not had it since. */
  wants: z.boolean(),
  /** A member has just asked the others whether they miss it too. */
  suspected: z.boolean(),
})
export type PeerView = z.infer<typeof peerView>

/** The ring as this peer knows it: what it held, passed on, and was told in blocks and heartbeats. */
export const ringView = z.object({
  epoch: z.string(),
  /** Index of the view block. */
  view: z.int(),
  members: z.array(z.string()).max(bounds.members),
  turn: z.int(),
  /** Who had the token last, as far as is known here. */
  holder: z.string().optional(),
  /** Who waits for it. */
  requests: z.array(z.string()).max(bounds.members),
  suspected: z.array(z.string()).max(bounds.members),
  quorum: z.boolean(),
  /** How long the token rests where nobody wants it. */
  paceMillis: z.int(),
  /** The newest that are known of, oldest first: at most 50. Between two heartbeats some may pass unseen. */
  turns: z
    .array(
      z.object({
        turn: z.int(),
        epoch: z.string(),
        holder: z.string(),
        at: z.int(),
        /** That it wrote. */ block: z.int().optional(),
      }),
    )
    .max(bounds.turns),
})
export type RingView = z.infer<typeof ringView>

const roomTime = { at: z.number() }

/**
 * What the ring does, as it is seen here and told by those who record for this peer. `at`: on the room clock, milliseconds since
 * 1970 with fractions. Token moves come in the order of epoch and turn, half a second late at most; all else as it is heard of.
 */
export const ringStep = z.discriminatedUnion('kind', [
  /** The token has moved to `to`. Without `from`: only what was written in that turn is known. */
  z.object({
    kind: z.literal('token'),
    ...roomTime,
    epoch: z.string(),
    turn: z.int(),
    from: z.string().optional(),
    to: z.string(),
  }),
  /** Who waits for the token now. */
  z.object({ kind: z.literal('requests'), ...roomTime, peers: z.array(z.string()).max(bounds.members) }),
  /** One message, told again with the same id when its other end becomes known. Where only its arrival is, `at` is that. */
  z.object({
    kind: z.literal('frame'),
    id: z.string(),
    ...roomTime,
    arrivedAt: z.number().optional(),
    from: z.string(),
    /** Empty: everyone, by topic; then its arrival is the first that is known. */
    to: z.string(),
    message: z.string(),
    topic: z.string().optional(),
    /** Its sender's clock, which it carries. */
    lamport: z.int(),
    /** Its receiver's clock at that moment; absent also where the frame did not move it. */
    arrivedLamport: z.int().optional(),
    epoch: z.string().optional(),
    turn: z.int().optional(),
    block: z.int().optional(),
    bytes: z.int(),
  }),
  /** A block is committed; `at` is its own time. */
  z.object({ kind: z.literal('block'), ...roomTime, index: z.int(), author: z.string(), turn: z.int(), lamport: z.int() }),
  /** Whose frames are told. */
  z.object({ kind: z.literal('recorders'), peers: z.array(z.string()).max(bounds.members) }),
  /** So many steps were not recorded, or not told: more than can be. */
  z.object({ kind: z.literal('missed'), count: z.int() }),
])
export type RingStepView = z.infer<typeof ringStep>

/** One message in full. */
export const frameDetail = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  message: z.string(),
  lamport: z.int(),
  bytes: z.int(),
  /** As it travelled; empty where this peer neither sent nor received it. */
  hex: z.string(),
  /** What it says; operations, pictures and long lists are shortened. */
  fields: z.record(z.string(), z.unknown()),
})
export type FrameDetail = z.infer<typeof frameDetail>
