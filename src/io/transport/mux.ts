import {
  type MessageStream,
  ProtocolError,
  StreamCloseEvent,
  type StreamMuxerFactory,
  serviceCapabilities,
  TooManyOutboundProtocolStreamsError,
} from '@libp2p/interface'
import { AbstractStream, AbstractStreamMuxer, type SendResult } from '@libp2p/utils'
import { createBucket } from './bucket.ts'
import { createMuxReader, encodeMuxHead, type MuxFrameKind, type MuxHead } from './mux-frame.ts'

/** Both ends have to agree on it: a peer that only knows another one cannot connect. */
const protocol = '/gavelring/mux/1'

export interface MuxOptions {
  /** That one end has opened and that are still there. The same at both ends: it is the opener that keeps to it. */
  readonly streamsMax: number
  /** That one end opens, in the long run; five times as many at once. */
  readonly opensPerSecond: number
}

/**
 * Many streams over one connection, on libp2p's public base classes. yamux answers each frame that is read with a packet that
 * grants new room, and has no option for fewer: here that waits until half of the room is used. (An idle room of three sends 41
 * packets a second so, in place of 73, and a transfer under load takes a tenth less of a processor.)
 *
 * Room is granted for bytes that were read, and not for those that wait in a stream that is paused: so at most a window of each
 * stream waits here, and whoever is paused stops its sender. A frame that breaks the rules ends the connection.
 */
export function mux(options: MuxOptions): () => StreamMuxerFactory {
  return () => ({
    protocol,
    [Symbol.toStringTag]: protocol,
    [serviceCapabilities]: ['@libp2p/stream-multiplexing'],
    createStreamMuxer: (connection) => new Mux(connection, options),
  })
}

