import { type ConnectionEncrypter, type SecuredConnection, serviceCapabilities } from '@libp2p/interface'
import { type NoiseComponents, type NoiseExtensions, type NoiseInit, noise } from '@libp2p/noise'
import { LengthPrefixedDecoder } from '@libp2p/utils'

/** Of a length, big-endian: each sealed packet follows its own. */
const lengthBytes = 2

/**
 * libp2p's noise, but for one thing: behind the last packet of all that was read it looks for one length more, and learns that there is
 * none from an error that is thrown, with the trace of its stack. Of what a packet costs that was a third.
 */
export function encrypter(init: NoiseInit): (components: NoiseComponents) => ConnectionEncrypter<NoiseExtensions> {
  const make = noise(init)
  return (components) => {
    const inner = make(components)
    return {
      protocol: inner.protocol,
      [serviceCapabilities]: ['@libp2p/connection-encryption'],
      secureInbound: (...args) => inner.secureInbound(...args).then(readQuietly),
      secureOutbound: (...args) => inner.secureOutbound(...args).then(readQuietly),
    }
  }
}

/** The library has no option for it. Where another version of it reads by something else all stays as it is. */
function readQuietly(secured: SecuredConnection<NoiseExtensions>): SecuredConnection<NoiseExtensions> {
  const { connection } = secured
  if ('decoder' in connection && connection.decoder instanceof LengthPrefixedDecoder) {
    Object.assign(connection.decoder, { lengthDecoder: lengthIn })
  }
  return secured
}

/** Before a length has come it is taken for one of a packet that has not come either: the reader waits for more. */
const lengthIn = (bytes: { readonly byteLength: number; getUint16(at: number): number }): number =>
  bytes.byteLength < lengthBytes ? lengthBytes : bytes.getUint16(0)
