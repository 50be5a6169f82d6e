/** The messages of the ring by what they are about. Each has a look of its own, which is never colour alone. */
export const kinds = ['token', 'request', 'block', 'report', 'heartbeat', 'epoch', 'fetch', 'other'] as const
export type Kind = (typeof kinds)[number]

export interface Look {
  /** A role of the theme (roles.css). Amber is the token's alone. */
  readonly colour: '--light' | '--link' | '--good' | '--faint' | '--bad' | '--ink'
  /** Lengths of line and gap; empty: unbroken. */
  readonly dash: readonly number[]
  readonly width: number
  readonly head: 'triangle' | 'open' | 'square' | 'circle' | 'bar' | 'diamond' | 'cross'
}

export const looks: Readonly<Record<Kind, Look>> = {
  token: { colour: '--light', dash: [], width: 2.5, head: 'triangle' },
  request: { colour: '--link', dash: [6, 3], width: 1.5, head: 'open' },
  block: { colour: '--good', dash: [], width: 1.8, head: 'square' },
  report: { colour: '--good', dash: [2, 3], width: 1.4, head: 'circle' },
  heartbeat: { colour: '--faint', dash: [1, 4], width: 1, head: 'bar' },
  epoch: { colour: '--bad', dash: [9, 3], width: 1.8, head: 'diamond' },
  fetch: { colour: '--ink', dash: [9, 3, 2, 3], width: 1.3, head: 'open' },
  other: { colour: '--ink', dash: [3, 3], width: 1.2, head: 'cross' },
}

/** Named as in PROTOCOL.md (src/ring/message.ts). */
const byMessage: Readonly<Record<string, Kind>> = {
  token: 'token',
  'token-ack': 'token',
  want: 'request',
  announce: 'request',
  blocks: 'block',
  durable: 'report',
  committed: 'report',
  status: 'heartbeat',
  ping: 'heartbeat',
  pong: 'heartbeat',
  request: 'epoch',
  'pre-vote': 'epoch',
  agree: 'epoch',
  prepare: 'epoch',
  promise: 'epoch',
  refuse: 'epoch',
  install: 'epoch',
  installed: 'epoch',
  activated: 'epoch',
  evidence: 'epoch',
  fetch: 'fetch',
  fetched: 'fetch',
}

/** A kind that this page does not know is told by a newer peer. */
export const kindOf = (message: string): Kind => (Object.hasOwn(byMessage, message) ? byMessage[message] : undefined) ?? 'other'

/** Heartbeats come however quiet the room is: they are shown when they are asked for. */
export const shownAtFirst: ReadonlySet<Kind> = new Set(kinds.filter((kind) => kind !== 'heartbeat'))
