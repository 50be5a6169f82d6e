/** What one door can be made to keep, and for how long it waits. All of it is there for whoever holds no token, or a broken program. */
export interface DoorLimits {
  /** Connections that have not shown the token yet. With one more the oldest goes: who has the token shows it at once. */
  readonly strangersMax: number
  /** Connections that have; one more is refused. */
  readonly guestsMax: number
  /** How long a request's head may take, and the whole request, in milliseconds. Looked at every second. */
  readonly headersMillis: number
  readonly requestMillis: number
  /** After so many a kept-alive connection ends. */
  readonly requestsPerConnection: number
  /** An auction with its picture, as base64url, is the longest request. */
  readonly requestBytesMax: number
  /** Calls of one WebSocket that wait for their answers; no more are read meanwhile. */
  readonly callsMax: number
  /** Streams of events, of all connections together. */
  readonly streamsMax: number
  /** A connection that takes nothing of its answers for so long is cut. */
  readonly stallMillis: number
  /** Calls by each token but the owner's, on average; and so many at once after a pause. */
  readonly callsPerSecond: number
  readonly callsBurst: number
  /** Wrong tokens from each address, on average; and so many at once after a pause. */
  readonly guessesPerSecond: number
  readonly guessesBurst: number
  /** Tokens and addresses that are counted. */
  readonly ratesMax: number
  /** How often a stream of events over HTTP shows that it is there, in milliseconds. Shorter than proxies wait. */
  readonly heartbeatMillis: number
  /** How long a refused client may take to read why, where it is still sending. Nothing of that is read. */
  readonly lingerMillis: number
}

export const doorLimits: DoorLimits = {
  strangersMax: 512,
  guestsMax: 512,
  headersMillis: 5_000,
  requestMillis: 10_000,
  requestsPerConnection: 1_000,
  requestBytesMax: 256 * 1024,
  callsMax: 128,
  streamsMax: 64,
  stallMillis: 60_000,
  callsPerSecond: 200,
  callsBurst: 1_000,
  guessesPerSecond: 100,
  guessesBurst: 1_000,
  ratesMax: 1_024,
  heartbeatMillis: 15_000,
  lingerMillis: 500,
}
