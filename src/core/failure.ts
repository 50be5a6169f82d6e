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
  | 'profile-unwritable'
  | 'port-in-use'
  | 'address-invalid'
  | 'key-damaged'
  /** `facts.index`: the block. Recover with `--refetch`. */
  | 'store-damaged'
  | 'store-version'
  | 'disk-full'
  | 'disk-failed'
  | 'room-not-found'
  | 'other-room'
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
  | 'stopping'
