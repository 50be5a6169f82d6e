/** The world said no: disk, network, deadline. `code` is stable. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: FailureCode, message: string, facts: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.facts = facts
  }
}

export type FailureCode =
  | 'profile-in-use'
  /** Others than its owner can read the profile folder or a secret in it, or it belongs to somebody else. */
  | 'profile-exposed'
  | 'permission-denied'
  | 'path-missing'
  /** A file where a folder belongs, or the other way round, or a link. */
  | 'path-taken'
  | 'name-too-long'
  /** Another program has it. */
  | 'file-busy'
  /** Too many files are open, in this program or on the machine. */
  | 'files-exhausted'
  /** The file system keeps no locks. */
  | 'locks-unsupported'
  /** The file system cannot put a folder onto its disk when it is asked to. */
  | 'sync-unsupported'
  | 'port-in-use'
  | 'address-invalid'
  | 'key-damaged'
  /** `facts.index`: the block. Recover with `--refetch`. */
  | 'store-damaged'
  /** This profile was in the room, and its log is not on the disk any more. */
  | 'log-gone'
  | 'store-version'
  /** No damaged log is what keeps the peer out of a room. */
  | 'not-damaged'
  | 'disk-full'
  | 'disk-read-only'
  | 'disk-failed'
  | 'room-not-found'
  | 'other-room'
  /** The room has another code than this peer was started with. */
  | 'other-code'
  /** Something was done in the room: it is not left for another unless that is forced. */
  | 'room-has-history'
  /** There are several of this name in sight. */
  | 'room-ambiguous'
  /** A room of this name is kept in the profile: another one would take its place. */
  | 'room-known'
  /** Something of a room was asked while the peer is in none. */
  | 'no-room'
  /** It was asked for, and then somebody thought better of it. */
  | 'called-off'
  | 'peer-version'
  /** Too few members have been reachable for a while to commit anything. */
  | 'no-quorum'
  /** The room has its quorum, or had it a moment ago: what needs its absence is refused. */
  | 'quorum-held'
  /** No commit before the deadline: it may still happen; ask again with the same request id. */
  | 'unsettled'
  | 'not-pending'
  | 'operation-too-large'
  /** The state of a room is over what a new room's genesis block can hold. */
  | 'room-too-large'
  /** As many streams are open as can be. */
  | 'streams-exhausted'
  | 'stopping'
