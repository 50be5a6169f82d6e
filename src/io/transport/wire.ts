import type { ConnectionEncrypter, MessageStream, Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'

/**
 * Noise and yamux as they are, but sparing with packets: a small frame costs one write instead of four. That halves
 * what an idle room costs, and a packet that waits for its second half is a slow packet.
 */

type Components = Parameters<ReturnType<typeof noise>>[0]

/** Noise that hands each sealed message to the socket in one piece, where it gave length and contents one after the other. */
export function joiningNoise(prologueBytes: Uint8Array): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const inner = noise({ prologueBytes })(components)
    return Object.assign(Object.create(inner) as ConnectionEncrypter, {
      secureInbound: (connection, options) => inner.secureInbound(joinWrites(connection), options),
      secureOutbound: (connection, options) => inner.secureOutbound(joinWrites(connection), options),
    } satisfies Pick<ConnectionEncrypter, 'secureInbound' | 'secureOutbound'>)
  }
}

function joinWrites<T extends MessageStream>(connection: T): T {
  const send = connection.send.bind(connection)
  connection.send = (data) => send(data instanceof Uint8Array ? data : data.subarray())
  return connection
}

/** yamux that grants new room to the sender when a quarter of it is used, where it did so after every frame. */
export function sparingYamux(): () => StreamMuxerFactory {
  return () => {
    // Links have their own sign of life, see link.ts.
    const inner = yamux({ enableKeepAlive: false })()
    return Object.assign(Object.create(inner) as StreamMuxerFactory, {
      createStreamMuxer(connection: MessageStream): StreamMuxer {
        const muxer = inner.createStreamMuxer(connection)
        const createStream = muxer.createStream.bind(muxer)
        muxer.createStream = async (options) => spareUpdates(await createStream(options))
        spareIncoming(muxer)
        return muxer
      },
    })
  }
}

/**
 * A listener for `stream` would come too early: the muxer keeps streams back until it has one, for the connection that is
 * only being made.
 */
function spareIncoming(muxer: object): void {
  if (!('onRemoteStream' in muxer) || typeof muxer.onRemoteStream !== 'function') return
  const onRemoteStream = muxer.onRemoteStream.bind(muxer)
  muxer.onRemoteStream = (stream: Stream) => onRemoteStream(spareUpdates(stream))
}

/** What `YamuxStream` of yamux 8.0.3 has beside the interface: `state` 3 is "established", before it updates carry flags. */
interface WindowedStream {
  sendWindowUpdate: () => void
  readonly state: number
  readonly recvWindow: number
  readonly recvWindowCapacity: number
}

const established = 3

function spareUpdates<T extends Stream>(stream: T): T {
  if (!isWindowed(stream)) return stream
  const update = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    if (stream.state !== established || 4 * stream.recvWindowCapacity < 3 * stream.recvWindow) update()
  }
  return stream
}

function isWindowed(stream: object): stream is WindowedStream {
  const { sendWindowUpdate, state, recvWindow, recvWindowCapacity } = stream as Partial<WindowedStream>
  return typeof sendWindowUpdate === 'function' && [state, recvWindow, recvWindowCapacity].every(Number.isFinite)
}
