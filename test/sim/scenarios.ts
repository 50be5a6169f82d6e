import type { Instant } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { type Block, headOf, signBlock, type Unsigned } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import { createReplica } from '../../src/ring/replica.ts'
import type { Input, Output } from '../../src/ring/types.ts'
import { createSimCrypto } from './crypto.ts'
import { epochName, simPeerId } from './names.ts'
import { wallStart } from './peer.ts'
import { Violation } from './violation.ts'

/**
 * Schedules kept because chance hardly ever meets them: one real replica, and everything that it hears told by hand. Each
 * throws a `Violation` where the rule that it is named after is broken.
 */
export const scenarios: Readonly<Record<string, () => void>> = { installRecheck }

/**
 * C has promised B's epoch 5 and gets its `Install`, but lacks the block before the view: it fetches. Meanwhile A's epoch 6
 * comes, and C promises that, with its short log. Only now the fetched block arrives. C must not install epoch 5 any more:
 * A counts on what C promised.
 */
function installRecheck(): void {
  const [a, b, c] = [simPeerId(0), simPeerId(1), simPeerId(2)]
  const epoch = (number: number, initiator: typeof a) => ({ number, initiator })
  const sign = (block: Unsigned): Block => signBlock(block, createSimCrypto(block.author))
  const after = (previous: Block, what: Pick<Unsigned, 'epoch' | 'turn' | 'author' | 'body'>): Block =>
    sign({
      ...what,
      index: previous.index + 1,
      lamport: previous.lamport + 1,
      time: previous.time,
      prevHash: previous.hash,
      checkpoint: undefined,
    })
  const genesis = sign({
    index: 0,
    epoch: epoch(1, a),
    turn: 0,
    author: a,
    lamport: 1,
    time: wallStart as Instant,
    prevHash: '',
    checkpoint: undefined,
    body: {
      kind: 'genesis',
      genesis: { name: 'kept', rulesVersion: 1, currency: 'EUR', deposits: 'open', founder: a, salt: new Uint8Array(16) },
    },
  })
  const all = after(genesis, { epoch: epoch(4, a), turn: 0, author: a, body: { kind: 'view', members: [a, b, c] } })
  const missed = after(all, {
    epoch: epoch(4, a),
    turn: 1,
    author: a,
    body: { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [] },
  })
  const proposed = after(missed, { epoch: epoch(5, b), turn: 0, author: b, body: { kind: 'view', members: [a, b, c] } })

  const commit = { index: all.index, hash: all.hash }
  const replica = createReplica({
    self: c,
    room: genesis.hash as never,
    disk: {
      meta: { head: headOf(all), promised: all.epoch, incarnation: 1, commit, forgotBelow: undefined },
      blocks: [genesis, all],
      views: [{ epoch: all.epoch, index: all.index, members: [a, b, c] }],
    },
    incarnation: 1,
    wallClock: { at: wallStart, now: 0 },
    crypto: createSimCrypto(c),
    random: createRandom(1),
    pace: { idleHop: 250 },
  })
  let now = 0
  const give = (input: Input): readonly Output[] => {
    const outputs = replica.step(now++, input)
    const persist = outputs.findLast((output) => output.kind === 'persist')
    return persist === undefined ? outputs : [...outputs, ...give({ kind: 'persisted', id: persist.id })]
  }
  const hear = (from: typeof a, message: Message) => give({ kind: 'receive', from, lamport: 100, message })
  const expectSent = (outputs: readonly Output[], kind: Message['kind']): void => {
    if (!outputs.some((output) => output.kind === 'send' && output.message.kind === kind))
      throw new Error(`the scenario does not go as told: no ${kind}`)
  }

  expectSent(hear(b, { kind: 'prepare', epoch: epoch(5, b) }), 'promise')
  expectSent(hear(b, { kind: 'install', epoch: epoch(5, b), viewBlock: proposed }), 'fetch')
  expectSent(hear(a, { kind: 'prepare', epoch: epoch(6, a) }), 'promise')
  hear(b, { kind: 'fetched', what: 'tail', blocks: [missed], commit, head: headOf(proposed) })
  const { head, promised } = replica.view
  if (head.hash === proposed.hash) {
    throw new Violation('S3', `C installs ${epochName(head.epoch)} after promising ${epochName(promised)}`)
  }
}
