import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { Cents } from '../../src/core/money.ts'
import { startGateway } from '../../src/gateway/server.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { account, createRig } from '../peer/rig.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { connectThin, type ThinClient } from './thin-client.ts'

/** A real peer, alone in its room, with two accounts and a gateway. */
async function open(options: Partial<PeerOptions> = {}): Promise<{ peer: Peer; client: ThinClient }> {
  const rig = createRig()
  onTestFinished(() => rig.end())
  const peer = await rig.machine('Ana').start({ entry: { kind: 'create' }, ...options })
  for (const id of ['1111111111', '2222222222']) {
    await peer.submit({ request: undefined, operation: { kind: 'open-account', account: account(id), holder: id } }, 10_000)
  }
  const gateway = await startGateway({ seat: createFakeSeat(peer), logger: silentLogger, host: '127.0.0.1', port: 0 })
  onTestFinished(() => gateway.stop(0))
  const client = await connectThin(gateway.address)
  client.send('t:1|op:6|rg:1111111111\n')
  expect(await client.line()).toBe('t:3|s:0|resposta:Login realizado com sucesso')
  return { peer, client }
}

const answers = async (client: ThinClient, texts: readonly string[]): Promise<string[]> => {
  client.send(texts.map((text) => `${text}\n`).join(''))
  const lines: string[] = []
  for (const _ of texts) lines.push((await client.line()).replace(/^t:\d+\|/, ''))
  return lines
}

test('what a client asks for without waiting is one batch: in one block, in its order, each answered', async () => {
  const { peer, client } = await open()
  const before = peer.status().commit.index
  const texts = Array.from({ length: 100 }, (_, index) => `t:1|op:3|rg:1111111111|valor:${index + 1}`)
  expect(new Set(await answers(client, texts))).toEqual(new Set(['s:0|resposta:Depósito realizado com sucesso']))
  const blocks = (await peer.log(before + 1, 100)).filter(({ body }) => body.kind === 'ops')
  expect(blocks.map(({ body }) => body.kind === 'ops' && body.ops.length)).toEqual([100])
  const history = peer.account(account('1111111111'))?.history ?? []
  expect(history.map(({ change }) => change)).toEqual(texts.map((_, index) => (index + 1) * 100))
})

test('a day at the classic bank', async () => {
  const { peer, client } = await open()
  expect(
    await answers(client, [
      't:1|op:3|rg:1111111111|valor:110.0',
      't:1|op:1|rg:1111111111',
      't:1|op:2|rg:1111111111|valor:110.01',
      't:1|op:2|rg:1111111111|valor:10.5',
      't:1|op:4|rg_origem:1111111111|rg_destino:2222222222|valor:99.5',
      't:1|op:1|rg:1111111111',
      't:1|op:1|rg:2222222222',
      't:1|op:4|rg_origem:2222222222|rg_destino:1111111111|valor:1',
    ]),
  ).toEqual([
    's:0|resposta:Depósito realizado com sucesso',
    's:0|resposta:Saldo: 110.0',
    's:1|resposta:Saldo insuficiente',
    's:0|resposta:Saque realizado com sucesso',
    's:0|resposta:Transferência realizada com sucesso',
    's:0|resposta:Saldo: 0.0',
    's:0|resposta:Saldo: 99.5',
    's:1|resposta:Só é possível usar a própria conta',
  ])
  expect(peer.account(account('2222222222'))?.available).toBe(9_950 as Cents)
})

test('amounts that are none change nothing', async () => {
  const { peer, client } = await open()
  const before = peer.status().stateHash
  for (const amount of [
    'nan',
    'NaN',
    'inf',
    '-inf',
    '-5',
    '1e308',
    '0.001',
    '0',
    '0.0',
    '',
    '1_0',
    '٣',
    '10 USD',
    '100000000000.01',
  ]) {
    for (const op of [`op:2|rg:1111111111`, `op:3|rg:1111111111`, `op:4|rg_origem:1111111111|rg_destino:2222222222`]) {
      const [answer] = await answers(client, [`t:1|${op}|valor:${amount}`])
      expect(answer).toMatch(
        amount === '' ? /^s:1\|resposta:Mensagem incompleta: falta valor$/ : /^s:1\|resposta:Valor inválido$/,
      )
    }
  }
  expect(peer.status().stateHash).toBe(before)
})

