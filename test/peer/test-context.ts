import type { PeerId } from '../../src/core/ids.ts'
import { logEvents } from '../../src/core/log-events.ts'
import { createClock } from '../../src/io/clock.ts'
import { createEntropy } from '../../src/io/entropy.ts'
import { createContext, type News, type PeerContext, type PeerOptions } from '../../src/peer/context.ts'
import type { LogFacts, Logger, Ports, Transport } from '../../src/peer/ports.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { createKeyedCrypto } from './keyed-crypto.ts'

/** A context of a peer with a keyed crypto, and everything that it is told. */
export function createTestContext(self: PeerId, changes: Partial<Ports> = {}, options: Partial<PeerOptions> = {}) {
  const news: News[] = []
  const context: PeerContext = createContext(
    {
      name: 'Ana',
      room: { name: 'test', currency: 'EUR', deposits: 'open' },
      code: 'code',
      entry: { kind: 'look' },
      lookMillis: 300,
      pace: { idleHop: 50 },
      seed: 1,
      version: '0.0.0',
      onProgress: () => {},
      ...options,
    },
    {
      identity: { self, isNew: true, crypto: createKeyedCrypto(self) },
      store: createMemoryStore(),
      transport: noTransport,
      clock: createClock(),
      entropy: createEntropy(),
      logger: silentLogger,
      ...changes,
    },
  )
  context.hear((one) => news.push(one))
  return { context, news }
}

/** Sends to nobody. */
const noTransport = {
  addresses: [],
  remoteOf: () => undefined,
  peers: [],
  send: () => {},
  sendBulk: async () => {},
  gossip: () => {},
} as Partial<Transport> as Transport

/** A logger that keeps its warnings. */
export function createListeningLogger(): Logger & {
  readonly warnings: { readonly message: string; readonly facts: LogFacts }[]
} {
  const warnings: { readonly message: string; readonly facts: LogFacts }[] = []
  return {
    ...silentLogger,
    warnings,
    warn(event, facts = {}) {
      warnings.push({ message: logEvents[event], facts })
    },
  }
}
