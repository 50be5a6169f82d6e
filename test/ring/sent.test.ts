import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { auctionStartBytesMax, leapMax, numberMax, roomMembersMax } from '../../src/core/limits.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeFrame, encodeFetched, encodeFrame, type Message } from '../../src/ring/message.ts'
import type { Input, Output } from '../../src/ring/types.ts'
import { bytesOf, DrivenReplica, epochOf, genesis, id, noEpoch, opsAfter, placeOf, statusOf, viewAfter } from './harness.ts'
import { testCrypto } from './room.ts'

const crypto = testCrypto('A')

/** Of the frames that these outputs put on the wire those that no receiver can read. */
function unreadable(outputs: readonly Output[]): readonly string[] {
  return outputs.flatMap((output) => {
    switch (output.kind) {
      case 'send':
      case 'gossip':
        return faultsIn(output.message.kind, encodeFrame(output.lamport, output.message))
      case 'serve': {
        const { lamport, blocks } = output
        return 'length' in blocks ? faultsIn('fetched', encodeFetched(lamport, { ...output, blocks })) : []
      }
      default:
        return []
    }
  })
}

function faultsIn(kind: string, encoded: Uint8Array): readonly string[] {
  const decoded = decodeFrame(encoded, crypto)
  return decoded.kind === 'malformed' ? [`${kind}: ${decoded.reason}`] : []
}

/** B in a room whose numbers have come as far as these; A, who lies, made its epoch. `members`: beside the three. */
interface Start {
  readonly epoch: number
  readonly lamport: number
  readonly members: number
  /** Milliseconds since 1970 by B's clock, beside the room's beginning. */
  readonly ahead: number
}

const longId = (at: number): PeerId => id(`${at}`.padStart(64, '-'))

function peerIn({ epoch, lamport, members, ahead }: Start): { readonly peer: DrivenReplica; readonly view: Block } {
  const ids = [id('A'), id('B'), id('C'), ...Array.from({ length: members }, (_, at) => longId(at))]
  const before = viewAfter(genesis, epochOf(epoch - 1, 'A'), ids)
  const view = viewAfter(before, epochOf(epoch, 'A'), ids, [], { lamport })
  const peer = new DrivenReplica({ blocks: [genesis, before], ahead }).step({ kind: 'tick' })
  return { peer: peer.receive('C', { kind: 'ping', nonce: 0 }).follow(view, [before]), view }
}

const numbers = fc.constantFrom(0, 1, 2, 3, 2 ** 19, 2 ** 20, leapMax / 2, leapMax, numberMax - 1, numberMax)
/** As far ahead as an honest receiver may take over, and no farther. */
const near = fc.constantFrom(0, 1, 2, leapMax / 2, leapMax)

/** What A says, what is asked of B, and time. */
type Given = Input | { readonly kind: 'time'; readonly millis: number }