/** What may be on its way to one stream, and wait there. More costs memory for each stream, less speed where answers take long. */
export const windowBytes = 256 * 1024
const grantBytes = windowBytes / 2
/** One message of noise holds 65,519 bytes: no frame is torn in two, and none keeps the frames of other streams waiting for long. */
const dataBytesMax = 65_519 - 8
class Mux extends AbstractStreamMuxer<MuxStream> {
  readonly #streamsMax: number
  readonly #opens: ReturnType<typeof createBucket>
  readonly #byId = new Map<number, MuxStream>()
  /** Where the data goes whose head came last. */
  #reading: MuxStream | undefined
  /** Odd numbers are the dialler's streams, even ones the listener's; each counts up. */
  #nextId: number
  #remoteId: number
  readonly #reader = createMuxReader({
    onHead: (head) => this.#onHead(head),
    onData: (part) => this.#reading?.take(part),
  })

  constructor(connection: MessageStream, { streamsMax, opensPerSecond }: MuxOptions) {
    super(connection, { protocol, name: 'mux' })
    this.#streamsMax = streamsMax
    this.#opens = createBucket(opensPerSecond, 5 * opensPerSecond, () => performance.now())
    this.#nextId = connection.direction === 'outbound' ? 1 : 2
    this.#remoteId = connection.direction === 'outbound' ? 0 : -1
  }

  /** The base class ends the connection where this throws. */
  onData(data: Parameters<AbstractStreamMuxer['onData']>[0]): void {
    for (const part of data instanceof Uint8Array ? [data] : data) this.#reader.push(part)
  }

  onCreateStream(): MuxStream {
    if (this.#count('outbound') >= this.#streamsMax) {
      throw new TooManyOutboundProtocolStreamsError(`${this.#streamsMax} streams are open already`)
    }
    const stream = this.#add(this.#nextId, 'outbound')
    this.#nextId += 2
    stream.say('open', 0)
    return stream
  }

  #onHead({ kind, stream: id, number }: MuxHead): void {
    this.#reading = undefined
    if (kind === 'open') return this.#open(id)
    const stream = this.#byId.get(id)
    if (stream !== undefined) {
      if (kind === 'data') this.#reading = stream
      return stream.obey(kind, number)
    }
    // Of a stream that has ended here more may still be on its way.
    const isOwn = id % 2 === this.#nextId % 2
    if (id === 0 || (isOwn ? id >= this.#nextId : id > this.#remoteId)) {
      throw new ProtocolError(`“${kind}” of stream ${id}, which was never opened`)
    }
  }

  #open(id: number): void {
    if (id % 2 === this.#nextId % 2 || id <= this.#remoteId) throw new ProtocolError(`stream ${id} cannot be opened`)
    if (this.#opens.take(1) < 0) throw new ProtocolError('streams are opened too often')
    if (this.#count('inbound') >= this.#streamsMax) throw new ProtocolError(`more than ${this.#streamsMax} streams`)
    this.#remoteId = id
    const stream = this.#add(id, 'inbound')
    if (this.status === 'open') this.onRemoteStream(stream)
    else stream.abort(new Error('the connection is being closed'))
  }

  #count(direction: MuxStream['direction']): number {
    let count = 0
    for (const stream of this.#byId.values()) if (stream.direction === direction) count++
    return count
  }

  #add(id: number, direction: MuxStream['direction']): MuxStream {
    const stream = new MuxStream({
      id: String(id),
      direction,
      maxMessageSize: dataBytesMax,
      log: this.log.newScope(`${direction}:${id}`),
      isFull: () => this.maConn.writableNeedsDrain,
      say: (kind, number, data) => {
        const head = encodeMuxHead({ kind, stream: id, number })
        if (data === undefined) return this.send(head)
        data.prepend(head)
        return this.send(data)
      },
    })
    this.#byId.set(id, stream)
    stream.addEventListener('close', () => this.#byId.delete(id), { once: true })
    return stream
  }
}

type Bytes = Parameters<AbstractStream['sendData']>[0]

interface MuxStreamInit extends Omit<ConstructorParameters<typeof AbstractStream>[0], 'protocol'> {
  /** The connection takes nothing more for now. */
  isFull(): boolean
  /** Sends one frame. Answers whether the connection takes more. */
  say(kind: MuxFrameKind, number: number, data?: Bytes): boolean
}

class MuxStream extends AbstractStream {
  readonly say: MuxStreamInit['say']
  readonly #isFull: MuxStreamInit['isFull']
  /** Bytes that may be sent. */
  #room = windowBytes
  /** Bytes that the other end may still announce. */
  #granted = windowBytes
  /** Bytes that came, and for which no new room was granted yet, whether they were read or wait. */
  #taken = 0

  constructor(init: MuxStreamInit) {
    super(init)
    this.say = init.say
    this.#isFull = init.isFull
    this.writableNeedsDrain = init.isFull()
  }

  /**
   * Whoever begins to listen for the end when it has come already is told at once. Otherwise gossipsub 17 keeps a stream that
   * ended while it was being opened, and never opens another to that peer.
   */
  override addEventListener(...args: Parameters<AbstractStream['addEventListener']>): void {
    if (args[0] !== 'close' || this.status === 'open' || this.status === 'closing') return super.addEventListener(...args)
    const late = new EventTarget()
    late.addEventListener(...args)
    queueMicrotask(() => late.dispatchEvent(new StreamCloseEvent()))
  }

  /** What the other end says of this stream; the bytes that `data` announces go to `take`. */
  obey(kind: Exclude<MuxFrameKind, 'open'>, number: number): void {
    if (kind === 'reset') this.onRemoteReset()
    else if (kind === 'grant') this.#widen(number)
    else if (this.remoteWriteStatus === 'closed') throw new ProtocolError(`“${kind}” after the end of stream ${this.id}`)
    else if (kind === 'end') this.onRemoteCloseWrite()
    else this.#expect(number)
  }

  take(part: Uint8Array): void {
    this.#taken += part.length
    this.onData(part)
    this.#grant()
  }

  /** Sends what there is room for; the base class keeps the rest until `drain`. */
  sendData(data: Bytes): SendResult {
    const sentBytes = Math.min(this.#room, data.byteLength)
    if (sentBytes === 0) return { sentBytes, canSendMore: false }
    this.#room -= sentBytes
    const isWhole = sentBytes === data.byteLength
    const canSendMore = this.say('data', sentBytes, isWhole ? data : data.sublist(0, sentBytes))
    return { sentBytes, canSendMore: canSendMore && isWhole }
  }

  async sendCloseWrite(): Promise<void> {
    this.say('end', 0)
  }

  /** What comes is dropped from now on, see `take`. */
  async sendCloseRead(): Promise<void> {}

  sendReset(): void {
    this.say('reset', 0)
  }

  /** Nothing is to be said: no new room is granted to a stream that is not read. */
  sendPause(): void {}

  sendResume(): void {}

  /** Also called when somebody begins to listen, or goes on reading. */
  protected override dispatchReadBuffer(): void {
    super.dispatchReadBuffer()
    this.#grant()
  }

  #widen(bytes: number): void {
    this.#room += bytes
    if (this.#room > windowBytes) throw new ProtocolError(`more room than there is for stream ${this.id}`)
    // Where the connection is full its own `drain` comes; what were sent now would wait there, without a limit.
    if (this.writeBuffer.byteLength > 0 && !this.#isFull()) this.safeDispatchEvent('drain')
  }

  #expect(bytes: number): void {
    this.#granted -= bytes
    if (this.#granted < 0) throw new ProtocolError(`more than there is room for on stream ${this.id}`)
  }

  #grant(): void {
    const read = this.#taken - this.readBuffer.byteLength
    if (read < grantBytes || this.readStatus === 'paused' || this.remoteWriteStatus === 'closed') return
    this.#taken -= read
    this.#granted += read
    this.say('grant', read)
  }
}
