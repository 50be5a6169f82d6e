import { ClientOfflineError, createClient, ErrorReply } from '@redis/client'

/** A Redis server for as long as it takes: gone and back again, it goes on where it was. */
export interface Redis {
  /** `host:port`: without the password. */
  readonly address: string
  /**
   * Runs a script until the server has answered it. Where the connection broke it may have run already, and runs once more: `args` is
   * told so. Rejects with {@link RedisRefused}, and where the connection was closed here.
   */
  run(
    script: string,
    keys: readonly string[],
    args: readonly string[] | ((isRepeat: boolean) => readonly string[]),
  ): Promise<unknown>
  /** Whatever comes on a channel, in the server's order over all channels; also after the server was gone. */
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  unsubscribe(channel: string): Promise<void>
  /** Both connections are up, and what is subscribed is heard. */
  readonly isThere: boolean
  onState(listener: (isThere: boolean) => void): void
  /** Rejects, with {@link RedisRefused}, when it lets us in no more; never resolves. */
  readonly refused: Promise<never>
  close(): void
}

/** It is no use to try again. `reason`: the server's words, without anything of ours. */
export class RedisRefused extends Error {
  override readonly name = 'RedisRefused'
}

/** Nobody listens there. */
export class RedisUnreachable extends Error {
  override readonly name = 'RedisUnreachable'
}

/** How long the first connection may take, in milliseconds. */
const connectMillis = 5_000
/** A server that says nothing for so long, in milliseconds, is gone: it is asked for a sign of life three times meanwhile. */
const silentMillis = 9_000
const backOffMillisMin = 100
const backOffMillisMax = 3_000

/** Connects twice: a connection that listens can do nothing else. Rejects with {@link RedisUnreachable} or {@link RedisRefused}. */
export async function openRedis(url: string): Promise<Redis> {
  const { hostname, port } = new URL(url)
  const address = `${hostname}:${port || '6379'}`
  let isOpen = false
  const make = () =>
    createClient({
      url,
      disableOfflineQueue: true,
      pingInterval: silentMillis / 3,
      socket: {
        connectTimeout: connectMillis,
        socketTimeout: silentMillis,
        // The first time there is nobody who would wait; later whoever has no right to come in has none tomorrow.
        reconnectStrategy: (retries, cause) => {
          if (!isOpen || cause instanceof ErrorReply) return cause
          const wait = Math.min(backOffMillisMax, backOffMillisMin * 2 ** Math.min(retries, 10))
          return wait * (0.75 + Math.random() / 2)
        },
      },
    })
  const [asking, listening] = [make(), make()]
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => {})
  const clients = [asking, listening]
  const destroy = (): void => {
    for (const client of clients) if (client.isOpen) client.destroy()
  }
  for (const client of clients) {
    // What is tried again is no news; the state is told.
    client.on('error', () => {})
    client.on('terminated', (cause: unknown) => isOpen && refused.reject(toRefused(cause)))
  }
  try {
    await Promise.all(clients.map((client) => client.connect()))
  } catch (error) {
    destroy()
    const cause = originOf(error)
    if (cause instanceof ErrorReply) throw toRefused(cause)
    throw new RedisUnreachable(`No Redis server answers at ${address}.`, { cause })
  }
  isOpen = true

  const isThere = (): boolean => asking.isReady && listening.isReady
  /** One for all who wait. */
  let back: Promise<void> | undefined
  const ready = async (): Promise<void> => {
    if (asking.isReady) return
    back ??= new Promise<void>((resolve) => asking.once('ready', resolve)).finally(() => {
      back = undefined
    })
    await Promise.race([back, refused.promise, closed.promise])
  }
  const closed = Promise.withResolvers<never>()
  closed.promise.catch(() => {})

  return {
    address,
    refused: refused.promise,
    async run(script, keys, args) {
      for (let isRepeat = false; ; ) {
        await ready()
        try {
          const given = typeof args === 'function' ? args(isRepeat) : args
          return await asking.eval(script, { keys: [...keys], arguments: [...given] })
        } catch (error) {
          if (error instanceof ErrorReply && !isPassing(error)) throw toRefused(error)
          if (!isOpen) throw error
          // Only what was sent may have been done.
          if (!(error instanceof ClientOfflineError)) isRepeat = true
          await new Promise((resolve) => setTimeout(resolve, backOffMillisMin))
        }
      }
    },
    async subscribe(channel, listener) {
      while (isOpen) {
        try {
          return await listening.subscribe(channel, listener)
        } catch (error) {
          if (error instanceof ErrorReply) throw toRefused(error)
          await new Promise((resolve) => setTimeout(resolve, backOffMillisMin))
        }
      }
    },
    async unsubscribe(channel) {
      // A connection that is gone listens to nothing; what is unsubscribed is not taken up again.
      await listening.unsubscribe(channel).catch(() => {})
    },
    get isThere() {
      return isThere()
    },
    onState(listener) {
      let before = isThere()
      const look = (): void => {
        const now = isThere()
        if (now !== before) listener(now)
        before = now
      }
      for (const client of clients) for (const event of ['ready', 'error', 'reconnecting']) client.on(event, look)
    },
    close() {
      isOpen = false
      closed.reject(new Error('closed'))
      destroy()
    },
  }
}

/** It starts, or is busy with a script, or reads its files: in a moment it is itself again. */
const isPassing = ({ message }: Error): boolean =>
  /^(?:LOADING|BUSY|TRYAGAIN|MASTERDOWN|READONLY|CLUSTERDOWN|UNBLOCKED)\b/.test(message)

const toRefused = (cause: unknown): RedisRefused => {
  const origin = originOf(cause)
  return new RedisRefused(origin instanceof Error ? origin.message : String(origin), { cause: origin })
}

/** What the client says when it gives up hides why. */
function originOf(error: unknown): unknown {
  return error instanceof Error && 'originalError' in error ? error.originalError : error
}
