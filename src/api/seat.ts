import type { RoomId } from '../core/ids.ts'
import type { LogLevel } from '../core/log-events.ts'
import type { Joined, JoinTarget, Peer, Refounded } from '../peer/peer.ts'
import type { VerifyStep } from '../peer/verify.ts'
import type { Catalogue } from './catalogue.ts'
import type { Finding, RoomsView } from './rooms.ts'
import type { Tokens } from './tokens.ts'

/**
 * What one running process is at: a profile, which is in no room, on its way into one, or in one as a peer. Every door speaks to
 * it, from its first moment on.
 */
export interface Seat {
  /** Of the room that it is in; another one with each room, but for those of one name and code. `undefined`: it is in none. */
  readonly peer: Peer | undefined
  /** How much this process writes into its log. */
  readonly log: LogControl
  /** Where thin clients are served, as `127.0.0.1:5000`; `undefined`: nowhere. */
  readonly gateway: string | undefined
  /** The host's lots, whatever the room. */
  readonly catalogue: Catalogue
  /** Of programs that may do less than the owner, whatever the room. */
  readonly tokens: Tokens
  /** Called when it is in another room, in one or in none, and when what keeps it away changes; until the returned function is called. */
  onChange(listener: () => void): () => void
  rooms(): RoomsView
  /**
   * Leaves the room that it is in, in good order, and founds another. Rejects with a `Failure`: `room-known` (a room of this name is
   * kept here), `called-off`, `stopping`, or the disk's.
   */
  create(plan: NewRoom): Promise<CreatedRoom>
  /**
   * Enters a room. What can be known before the room that it is in is left, is: who does not come into the other one stays in this
   * one, or comes back to it. Rejects with a `Failure`: `room-not-found`, `room-ambiguous`, `other-code`, `room-has-history`,
   * `called-off`, `stopping`, or the disk's.
   */
  join(target: JoinTarget, options: { readonly force: boolean; readonly deadlineMillis: number }): Promise<Joined>
  /** Calls entering a room off, if it is on its way into one: then it goes back to the room that it has left for that, or is in none. */
  cancel(): Promise<void>
  /**
   * Leaves the room, in good order; resolves with it, or with nothing where it was in none. `stay`: it goes on in no room, also after
   * the next start. Otherwise all of it stops, soon after this has resolved.
   */
  leave(options: { readonly stay: boolean }): Promise<RoomId | undefined>
  /** The person's name from now on, after the next start too; told to the others at once. */
  rename(name: string): Promise<void>
  /** The latest id of the room is kept, so that the next start finds back. Rejects as {@link Peer.refound} does, and with `no-room`. */
  refound(options: { readonly force: boolean }): Promise<Refounded>
  /**
   * Checks the log that keeps it out of its room, and changes nothing there: a step for each block that is whole, then the result.
   * Throws a `Failure`, `not-damaged`, at once where it is in a room or on its way into one, or is in none for another reason, and
   * later where it goes into one before all is read; besides `called-off`, by `signal`, or the disk's.
   */
  verifyDamaged(signal: AbortSignal | undefined): AsyncGenerator<VerifyStep>
  /** What is good and bad about the network here, as `gavelring doctor` finds it: takes some seconds. */
  diagnosis(): Promise<readonly Finding[]>
}

export interface LogControl {
  /** The least important level that is written. */
  readonly level: LogLevel
  /** From here on, until the process ends. */
  setLevel(level: LogLevel): void
}

export interface NewRoom {
  readonly name: string
  /** `new`: one is made. Empty: none. */
  readonly code: string
  readonly currency: string
  readonly deposits: 'open' | 'host'
}

export interface CreatedRoom {
  readonly room: RoomId
  /** With the code. */
  readonly link: string
  readonly code: string
}
