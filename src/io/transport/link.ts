import type { Connection, Stream } from '@libp2p/interface'
import { helloHead } from '../../core/hello-head.ts'
import { wireVersion } from '../../core/limits.ts'
import { createBudget } from './budget.ts'
import { type Broadcast, type Control, decodeControl, encodeControl, type Neighbour } from './control.ts'
import { createFrameReader, type Framed } from './framing.ts'
import { createLane, type Lane } from './lane.ts'

export const ringProtocol = '/gavelring/ring'
export const bulkProtocol = '/gavelring/bulk'

export type LaneName = 'ring' | 'bulk'

/**
 * What joins this peer with another: a stream of its own in each direction for `ring`, so that neither waits for the
 * other, and one more for `bulk` once it is needed. The first frame on `ring` is the hello.
 */
export interface Link {
  readonly connection: Connection
  /** The other's hello has come. */
  readonly isGreeted: boolean
  send(frame: Uint8Array): void
  /** Resolves when all of that lane has been handed to the network, or never will be. */
  sendBulk(frame: Uint8Array): Promise<void>
  /** The other has opened a stream. */
  accept(stream: Stream, lane: LaneName): void
  /** Heard from lately. */
  isFresh(now: number): boolean
  /** The other is told this, and again on a stream that is opened anew. */
  sendNeighbours(neighbours: readonly Neighbour[]): void
  /** One copy of what goes to all links at once. */
  sendBroadcast(broadcast: Broadcast): void
  /** Every second or so: says that this peer lives, and looks whether the other does. */
  beat(now: number): void
  close(): void
}

export interface LinkEvents {
  /** A member may send as much as it likes; anybody else a few hundred frames a second, and waits for the rest. */
  isUnlimited(): boolean
  /** It sends far more than that. */
  onFlood(): void
  onHello(hello: Uint8Array): void
  onVersion(version: number): void
  onFrame(frame: Uint8Array): void
  onBadFrame(reason: string): void
  /** Whom the other is linked with, itself included. */
  onNeighbours(neighbours: readonly Neighbour[]): void
  /** What the other says to all at once, and has a link to all. */
  onBroadcast(broadcast: Broadcast): void
  /** Too much waits for a peer that takes nothing. */
  onStuck(reason: string): void
}

/** A sign of life goes out after this long without a frame. */
const signMillis = 2_000
/** One sign of life may be missing. */
const freshMillis = 4_500
/** More lets a dead cable pass for a slow peer for longer; less cuts off laptops that only stall. */
const silenceMillisMax = 7_000
/** Between two calls of `beat` more time than this passes only if this peer itself was asleep. */
const asleepMillis = 3_000
/**
 * Whoever is no member takes what it asked for within this time, or is given up: whoever never reads would keep a frame here for as long
 * as it likes, and of a thousand such nobody else would be given anything. More is kinder to slow networks: this is 35 KB a second.
 */
const bulkMillisMax = 30_000
/** So that a peer whose streams always break is not flooded with new ones. */
const reopenMillis = 250

const framed = (control: Control): Framed => ({ bytes: encodeControl(control), isControl: true })

const signOfLife = framed({ kind: 'alive' })

