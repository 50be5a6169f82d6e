import type { GossipSub, Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import { type PeerId, parsePeerId, type RoomId } from '../../core/ids.ts'
import { frameBytesMax } from '../../core/limits.ts'
import type { Topic, TransportEvents, Verdict } from '../../peer/ports.ts'
import { publicKeyIn } from '../peer-id.ts'
import { envelopeBytesMax, unwrap, wrap } from './envelope.ts'

/** The room's topics: signed messages that everyone checks before passing them on. */
export interface Gossip {
  enterRoom(room: RoomId): void
  publish(topic: Topic, frame: Uint8Array): void
  /** A frame for one peer that there is no connection to. */
  publishTo(to: PeerId, frame: Uint8Array): void
}

const topics: readonly Topic[] = ['log', 'bank', 'auction', 'ring', 'lab']
/** libp2p's enum, by its values, since it is a type only. */
const results = { accept: 'accept', ignore: 'ignore', reject: 'reject' } as Record<Verdict, TopicValidatorResult>

export interface GossipPorts {
  readonly pubsub: GossipSub
  readonly self: PeerId
  readonly events: Pick<TransportEvents, 'onFrame' | 'onGossip' | 'onTrouble'>
  /** Whether a peer that this one is linked with has said that it is linked with another, too. */
  areLinked(peer: PeerId, other: PeerId): boolean
  /** A message signed by `from` came over the link with `source`: whether it is to be heard. */
  mayBeHeard(source: PeerId, from: PeerId): boolean
}

export function createGossip({ pubsub, self, events, areLinked, mayBeHeard }: GossipPorts): Gossip {
  let room: RoomId | undefined

  const nameOf = (topic: Topic): string => `gavelring/${room}/${topic}`

  const subscribersOf = (topic: Topic): readonly PeerId[] =>
    pubsub.getSubscribers(nameOf(topic)).map((peer) => peer.toString() as PeerId)

  const hear = (from: PeerId, topic: Topic, data: Uint8Array): Verdict => {
    const envelope = data.length > frameBytesMax + envelopeBytesMax ? undefined : unwrap(data)
    if (envelope === undefined || (envelope.to !== undefined && topic !== 'ring')) {
      events.onTrouble({ kind: 'bad-frame', peer: from, reason: `on topic ${topic}` })
      return 'reject'
    }
    if (envelope.to === undefined) return events.onGossip(from, topic, envelope.frame.slice())
    if (envelope.to !== self) return 'accept'
    events.onFrame(from, envelope.frame.slice())
    // It has arrived: nobody else needs it.
    return 'ignore'
  }

  /** It came from its author, who sends to all its links at once, and these are all the peers that we could pass it on to. */
  const hasReachedAll = (from: PeerId, source: PeerId, topic: Topic): boolean =>
    source === from && subscribersOf(topic).every((peer) => peer === from || areLinked(peer, from))

  const validate = (sender: string, topic: Topic, message: Message): TopicValidatorResult => {
    const source = parsePeerId(sender)
    const from = message.type === 'signed' ? parsePeerId(message.from.toString()) : undefined
    if (!source.ok || from?.ok !== true) return results.reject
    if (!mayBeHeard(source.value, from.value)) return results.reject
    const verdict = hear(from.value, topic, message.data)
    const isForAll = unwrap(message.data)?.to === undefined
    // To gossipsub "ignore" only means that it is not passed on.
    return results[verdict === 'accept' && isForAll && hasReachedAll(from.value, source.value, topic) ? 'ignore' : verdict]
  }

  const send = (topic: Topic, data: Uint8Array): void => {
    if (room === undefined) return
    // It goes to whoever is there; that nobody is, or that the node is stopping, is no error.
    pubsub.publish(nameOf(topic), data).catch(() => {})
  }

  return {
    enterRoom(entered) {
      if (room === entered) return
      for (const topic of room === undefined ? [] : topics) {
        pubsub.topicValidators.delete(nameOf(topic))
        pubsub.unsubscribe(nameOf(topic))
      }
      room = entered
      for (const topic of topics) {
        pubsub.topicValidators.set(nameOf(topic), (source, message) => validate(source.toString(), topic, message))
        pubsub.subscribe(nameOf(topic))
      }
    },
    publish: (topic, frame) => send(topic, wrap({ to: undefined, frame })),
    publishTo(to, frame) {
      // What has the form of a peer's id need not be the id of a key.
      if (publicKeyIn(to) !== undefined) send('ring', wrap({ to, frame }))
    },
  }
}
