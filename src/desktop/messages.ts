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

/** What the peer's process says to the main one. */
export type FromPeer =
  | Running
  /** The room of a link was not entered: why, for people. */
  | { readonly kind: 'not-joined'; readonly text: string }
  /** It cannot start, and says why; it ends after that. */
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'left' }
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** Whether an auction of this peer is open: the machine should not fall asleep then. */
  | { readonly kind: 'hosting'; readonly isHosting: boolean }

/** It answers. `text`: where it is, for people. `room`: the one that it is in. */
export interface Running {
  readonly kind: 'running'
  readonly text: string
  readonly room?: string
}

/** Something that a person wants to hear of although the window is not in front. */
export interface Notice {
  readonly title: string
  readonly body: string
}

/** What a window can be told of the peer's process: how the page knows why nothing answers. */
export type PeerState =
  | { readonly kind: 'starting' }
  | Running
  | { readonly kind: 'restarting' }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'leaving' }
  | { readonly kind: 'away' }

/** Names of the words between the preload script and the main process; `preload.cts` has them once more, since it can import nothing. */
export const channels = {
  wantPort: 'gavelring:want-port',
  port: 'gavelring:port',
  state: 'gavelring:state',
  startAgain: 'gavelring:start-again',
} as const
