import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import type { AccountId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createNotices } from '../../src/gateway/auctions.ts'
import { createSession, type Session } from '../../src/gateway/session.ts'
import { createStanding, type GatewaySeat } from '../../src/gateway/standing.ts'
import { type Language, languages, textsOf } from '../../src/gateway/texts.ts'
import type { MarketEvent, Rejection } from '../../src/market/outcome.ts'
import type { Peer, Receipt } from '../../src/peer/peer.ts'
import { createFakePeer, type FakePeer, fakeAuction, fakeOther } from '../support/fake-peer.ts'

interface Rig {
  readonly session: Session
  readonly peer: FakePeer
  readonly written: string[]
  readonly bugs: unknown[]
  /** What was submitted and is not settled yet: the test settles it, where `holds`. */
  readonly held: { settle(rejection?: Rejection): void; fail(failure: Failure): void }[]
  /** Sends it with a newline, and gives back what was written meanwhile. */
  ask(text: string): Promise<string[]>
  /** Time passes, and what was to be done later is. */
  pass(millis: number): Promise<void>
}

interface RigOptions {
  readonly language?: Language
  readonly isInRoom?: boolean
  readonly holds?: boolean
}

function createRig({ language = 'pt', isInRoom = true, holds = false }: RigOptions = {}): Rig {
  const fake = createFakePeer()
  const ana = fake.account('ana' as AccountId)
  if (ana === undefined) throw new Error('the fake has no account')
  const known = new Map(
    [
      ana,
      { ...ana, id: '1111111111' as AccountId, available: 11_000 as Cents },
      { ...ana, id: '2222222222' as AccountId, owner: fakeOther },
      { ...ana, id: 'gone' as AccountId, closed: true },
    ].map((account) => [account.id, account]),
  )
  const held: Rig['held'] = []
  const submitToFake = fake.submit
  const submit: Peer['submit'] = async (submission, deadlineMillis) => {
    const receipt = await submitToFake(submission, deadlineMillis)
    if (!holds) return receipt
    return new Promise<Receipt>((resolve, reject) => {
      held.push({
        settle: (rejection) =>
          resolve(rejection === undefined ? receipt : { ...receipt, outcome: { accepted: false, rejection } }),
        fail: reject,
      })
    })
  }
  const peer: FakePeer = Object.assign(fake, { account: (id: AccountId) => known.get(id), submit })
  const seat: GatewaySeat = { peer: isInRoom ? peer : undefined, onChange: () => () => {} }
  let now = 0
  let tasks: { readonly at: number; readonly task: () => void }[] = []
  const written: string[] = []
  const bugs: unknown[] = []
  const texts = textsOf[language]
  const session = createSession({
    ...{ seat, texts, standing: createStanding(() => now), notices: createNotices(seat, texts) },
    counters: { requests: 0, done: 0, refused: 0, notices: 0, unended: 0 },
    write: (text) => written.push(text),
    isFull: () => false,
    now: () => now,
    later: (millis, task) => tasks.push({ at: now + millis, task }),
    soon: queueMicrotask,
    onBug: (error) => bugs.push(error),
  })
  return {
    ...{ session, peer, written, bugs, held },
    async ask(text) {
      session.receive({ kind: 'message', text, hasNewline: true })
      await settled()
      return written
        .splice(0)
        .join('')
        .split('\n')
        .filter((line) => line !== '')
    },
    async pass(millis) {
      for (const end = now + millis; now < end; ) {
        now += 50
        const due = tasks.filter(({ at }) => at <= now)
        tasks = tasks.filter(({ at }) => at > now)
        for (const { task } of due) task()
        await settled()
      }
    },
  }
}

const login = 't:1|op:6|rg:1111111111'