export function createLink(connection: Connection, greeting: () => Uint8Array, events: LinkEvents): Link {
  const lanes: Partial<Record<LaneName, Lane>> = {}
  const inbound: Partial<Record<LaneName, Stream>> = {}
  const now = (): number => performance.now()
  /** Of the link, not of a stream: whoever opens a new one goes on where the old one ended. */
  const budgets = { ring: createBudget('ring', now), bulk: createBudget('bulk', now) }
  /** Bulk streams that came before the hello. */
  let early: Stream | undefined
  /** What the other was told last: a stream that is opened anew may have lost it. */
  let told: Framed | undefined
  let isGreeted = false
  let isClosed = false
  let heardAt = performance.now()
  let sentAt = 0
  let beatAt = performance.now()

  const fail = (reason: string): void => {
    if (isClosed) return
    isClosed = true
    connection.abort(new Error(reason))
  }

  const openLane = (name: LaneName): Lane => {
    const lane = createLane({
      open: () => connection.newStream(name === 'ring' ? ringProtocol : bulkProtocol),
      greeting: name === 'ring' ? greeting() : undefined,
      onLost(reason) {
        if (lanes[name] !== lane) return
        delete lanes[name]
        if (isClosed || connection.status !== 'open') return
        if (reason.startsWith('takes no more')) {
          events.onStuck(reason)
          fail(reason)
        } else if (name === 'ring') setTimeout(reopenRing, reopenMillis)
      },
    })
    lanes[name] = lane
    if (name === 'ring' && told !== undefined) lane.send(told)
    return lane
  }

  const reopenRing = (): void => {
    if (!isClosed && connection.status === 'open' && lanes.ring === undefined) openLane('ring')
  }

  const hear = (name: LaneName, { bytes, isControl }: Framed, isFirst: boolean): boolean => {
    heardAt = performance.now()
    if (name === 'ring' && isFirst) return greet(bytes)
    if (isControl) return obey(decodeControl(bytes))
    events.onFrame(bytes)
    return true
  }

  const obey = (control: Control | string): boolean => {
    if (typeof control === 'string') {
      events.onBadFrame(`control frame: ${control}`)
      return false
    }
    if (control.kind === 'neighbours') events.onNeighbours(control.neighbours)
    if (control.kind === 'broadcast') events.onBroadcast(control)
    return true
  }

  const greet = (hello: Uint8Array): boolean => {
    const head = helloHead(hello)
    if ('malformed' in head) {
      events.onBadFrame(`hello: ${head.malformed}`)
      return false
    }
    if (head.version !== wireVersion) {
      events.onVersion(head.version)
      fail('speaks another version')
      return false
    }
    // A stream that was opened anew greets again: the peer is known already.
    if (isGreeted) return true
    isGreeted = true
    events.onHello(hello)
    if (early !== undefined) listen(early, 'bulk')
    early = undefined
    return true
  }

  const listen = (stream: Stream, name: LaneName): void => {
    inbound[name]?.abort(new Error('replaced by a new stream'))
    inbound[name] = stream
    let frames = 0
    let isGood = true
    const budget = budgets[name]
    /** Of what has come, what was not looked at yet. */
    let waiting: Framed[] = []
    const reader = createFrameReader((frame) => waiting.push(frame))
    const give = (reason: string): void => {
      if (isGood && inbound[name] === stream) events.onBadFrame(reason)
      isGood = false
      stream.abort(new Error(reason))
    }
    /** Looks at what is paid for. For the rest the other end waits, and gets no more room meanwhile. */
    const hearPaid = (): void => {
      const debt = events.isUnlimited() ? 0 : budget.debt
      for (const frame of waiting.splice(0, Math.max(0, waiting.length - debt))) {
        if (isGood) isGood = hear(name, frame, frames++ === 0)
      }
      if (!isGood) stream.abort(new Error('bad frame'))
      else if (debt > 0) hearLater()
      else resume(stream)
    }
    const hearLater = (): void => {
      if (stream.readStatus === 'readable') stream.pause()
      setTimeout(() => {
        if (!isClosed && connection.status === 'open' && stream.status === 'open') hearPaid()
      }, budget.pauseMillis).unref()
    }
    stream.addEventListener('message', ({ data }) => {
      let bytes = 0
      let isReadable = true
      for (const part of data instanceof Uint8Array ? [data] : data) {
        bytes += part.length
        isReadable &&= reader.push(part)
      }
      if (!isGood) return
      if (!events.isUnlimited() && !budget.charge(waiting.length, bytes)) {
        isGood = false
        waiting = []
        return events.onFlood()
      }
      hearPaid()
      if (!isReadable) give('a frame is over its limit')
    })
    const end = (): void => {
      // A connection that breaks may well break in the middle of a frame; a stream alone may not.
      if (reader.isPartial && connection.status === 'open' && !isClosed) give('the stream ended in the middle of a frame')
      if (inbound[name] === stream) delete inbound[name]
    }
    stream.addEventListener('remoteCloseWrite', () => setImmediate(end), { once: true })
    stream.addEventListener('close', () => setImmediate(end), { once: true })
  }

  const resume = (stream: Stream): void => {
    if (stream.readStatus !== 'paused') return
    try {
      stream.resume()
    } catch {
      // The connection broke, and the stream has not noticed yet: there is nobody to tell that it may go on.
    }
  }

  openLane('ring')

  return {
    connection,
    get isGreeted() {
      return isGreeted
    },
    send(frame) {
      if (isClosed) return
      sentAt = performance.now()
      lanes.ring?.send({ bytes: frame, isControl: false })
    },
    async sendBulk(frame) {
      if (isClosed) return
      const lane = lanes.bulk ?? openLane('bulk')
      lane.send({ bytes: frame, isControl: false })
      const patience = setTimeout(() => {
        if (lanes.bulk !== lane || events.isUnlimited()) return
        const reason = `takes nothing of what it asked for in ${bulkMillisMax / 1_000} s`
        events.onStuck(reason)
        fail(reason)
      }, bulkMillisMax)
      await lane.drained().finally(() => clearTimeout(patience))
    },
    isFresh: (now) => isGreeted && now - heardAt < freshMillis,
    sendNeighbours(neighbours) {
      told = framed({ kind: 'neighbours', neighbours })
      lanes.ring?.send(told)
    },
    sendBroadcast(broadcast) {
      if (isClosed) return
      sentAt = performance.now()
      lanes.ring?.send(framed({ kind: 'broadcast', ...broadcast }))
    },
    accept(stream, name) {
      if (name === 'bulk' && !isGreeted) {
        early?.abort(new Error('replaced by a new stream'))
        early = stream
      } else listen(stream, name)
    },
    beat(now) {
      // A peer that was itself asleep has no right to complain about silence.
      if (now - beatAt > asleepMillis) heardAt = now
      beatAt = now
      if (now - heardAt > silenceMillisMax) fail('silent for too long')
      else if (now - sentAt >= signMillis) {
        sentAt = now
        lanes.ring?.send(signOfLife)
      }
    },
    close() {
      isClosed = true
      lanes.ring?.close()
      lanes.bulk?.close()
    },
  }
}