function givenIn(view: Block): fc.Arbitrary<Given> {
  const { members } = view.body as Extract<Block['body'], { kind: 'view' }>
  const epochs = fc
    .tuple(fc.constantFrom(0, 0, 1, 2 ** 19, 2 ** 20), fc.constantFrom('A', 'B', 'C'))
    .map(([leap, initiator]) => epochOf(Math.min(numberMax, view.epoch.number + leap), initiator))
  const epoch = fc.oneof({ weight: 3, arbitrary: fc.constant(view.epoch) }, epochs)
  const own = fc.constant(view.epoch)
  const commit = fc.record({ index: fc.constantFrom(view.index, numberMax), hash: fc.constant(view.hash) })
  const head = fc.record({ epoch, index: fc.constantFrom(view.index, numberMax), hash: fc.constant(view.hash) })
  const each = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => one.map((value) => members.map(() => value))
  const block = fc
    .tuple(fc.constantFrom(1, 2, leapMax), fc.constantFrom(1, 2, leapMax))
    .map(([turn, leap]) => opsAfter(view, ['x'], { author: 'A', turn, lamport: view.lamport + leap }))
  const blocks = fc.array(block, { maxLength: 1 })
  const of = <Kind extends Message['kind']>(kind: Kind, fields: object): fc.Arbitrary<Message> =>
    fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Message>
  const token = { epoch: own, turn: near, head: fc.constant(headOf(view)), commit, served: each(near), wants: each(fc.boolean()) }
  const what = fc.constantFrom('tail', 'committed')
  const loss = fc.option(numbers, { nil: undefined })
  const messages = [
    of('token', { ...token, blocks: fc.constant([]) }),
    of('token', { ...token, blocks: fc.constant([]) }),
    of('blocks', { epoch: own, blocks, commit }),
    of('want', { epoch, request: numbers }),
    of('token-ack', { epoch, turn: numbers }),
    fc.record({ epoch, promised: epoch, turn: numbers, wallClock: numbers, active: fc.boolean(), commit }).map(statusOf),
    of('ping', { nonce: numbers }),
    of('request', { purpose: fc.constantFrom('join', 'rejoin', 'leave'), above: epoch, loss }),
    of('pre-vote', { attempt: numbers, suspect: fc.constantFrom(undefined, id('C')) }),
    of('agree', { attempt: numbers, promised: epoch }),
    of('prepare', { epoch: epochs, views: fc.constant([]) }),
    of('refuse', { epoch, promised: epoch }),
    of('fetch', { what, from: numbers }),
    of('fetched', { what, blocks, commit: head, head }),
    of('evidence', { evidence: fc.tuple(block, block).map(([first, second]) => ({ kind: 'two-blocks', first, second })) }),
  ]
  const heard = fc.record({
    kind: fc.constant('receive' as const),
    message: fc.oneof(...messages),
    lamport: fc.oneof(fc.constant(view.lamport), numbers),
    from: fc.constantFrom('A', 'A', 'C', 'X').map(id),
  })
  const operations = fc.constantFrom(
    [bytesOf('x')],
    Array.from({ length: 5_000 }, () => bytesOf('x')),
    Array.from({ length: 6 }, () => new Uint8Array(auctionStartBytesMax)),
  )
  return fc.oneof(
    { weight: 6, arbitrary: heard },
    { weight: 2, arbitrary: operations.map((ops): Given => ({ kind: 'submit', domain: 'bank', ops })) },
    { weight: 3, arbitrary: fc.constantFrom(2, 20, 300, 1_600, 4_000).map((millis): Given => ({ kind: 'time', millis })) },
    fc.constant<Given>({ kind: 'leave' }),
    fc.constant<Given>({ kind: 'link', peer: id('C'), state: 'refused' }),
  )
}

/** What the other members answer, where they help B on: so it comes to make epochs, and to lead them. */
function answersTo(outputs: readonly Output[]): readonly Input[] {
  return outputs.flatMap((output) =>
    output.kind === 'send'
      ? output.to.flatMap((from) =>
          answerOf(output.message).map((message): Input => ({ kind: 'receive', from, lamport: output.lamport, message })),
        )
      : [],
  )
}

function answerOf(message: Message): readonly Message[] {
  switch (message.kind) {
    case 'pre-vote':
      return [{ kind: 'agree', attempt: message.attempt, promised: noEpoch }]
    case 'prepare':
      return [
        {
          kind: 'promise',
          epoch: message.epoch,
          head: { epoch: noEpoch, index: 0, hash: genesis.hash },
          commit: placeOf(genesis),
        },
      ]
    case 'install':
      return [{ kind: 'installed', epoch: message.epoch }]
    case 'blocks':
      return [{ kind: 'durable', epoch: message.epoch, durable: placeOf(message.blocks.at(-1) as Block) }]
    default:
      return []
  }
}

const starts: fc.Arbitrary<Start> = fc.record({
  epoch: fc.constantFrom(3, 2 ** 20, numberMax - 1, numberMax),
  lamport: fc.constantFrom(3, 3, leapMax, numberMax - 40, numberMax),
  members: fc.constantFrom(0, 0, roomMembersMax - 3),
  ahead: fc.constantFrom(-1e13, 0, numberMax),
})

const stories = starts.chain((start) =>
  fc.record({
    start: fc.constant(start),
    isHelped: fc.boolean(),
    given: fc.array(givenIn(peerIn(start).view), { minLength: 1, maxLength: 30, size: 'max' }),
  }),
)

describe('what a peer sends', () => {
  it('can be read by its receivers, wherever the numbers of its room have come to, and whatever it was told', () => {
    fc.assert(
      fc.property(stories, ({ start, isHelped, given }) => {
        const { peer } = peerIn(start)
        const step = (input: Input): void => {
          peer.step(input)
          expect(unreadable(peer.outputs)).toEqual([])
          expect(peer.stopReason?.kind).not.toBe('bug')
        }
        for (const one of given) {
          if (one.kind === 'time') peer.now += one.millis
          step(one.kind === 'time' ? { kind: 'tick' } : one)
          for (let rounds = 0; isHelped && rounds < 4; rounds++) {
            const answers = answersTo(peer.outputs)
            step({ kind: 'persisted', id: peer.issued })
            for (const answer of [...answers, ...answersTo(peer.outputs)]) step(answer)
          }
          step({ kind: 'persisted', id: peer.issued })
        }
      }),
      { numRuns: 150 },
    )
  })
})
