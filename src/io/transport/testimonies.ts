import type { Connection, Stream } from '@libp2p/interface'
import { decodeWith, Writer } from '../../core/codec.ts'
import { fromHex, toHex } from '../../core/crypto.ts'
import { type Field, oneOf, optional, struct, text } from '../../core/fields.ts'
import type { PeerId } from '../../core/ids.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { Copies, Testimony } from '../discovery/copies.ts'

export const testimonyProtocol = '/gavelring/testimony'

/**
 * Where multicast does not reach, copies of one profile hear of each other by a peer that both of them find. There they take
 * their connections from each other, so each says on every new connection, on a stream of its own, what `Copies` says of its start;
 * whoever has heard another start of that peer hands on what each has said of itself. It proves itself: only the key that both have
 * signs both starts.
 */
export interface Testimonies {
  /** Of a connection that has just been opened. */
  greet(connection: Connection): void
  /** `peer` has opened it on that connection. */
  hear(peer: PeerId, stream: Stream, connection: Connection): void
}

/** `sender`: of its own start; `receiver`: of another start of whom it is told. */
interface Said {
  readonly of: 'sender' | 'receiver'
  readonly testimony: Testimony
}

const startBytes = 16
/** Milliseconds in up to 15 digits, a dot, 64 bytes in letters. */
const proofBytesMax = 102
const saidBytesMax = 128
/** Of so many peers, and so many starts of each, it is remembered. */
const peersMax = 512
const startsMax = 4
/** To one connection; more than two copies that find each other need. */
const handedOnMax = 16
/** A stream that says nothing for so long is closed. */
const patienceMillis = 5_000

const start: Field<string> = {
  write: (writer, digits) => writer.raw(fromHex(digits) ?? new Uint8Array(startBytes)),
  read: (reader) => toHex(reader.raw(startBytes)),
}
const saidField: Field<Said> = struct<Said>({
  of: oneOf<Said['of']>('sender', 'receiver'),
  testimony: struct<Testimony>({ start, proof: optional(text(proofBytesMax)) }),
})

/** Of one peer, with the connection over which each was heard last. */
type Starts = readonly { readonly testimony: Testimony; readonly connection: Connection }[]

export function createTestimonies(copies: Copies): Testimonies {
  const known = new BoundedMap<PeerId, Starts>(peersMax)
  const handedOn = new WeakMap<Connection, Set<string>>()

  const greet = (connection: Connection): void => say(connection, { of: 'sender', testimony: copies.said() })

  const take = (peer: PeerId, { of, testimony }: Said, connection: Connection): void => {
    if (of === 'receiver') {
      // To the teller alone: whoever makes up starts is to make this peer open streams to nobody else.
      if (copies.hear(testimony)) greet(connection)
      return
    }
    const others = (known.get(peer) ?? []).filter((one) => one.testimony.start !== testimony.start).slice(1 - startsMax)
    known.set(peer, [...others, { testimony, connection }])
    for (const other of others) {
      handOn(connection, other.testimony)
      if (other.connection !== connection) handOn(other.connection, testimony)
    }
  }

  /** Each once: whoever is told of one start and then of another answers each time. */
  const handOn = (connection: Connection, testimony: Testimony): void => {
    const before = handedOn.get(connection) ?? new Set()
    const text = `${testimony.start} ${testimony.proof}`
    if (before.has(text) || before.size >= handedOnMax) return
    handedOn.set(connection, before.add(text))
    say(connection, { of: 'receiver', testimony })
  }

  return {
    greet,
    hear(peer, stream, connection) {
      const parts: Uint8Array[] = []
      let bytes = 0
      const giveUp = setTimeout(() => stream.abort(new Error('says nothing')), patienceMillis)
      giveUp.unref()
      stream.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
        if (bytes > saidBytesMax) stream.abort(new Error('says too much'))
        else parts.push(data.subarray())
      })
      stream.addEventListener('close', () => clearTimeout(giveUp))
      stream.addEventListener('remoteCloseWrite', () => {
        stream.close().catch(() => {})
        const decoded = decodeWith(Buffer.concat(parts), (reader) => saidField.read(reader))
        if (bytes <= saidBytesMax && 'value' in decoded) take(peer, decoded.value, connection)
      })
    },
  }
}

/** One that is lost is said again on the next connection. */
function say(connection: Connection, said: Said): void {
  if (connection.status !== 'open') return
  const writer = new Writer(saidBytesMax)
  saidField.write(writer, said)
  connection
    .newStream(testimonyProtocol)
    .then(
      (stream) => {
        stream.send(writer.finish())
        return stream.close()
      },
      () => {},
    )
    .catch(() => {})
}