test('a request id that comes again gives the first answer, and does nothing twice', async () => {
  const { peer, client } = await open()
  const pay = 't:1|op:3|rg:1111111111|valor:5|id:coin-1'
  expect(await answers(client, [pay, pay])).toEqual(Array(2).fill('s:0|resposta:Depósito realizado com sucesso'))
  expect(await answers(client, ['t:1|op:3|rg:1111111111|valor:6|id:coin-1'])).toEqual([
    's:1|resposta:Este id já foi usado para outra operação',
  ])
  expect(peer.account(account('1111111111'))?.available).toBe(500 as Cents)
})

test('in a room that counts in yen, and where only the host deposits', async () => {
  const { client } = await open({ room: { name: 'test', currency: 'JPY', deposits: 'host' } })
  expect(
    await answers(client, ['t:1|op:3|rg:1111111111|valor:110.0', 't:1|op:1|rg:1111111111', 't:1|op:2|rg:1111111111|valor:0.5']),
  ).toEqual(['s:0|resposta:Depósito realizado com sucesso', 's:0|resposta:Saldo: 110.0', 's:1|resposta:Valor inválido'])
})

/** The classic bank in ten lines: what a client is answered, and who has how much then. */
function askModel(balances: Map<string, number>, { op, from, to, cents }: Wish): string {
  const own = '1111111111'
  const has = balances.get(from)
  if (op === 'transfer') {
    if (has === undefined) return 's:1|resposta:Conta de origem não encontrada'
    if (!balances.has(to)) return 's:1|resposta:Conta de destino não encontrada'
    if (from === to) return 's:1|resposta:Não é possível transferir para a mesma conta'
  }
  if (has === undefined) return 's:1|resposta:Cliente não encontrado'
  if (op !== 'deposit' && from !== own) return 's:1|resposta:Só é possível usar a própria conta'
  if (cents <= 0) return 's:1|resposta:Valor inválido'
  if (op !== 'deposit' && has < cents) return 's:1|resposta:Saldo insuficiente'
  balances.set(from, has + (op === 'deposit' ? cents : -cents))
  if (op === 'transfer') balances.set(to, (balances.get(to) ?? 0) + cents)
  const done = { deposit: 'Depósito realizado', withdraw: 'Saque realizado', transfer: 'Transferência realizada' }
  return `s:0|resposta:${done[op]} com sucesso`
}

interface Wish {
  readonly op: 'deposit' | 'withdraw' | 'transfer'
  readonly from: string
  readonly to: string
  readonly cents: number
}

const wish: fc.Arbitrary<Wish> = fc.record({
  op: fc.constantFrom('deposit', 'withdraw', 'transfer'),
  from: fc.constantFrom('1111111111', '1111111111', '1111111111', '2222222222', '3333333333'),
  to: fc.constantFrom('1111111111', '2222222222', '3333333333'),
  cents: fc.integer({ min: -5, max: 500 }),
})

const wishText = ({ op, from, to, cents }: Wish): string => {
  const valor = (cents / 100).toFixed(2)
  if (op === 'transfer') return `t:1|op:4|rg_origem:${from}|rg_destino:${to}|valor:${valor}`
  return `t:1|op:${op === 'withdraw' ? 2 : 3}|rg:${from}|valor:${valor}`
}

test('whatever a client asks for, many at once, it is answered and done as by the classic bank', async () => {
  const { peer, client } = await open()
  const balances = new Map(peer.accounts().map(({ id }) => [String(id), 0]))
  await fc.assert(
    fc.asyncProperty(fc.array(wish, { minLength: 1, maxLength: 20 }), async (wishes) => {
      expect(await answers(client, wishes.map(wishText))).toEqual(wishes.map((one) => askModel(balances, one)))
      for (const { id, available } of peer.accounts()) expect([id, available]).toEqual([id, balances.get(id)])
    }),
    // What it leaves behind cannot be taken back, so that no smaller case can be looked for.
    { numRuns: 100, endOnFailure: true },
  )
})

test('a peer that stops answers what was asked, or says that it may still happen: never nothing', async () => {
  const { peer, client } = await open()
  client.send(Array.from({ length: 50 }, () => 't:1|op:3|rg:1111111111|valor:1\n').join(''))
  await peer.stop(1_000)
  for (let count = 0; count < 50; count++)
    expect(await client.line()).toMatch(/\|s:(?:0\|resposta:Depósito|1\|resposta:(?:Sem confirmação|Este par))/)
  client.send('t:1|op:3|rg:1111111111|valor:1\n')
  await until('an answer', () => client.received.includes('\n'))
  expect(await client.line()).toMatch(/s:1\|resposta:(?:Este par|Sem confirmação)/)
})