/** What was to be done soon is done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the classic clock', () => {
  test('a first login at 1 is answered at 3, so that the classic client shows 1, then 4', async () => {
    const { ask } = createRig()
    expect(await ask(login)).toEqual(['t:3|s:0|resposta:Login realizado com sucesso'])
    const shown = Math.max(1, 3) + 1
    expect(shown).toBe(4)
    expect(await ask(`t:${shown}|op:1|rg:1111111111`)).toEqual(['t:6|s:0|resposta:Saldo: 110.0'])
  })
  test('a client that is far ahead takes it along, one that is behind does not', async () => {
    const { ask } = createRig()
    expect(await ask('t:1000|op:5')).toEqual(['t:1002|s:0|resposta:Relógio: 1002'])
    expect(await ask('t:2|op:5')).toEqual(['t:1004|s:0|resposta:Relógio: 1004'])
    expect(await ask('t:99999999999999999999|op:5')).toEqual(['t:1006|s:1|resposta:Mensagem inválida: falta o tempo, t:1'])
  })
})

describe('what is done is said in the words of the classic server', () => {
  test.each([
    [
      't:1|op:2|rg:1111111111|valor:10.0',
      'Saque realizado com sucesso',
      { kind: 'withdraw', account: '1111111111', amount: 1_000 },
    ],
    [
      't:1|op:3|rg:1111111111|valor:0.1',
      'Depósito realizado com sucesso',
      { kind: 'deposit', account: '1111111111', amount: 10 },
    ],
    [
      't:1|op:4|rg_origem:1111111111|rg_destino:2222222222|valor:5',
      'Transferência realizada com sucesso',
      { kind: 'transfer', from: '1111111111', to: '2222222222', amount: 500, memo: '' },
    ],
  ])('%s', async (text, says, operation) => {
    const { ask, peer } = createRig()
    await ask(login)
    expect(await ask(text)).toEqual([`t:5|s:0|resposta:${says}`])
    expect(peer.submissions.map(({ submission }) => submission)).toEqual([{ request: undefined, operation }])
  })

  test('a request id goes with it', async () => {
    const { ask, peer } = createRig()
    await ask('t:1|op:3|rg:1111111111|valor:1|id:coin-1')
    expect(peer.submissions[0]?.submission.request).toBe('coin-1')
  })
})

describe('what is refused before the room is asked changes nothing', () => {
  test.each([
    ['t:1|op:6|rg:9', 'Cliente não encontrado'],
    ['t:1|op:6|rg:á|', 'Cliente não encontrado'],
    ['t:1|op:6|rg:gone', 'Conta encerrada'],
    ['t:1|op:6|rg:2222222222', 'Esta conta é de outro par, Eve: conecte-se ao gateway dele'],
    ['t:1|op:1|rg:9', 'Cliente não encontrado'],
    ['t:1|op:2|rg:9|valor:1', 'Cliente não encontrado'],
    ['t:1|op:2|rg:ana|valor:1', 'Só é possível usar a própria conta'],
    ['t:1|op:3|rg:9|valor:1', 'Cliente não encontrado'],
    ['t:1|op:4|rg_origem:9|rg_destino:ana|valor:1', 'Conta de origem não encontrada'],
    ['t:1|op:4|rg_origem:1111111111|rg_destino:9|valor:1', 'Conta de destino não encontrada'],
    ['t:1|op:4|rg_origem:1111111111|rg_destino:1111111111|valor:1', 'Não é possível transferir para a mesma conta'],
    ['t:1|op:4|rg_origem:ana|rg_destino:1111111111|valor:1', 'Só é possível usar a própria conta'],
    ...['nan', 'inf', '-5', '1e308', '0.001', '0', 'x'].map((amount) => [
      `t:1|op:2|rg:1111111111|valor:${amount}`,
      'Valor inválido',
    ]),
    ['t:1|op:3|rg:1111111111|valor:1|id:a b', 'Id inválido: use de 1 a 64 caracteres sem espaços'],
    ['t:1|op:8|item:x|valor:1|segundos:0', 'Tempo inválido: use segundos inteiros, até 30 dias'],
    ['t:1|op:8|item:x|valor:1|segundos:2592001', 'Tempo inválido: use segundos inteiros, até 30 dias'],
    [`t:1|op:8|item:${'x'.repeat(65)}|valor:1|segundos:5`, 'Item inválido: use de 1 a 64 caracteres'],
    ['t:1|op:9|productId:7|valor:1', 'Leilão não encontrado'],
    ['t:1|op:9|productId:1|valor:1|rg:ana', 'Só é possível usar a própria conta'],
    ['t:1|op:2|rg:1111111111', 'Mensagem incompleta: falta valor'],
    ['', 'Mensagem inválida'],
  ])('%s', async (text, says) => {
    const { ask, peer } = createRig()
    await ask(login)
    expect(await ask(text)).toEqual([`t:5|s:1|resposta:${says}`])
    expect(peer.submissions).toEqual([])
  })

  test.each([
    't:1|op:2|rg:1111111111|valor:1',
    't:1|op:4|rg_origem:1111111111|rg_destino:ana|valor:1',
    't:1|op:9|productId:1|valor:1',
    't:1|op:8|item:x|valor:1|segundos:5',
  ])('without a login: %s', async (text) => {
    const { ask, peer } = createRig()
    expect(await ask(text)).toEqual(['t:3|s:1|resposta:Faça o login primeiro'])
    expect(peer.submissions).toEqual([])
  })

  test('in every language, and in each all sentences are there', async () => {
    expect(await createRig({ language: 'es' }).ask('t:1|op:6|rg:9')).toEqual(['t:3|s:1|resposta:Cliente no encontrado'])
    expect(await createRig({ language: 'en' }).ask('t:1|op:1|rg:1111111111')).toEqual(['t:3|s:0|resposta:Balance: 110.0'])
    const keysOf = (texts: object): string[] =>
      Object.entries(texts).flatMap(([key, value]) => (typeof value === 'object' ? [key, ...keysOf(value)] : [key]))
    for (const language of languages) expect(keysOf(textsOf[language])).toEqual(keysOf(textsOf.pt))
  })
})

describe('what the rules refuse', () => {
  test.each<[string, Rejection, string]>([
    ['t:1|op:2|rg:1111111111|valor:1', { code: 'funds-short', available: 0 as Cents }, 'Saldo insuficiente'],
    ['t:1|op:3|rg:1111111111|valor:1', { code: 'not-host' }, 'Nesta sala só o anfitrião deposita'],
    [
      't:1|op:4|rg_origem:1111111111|rg_destino:ana|valor:1',
      { code: 'account-unknown', account: 'ana' as AccountId },
      'Conta de destino não encontrada',
    ],
    [
      't:1|op:4|rg_origem:1111111111|rg_destino:ana|valor:1',
      { code: 'account-unknown', account: '1111111111' as AccountId },
      'Conta de origem não encontrada',
    ],
    ['t:1|op:9|productId:1|valor:1', { code: 'bid-too-low', minimum: 1_250 as Cents }, 'Lance baixo: o mínimo é 12.5'],
    ['t:1|op:2|rg:1111111111|valor:1', { code: 'malformed', detail: 'x' }, 'Operação recusada (malformed)'],
  ])('%s: %o', async (text, rejection, says) => {
    const { ask, peer } = createRig()
    await ask(login)
    peer.answer({ rejection })
    expect(await ask(text)).toEqual([`t:5|s:1|resposta:${says}`])
  })
})

describe('requests of one connection', () => {
  test('that move money are submitted together and answered in their order; what only looks waits for them', async () => {
    const { ask, held, peer, written } = createRig({ holds: true })
    await ask(login)
    await ask('t:1|op:3|rg:1111111111|valor:1')
    await ask('t:1|op:3|rg:1111111111|valor:2')
    await ask('t:1|op:1|rg:1111111111')
    await ask('t:1|op:3|rg:1111111111|valor:3')
    expect(peer.submissions).toHaveLength(2)
    held[1]?.settle()
    expect(await ask('t:1|op:5')).toEqual([])
    held[0]?.settle({ code: 'not-host' })
    await settled()
    expect(written.splice(0).join('')).toBe(
      't:5|s:1|resposta:Nesta sala só o anfitrião deposita\nt:7|s:0|resposta:Depósito realizado com sucesso\nt:9|s:0|resposta:Saldo: 110.0\n',
    )
    expect(peer.submissions).toHaveLength(3)
    held[2]?.settle()
    await settled()
    expect(written.splice(0).join('')).toBe('t:11|s:0|resposta:Depósito realizado com sucesso\nt:13|s:0|resposta:Relógio: 13\n')
  })

  test('an answer has a newline where its request had one, also where that comes later', async () => {
    const { session, written, held } = createRig({ holds: true })
    session.receive({ kind: 'message', text: 't:1|op:5', hasNewline: false })
    await settled()
    session.receive({ kind: 'newline' })
    session.receive({ kind: 'message', text: 't:1|op:3|rg:ana|valor:1', hasNewline: false })
    session.receive({ kind: 'newline' })
    held[0]?.settle()
    await settled()
    expect(written).toEqual(['t:3|s:0|resposta:Relógio: 3', '\n'])
    held[0]?.settle()
    await settled()
    expect(written.slice(2)).toEqual(['t:5|s:0|resposta:Depósito realizado com sucesso\n'])
  })
})

describe('where the room cannot write', () => {
  test('a peer in no room says so, and that nothing was done', async () => {
    const { ask } = createRig({ isInRoom: false })
    for (const text of [login, 't:1|op:1|rg:1', 't:1|op:3|rg:1|valor:1', 't:1|op:7']) {
      expect(await ask(text)).toEqual([
        expect.stringMatching(/s:1\|resposta:Este par ainda não está em uma sala: nada foi feito$/),
      ])
    }
    expect(await ask('t:1|op:5')).toEqual([expect.stringMatching(/s:0\|resposta:Relógio/)])
  })

  test('without a quorum it waits a little, then refuses, and nothing was done', async () => {
    const { ask, pass, peer, written } = createRig()
    await ask(login)
    peer.setQuorum(false)
    await pass(200)
    expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual([])
    await pass(2_500)
    expect(written.splice(0)).toEqual(['t:5|s:1|resposta:Sem quórum: nada foi feito\n'])
    expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual(['t:7|s:1|resposta:Sem quórum: nada foi feito'])
    expect(await ask('t:1|op:1|rg:1111111111')).toEqual(['t:9|s:0|resposta:Saldo: 110.0'])
    expect(peer.submissions).toEqual([])
    peer.setQuorum(true)
    await pass(200)
    expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual(['t:11|s:0|resposta:Depósito realizado com sucesso'])
  })

  test('what was submitted goes on where the quorum is back soon', async () => {
    const { ask, pass, peer, written } = createRig()
    peer.setQuorum(false)
    await ask('t:1|op:3|rg:1111111111|valor:1')
    await pass(500)
    peer.setQuorum(true)
    await pass(300)
    expect(written).toEqual(['t:3|s:0|resposta:Depósito realizado com sucesso\n'])
  })

  test.each(['unsettled', 'no-quorum', 'stopping'] as const)('%s of what was submitted: it may still happen', async (code) => {
    const { ask, peer } = createRig()
    peer.answer({ failure: code })
    expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual([
      't:3|s:1|resposta:Sem confirmação até agora: ainda pode acontecer, confira o saldo',
    ])
  })

  test('what a person has withdrawn was not done', async () => {
    const { ask, peer } = createRig()
    peer.answer('voided')
    expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual(['t:3|s:1|resposta:Operação retirada: nada foi feito'])
  })
})

describe('the end of a session', () => {
  test('what was submitted is still answered, what was not is refused, and the last line says why', async () => {
    const { ask, held, session, written, peer } = createRig({ holds: true })
    await ask('t:1|op:3|rg:1111111111|valor:1')
    await ask('t:1|op:1|rg:1111111111')
    session.end('Este par está parando: nada foi feito')
    expect(await ask('t:1|op:3|rg:1111111111|valor:2')).toEqual([])
    expect(session.isOver).toBe(false)
    held[0]?.settle()
    await settled()
    expect(written.join('')).toBe(
      't:3|s:0|resposta:Depósito realizado com sucesso\nt:5|s:1|resposta:Este par está parando: nada foi feito\nt:6|s:1|resposta:Este par está parando: nada foi feito\n',
    )
    expect([session.isOver, session.waiting, peer.submissions.length]).toEqual([true, 0, 1])
  })

  test('what is not settled in time may still happen', async () => {
    const { ask, session, written } = createRig({ holds: true })
    await ask('t:1|op:3|rg:1111111111|valor:1')
    session.end('x')
    session.giveUp()
    await settled()
    expect(written.join('')).toMatch(/^t:3\|s:1\|resposta:Sem confirmação.*\nt:4\|s:1\|resposta:x\n$/)
    expect(session.isOver).toBe(true)
  })

  test('half a message, and lines of a web page, are the last that is heard', async () => {
    const { session, written, peer } = createRig()
    session.receive({ kind: 'message', text: login, hasNewline: true })
    session.receive({ kind: 'message', text: 'POST / HTTP/1.1', hasNewline: true })
    session.receive({ kind: 'message', text: 't:1|op:2|rg:1111111111|valor:1', hasNewline: true })
    await settled()
    expect(written.join('')).toBe('t:3|s:0|resposta:Login realizado com sucesso\nt:5|s:1|resposta:Aqui não se fala HTTP\n')
    expect([session.isOver, peer.submissions]).toEqual([true, []])
  })
})

test('a bug in one request is an answer, too, and the next one is served', async () => {
  const { ask, peer, bugs } = createRig()
  const broken = (): never => {
    throw new Error('broken')
  }
  Object.assign(peer, { submit: broken, auctions: broken })
  expect(await ask('t:1|op:3|rg:1111111111|valor:1')).toEqual(['t:3|s:1|resposta:Erro interno'])
  expect(await ask('t:1|op:7')).toEqual(['t:5|s:1|resposta:Erro interno'])
  expect(await ask('t:1|op:1|rg:1111111111')).toEqual(['t:7|s:0|resposta:Saldo: 110.0'])
  expect(bugs).toHaveLength(2)
})

test('an account that logged in is none in another room', async () => {
  const { ask, peer, pass } = createRig()
  await ask(login)
  const before = peer.status()
  Object.assign(peer, { status: () => ({ ...before, room: { ...before.room, id: '99'.repeat(32) } }) })
  await pass(200)
  expect(await ask('t:1|op:2|rg:1111111111|valor:1')).toEqual(['t:5|s:1|resposta:Faça o login primeiro'])
  expect(peer.submissions).toEqual([])
})

describe('auctions', () => {
  test('the list has a group of fields for each open lot', async () => {
    const { ask } = createRig()
    expect(await ask('t:1|op:7')).toEqual([
      't:3|s:0|resposta:1 leilão aberto|productId:1|nome:Lamp|valor:10.0|lanceAtual:10.0|vencedor:|segundos:30',
    ])
  })

  test('a lot is started for, and bid on by, the account that logged in', async () => {
    const { ask, peer } = createRig()
    await ask(login)
    peer.answer({ events: [{ kind: 'auction-started', auction: fakeAuction, item: 'Vaso', endsAt: 0 as never }] })
    expect(await ask('t:1|op:8|item:Vaso|valor:5|segundos:30')).toEqual([
      't:5|s:0|resposta:Leilão 1 iniciado com sucesso|productId:1',
    ])
    expect(await ask('t:1|op:9|productId:1|valor:12.5')).toEqual(['t:7|s:0|resposta:Lance realizado com sucesso|productId:1'])
    expect(peer.submissions.map(({ submission }) => submission.operation)).toMatchObject([
      { kind: 'start-auction', item: 'Vaso', payee: '1111111111', startingPrice: 500, increment: 1, durationMillis: 30_000 },
      { kind: 'bid', auction: fakeAuction, account: '1111111111', amount: 1_250 },
    ])
  })

  test('who subscribed is told what happens, with the fields of the classic notices', async () => {
    const { ask, peer, written, session } = createRig()
    const tell = (event: MarketEvent): void => peer.tell({ kind: 'market', operation: 'x/1/1' as never, block: 1, event })
    tell({ kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: 0 as never })
    expect(await ask('t:1|op:10')).toEqual(['t:3|s:0|resposta:Inscrição realizada com sucesso'])
    await ask('t:1|op:10')
    const account = 'ana' as AccountId
    const amount = 1_250 as Cents
    tell({ kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: 0 as never })
    tell({ kind: 'bid-accepted', auction: fakeAuction, account, amount, endsAt: 0 as never })
    tell({ kind: 'account-closed', account })
    tell({ kind: 'auction-ended', auction: fakeAuction, why: 'sold', winner: account, price: amount, reason: '' })
    tell({ kind: 'auction-ended', auction: fakeAuction, why: 'unsold', winner: undefined, price: undefined, reason: '' })
    await settled()
    expect(
      written
        .splice(0)
        .join('')
        .split(/(?<=\n)/),
    ).toEqual([
      'n:inicio|t:6|tipo:inicio|productId:1|nome:Lamp|valor:10.0|lanceAtual:10.0|vencedor:|mensagem:Leilão iniciado: Lamp, a partir de 10.0\n',
      'n:lance|t:7|tipo:lance|productId:1|nome:Lamp|valor:12.5|lanceAtual:12.5|vencedor:ana|mensagem:ana lidera com 12.5\n',
      'n:fim|t:8|tipo:fim|productId:1|nome:Lamp|valor:12.5|lanceAtual:12.5|vencedor:ana|mensagem:Leilão encerrado: Lamp vendido a ana por 12.5\n',
      'n:fim|t:9|tipo:fim|productId:1|nome:Lamp|valor:10.0|lanceAtual:10.0|vencedor:|mensagem:Leilão encerrado: Lamp sem vencedor\n',
    ])
    session.abandon()
    tell({ kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: 0 as never })
    expect(written).toEqual([])
  })
})
