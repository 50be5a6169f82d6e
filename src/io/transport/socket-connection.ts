import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type AbortOptions, type ComponentLogger, type MessageStreamDirection, StreamMessageEvent } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Beyond, to join the pieces of a message costs more than to hand them over one by one. */
const joinedBytesMax = 16 * 1024

type Bytes = Parameters<AbstractMultiaddrConnection['send']>[0]

/** A TCP socket as libp2p wants a connection. */
export class SocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: Socket

  constructor(socket: Socket, remoteAddr: Multiaddr, direction: MessageStreamDirection, logger: ComponentLogger) {
    super({ remoteAddr, direction, log: logger.forComponent('libp2p:tcp:connection') })
    this.#socket = socket
    socket.on('data', (bytes) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => this.abort(error))
    // Neither end keeps half a connection: the socket ends by itself where the other has ended.
    socket.once('end', () => this.onTransportClosed())
    socket.once('close', () => this.onTransportClosed())
  }

  /** As the base class does, but without lists of one piece, and without telling nobody that nothing waits. */
  override send(data: Bytes): boolean {
    const isPlain = this.writeStatus === 'writable' && !this.writableNeedsDrain && this.writeBuffer.byteLength === 0
    if (!isPlain) return super.send(data)
    const { canSendMore } = this.sendData(data)
    this.writableNeedsDrain = !canSendMore
    return canSendMore
  }

  /** The same. */
  override onData(data: Bytes): void {
    const isPlain = this.readStatus === 'readable' && this.remoteWriteStatus === 'writable' && this.readBuffer.byteLength === 0
    if (isPlain && this.listenerCount('message') > 0) this.dispatchEvent(new StreamMessageEvent(data))
    else super.onData(data)
  }

  /**
   * A sealed message comes as a length and its contents, and leaves as one write: a packet, where it were two.
   */
  sendData(data: Bytes): SendResult {
    const sentBytes = data.byteLength
    if (data instanceof Uint8Array || sentBytes < joinedBytesMax) {
      return { sentBytes, canSendMore: this.#socket.write(data.subarray()) }
    }
    let canSendMore = true
    this.#socket.cork()
    for (const piece of data) canSendMore = this.#socket.write(piece)
    this.#socket.uncork()
    return { sentBytes, canSendMore }
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    if (this.#socket.closed) return
    this.#socket.destroySoon()
    await once(this.#socket, 'close', options)
  }

  sendReset(): void {
    // A reset cannot follow an end (libuv).
    if (this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }
}
