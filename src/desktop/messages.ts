import type { Reason } from '../api/rooms.ts'
import type { MarketEventView, Money } from '../api/views.ts'
import type { Flags } from '../app/flags.ts'

/** What the main process says to the peer's. */
export type ToPeer =
  | { readonly kind: 'start'; readonly flags: Flags }
  /** A link to which the person said yes. */
  | { readonly kind: 'join'; readonly link: string }
  /** With a port, the only one of this window from now on. */
  | { readonly kind: 'port'; readonly window: number }
  /** Leave the ring in good order, then end. */
  | { readonly kind: 'leave' }

/** What the peer's process says to the main one: what is, and not in which words, since the person may choose another language. */
export type FromPeer =
  | Running
  /** The room of a link was not entered. */
  | { readonly kind: 'not-joined'; readonly refusal: Refusal }
  | Refused
  | { readonly kind: 'left' }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** Whether an auction of this peer is open: the machine should not fall asleep then. */
  | { readonly kind: 'hosting'; readonly isHosting: boolean }

/** It answers. */
export interface Running {
  readonly kind: 'running'
  readonly place: Place
}

/** Where it is. `checking`, `replaying`: it reads its log, and has come so far. */
export type Place =
  | { readonly kind: 'checking' | 'replaying'; readonly percent: number }
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'entering'; readonly room: string; readonly reasons: readonly Reason[] }
  | { readonly kind: 'in'; readonly room: string }

/** It cannot start, and ends after that. `isOption`: what it was started with cannot be read. */
export interface Refused {
  readonly kind: 'refused'
  readonly refusal: Refusal
  readonly isOption: boolean
}

/** Its stable code, the English sentence, and perhaps the file or folder that it is about. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly facts?: Readonly<Record<string, unknown>> | undefined
}

/** How a lot ends that nobody gets. */
export type UnsoldEnding = Exclude<Extract<MarketEventView, { kind: 'auction-ended' }>['why'], 'sold'>

/** Something that a person wants to hear of although the window is not in front. Names in it are other peers' text. */
export type Notice =
  | { readonly kind: 'outbid'; readonly item: string; readonly by: string; readonly amount: Money }
  | { readonly kind: 'won'; readonly item: string; readonly price: Money }
  | { readonly kind: 'sold'; readonly item: string; readonly to: string; readonly price: Money }
  | { readonly kind: 'closed'; readonly item: string; readonly why: UnsoldEnding }

/** How the peer's process is. */
export type PeerState =
  | { readonly kind: 'starting' }
  | Running
  | { readonly kind: 'restarting' }
  | Refused
  | { readonly kind: 'leaving' }
  | { readonly kind: 'away' }

/** What a window is told of it, in the language that was chosen: how the page knows why nothing answers. */
export interface PageState {
  readonly kind: PeerState['kind']
  readonly text: string
}

/** Names of the words between the preload script and the main process; `preload.cts` has them once more, since it can import nothing. */
export const channels = {
  wantPort: 'gavelring:want-port',
  port: 'gavelring:port',
  state: 'gavelring:state',
  startAgain: 'gavelring:start-again',
  speak: 'gavelring:speak',
} as const
