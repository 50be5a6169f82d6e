/**
 * Every line that a peer may write into its log: the name by which programs wait for it, which stays as it is, and the words for
 * people. A line that is not in here does not compile.
 */
export const logEvents = {
  // The room and its members, for whoever sits at the peer. Written by the pane, as the events of the API come.
  'peer-here': 'a peer is in reach',
  'peer-gone': 'a peer is out of reach',
  'member-joined': 'a member joined the ring',
  'member-left': 'a member left the ring',
  'epoch-begun': 'a new epoch has begun',
  suspected: 'somebody is missed, and asked after',
  'quorum-lost': 'too few members are reachable: this peer is read-only',
  'quorum-back': 'the quorum is back',
  'auction-opened': 'a lot is offered',
  'auction-led': 'a bid leads',
  'auction-extended': 'an auction ends later',
  'auction-paused': 'an auction is paused',
  'auction-resumed': 'an auction goes on',
  'auction-closed': 'an auction has ended',
  outbid: 'an own account was outbid',
  won: 'an own account won a lot',
  'pace-set': 'the host has set the pace of the ring',
  'lab-run': 'an experiment of the lab begins or ends',
  'account-changed': 'an account was opened or closed',
  'money-moved': 'money was moved, held or released',
  'operation-refused': 'the rules refused an operation',
  'events-missed': 'events were missed',
  'room-entered': 'this peer is in another room now',

  // The peer's own way through its life.
  'peer-started': 'this peer is in its room',
  'room-left': 'this peer is in no room',
  'peer-leaving': 'this peer leaves the ring',
  'peer-ended': 'this peer has ended',
  'log-level-set': 'from here on so much is logged',
  'room-awaited': 'waiting for the room',
  'room-founded': 'room founded',
  'room-refounded': 'a new room goes on from this one',
  'room-given-up': 'this room gives way to another of the same name',
  'room-unjoined': 'a room could not be joined',
  'room-change-failed': 'the room could not be changed',
  'room-unremembered': 'the room could not be kept for the next start',
  'other-room': 'another room of this name is in sight',
  'peer-stopped': 'this peer takes no more part',
  'peer-copied': 'a copy of this folder was started elsewhere, and has stopped: this peer goes on',
  'stop-failed': 'stopping failed',

  // What others do wrong.
  'peer-refused': 'what a peer says is refused',
  'peer-version': 'a peer speaks another version of the protocol',
  'peer-faulty': 'a peer is proven to be faulty',
  'peer-wrong-code': 'a peer was refused: most likely another room code',
  'address-unreachable': 'an address could not be reached',

  // Disk and memory.
  'write-failed': 'a write failed: this peer is read-only now',
  'log-damaged': 'the log is damaged: it is put aside, and fetched anew from the other members',
  'log-gone': 'the log of this room is gone from the folder: the room is looked for, and not founded anew',
  'log-ahead': 'this peer had ended without notice: its log is whole',
  'log-taken-over': 'the log was written by an earlier version, and is taken over',
  'value-lost': 'the log is whole, but something that was kept beside it is lost',
  'series-ended': 'the next experiment of a series could not begin',
  'algorithm-unread': 'an own algorithm in the folder of the lab cannot be used',
  'experiment-unread': 'the set-up of an experiment of the lab cannot be read: this peer takes no part in it',
  'snapshot-unwritten': 'a snapshot could not be written',
  'addresses-unkept': 'known addresses could not be kept',
  'bidders-unkept': 'bidders could not be kept',
  'bidders-unread': 'bidders could not be read',
  'catalogue-unread': 'the catalogue could not be read: it is put aside',
  'tokens-unread': 'the tokens could not be read: they are put aside, and open nothing',
  'rooms-unread': 'the list of rooms could not be read: it is put aside, and what can be read of it is kept',
  'evidence-unread': 'proof of a fault could not be read: it is kept as it is',
  'blocks-unread': 'blocks for another peer could not be read',
  'profile-moved': 'the profile folder was in use on another machine: it must not run there too',
  'profile-closed': 'others could enter the profile folder: it is closed now',

  // Doors.
  'api-connection-failed': 'a connection of the API failed',
  'api-request-failed': 'a request of the API failed',
  'gateway-connection-failed': 'a connection of the gateway failed',
  'gateway-request-failed': 'a request of the gateway failed: a bug',

  // Bugs.
  'ring-broken': 'the ring stopped: a bug',
  'listener-failed': 'a listener failed',
  'frame-too-large': 'a frame over its limit was not sent',

  // For those who look very closely: `step` is what the ring noted.
  'ring-step': 'the ring took a step',
} as const

export type LogEvent = keyof typeof logEvents

/** `error` needs a person, `warn` may soon, `info` is rare, `debug` is the rest (STYLE, Logging). From the most important one on. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** Whether a level is as important as another one, or more. */
export const isAtLeast = (level: LogLevel, least: LogLevel): boolean => logLevels.indexOf(level) <= logLevels.indexOf(least)
