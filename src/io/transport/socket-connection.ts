import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { AbortOptions, ComponentLogger, MessageStreamDirection } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Beyond, to join the pieces of a message costs more than to hand them over one by one. */
const joinedBytesMax = 16 * 1024

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

  /**
   * A sealed message comes as a length and its contents, and leaves as one write: a packet, where it were two.
   */
  sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
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
