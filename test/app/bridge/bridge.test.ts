import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { gavelring, temporaryFolder } from '../../cli/processes.ts'
import { allMembers, kill, type PeerProcess, restart, startPeer } from '../../e2e/room.ts'
import { hasRedis, type RedisServer, startRedis, whyNoRedis } from '../../support/redis-server.ts'
import { until } from '../../support/wait.ts'
import { type Bidder, startBidder, startBridge } from './bus.ts'

const [seller, bia] = ['1111111111', '2222222222']

/** A room of one, with a seller and a bidder who has 1,000. */
async function openRoom(): Promise<PeerProcess> {
  const peer = await startPeer('Ana', temporaryFolder(), '--create')
  await openAccounts(peer)
  return peer
}

async function openAccounts({ api }: PeerProcess): Promise<void> {
  await api.accounts.open({ account: seller, holder: 'Ana Lima' })
  await api.accounts.open({ account: bia, holder: 'Bia Souza' })
  await api.deposit({ account: bia, amount: '1000' })
}

async function openBus(): Promise<{ peer: PeerProcess; redis: RedisServer; bidder: Bidder }> {
  const [peer, redis] = await Promise.all([openRoom(), startRedis()])
  return { peer, redis, bidder: await startBidder(redis) }
}

const bid = (valor: number, more: object = {}) => ({ tipo: 'lance', productId: 'p-7', valor, usuario: 'Bia Souza', ...more })
const start = { tipo: 'iniciar', productId: 'p-7', nome: 'Vaso', valor: 10, tempo: 600 }
/** Its bids, as the room has them. */
const bidsOf = async ({ api }: PeerProcess, lot = '1'): Promise<number[]> =>
  (await api.auctions.show({ auction: lot })).recentBids.map(({ amount }) => amount.cents)
const valuesOf = ({ heard }: Bidder): (number | null)[] => heard.filter(({ tipo }) => tipo === 'lance').map(({ valor }) => valor)

const title = hasRedis ? 'programs of the classic auction on Redis' : `skipped: ${whyNoRedis}`

describe.skipIf(!hasRedis)(title, () => {
  test('a whole auction for a program that knows Redis only', async () => {
    const { peer, redis, bidder } = await openBus()
    const bridge = await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish({ ...start, tempo: 4 })
    expect(await bidder.next()).toMatchObject({
      ...{ tipo: 'inicio', productId: 'p-7', nome: 'Vaso', valor: 10, lanceAtual: 10, vencedor: null },
      mensagem: 'Leilão iniciado: Vaso, a partir de 10.0',
    })
    bidder.publish(bid(9.5))
    expect(await bidder.next()).toMatchObject({ tipo: 'erro', productId: 'p-7', mensagem: 'Lance baixo: o mínimo é 10.0' })
    bidder.publish(bid(12.5))
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', productId: 'p-7', nome: 'Vaso', lanceAtual: 12.5, vencedor: bia })
    bidder.publish({ tipo: 'finalizar', productId: 'p-7' })
    expect((await bidder.next()).mensagem).toMatch(/^Já há lances: o leilão termina sozinho em \d+ s$/)
    expect(await bidder.next()).toMatchObject({ tipo: 'fim', productId: 'p-7', valor: 12.5, vencedor: bia })
    // The name is free again; what nobody has bid on can be ended at once.
    bidder.publish(start)
    expect(await bidder.next()).toMatchObject({ tipo: 'inicio', productId: 'p-7' })
    bidder.publish(start)
    expect((await bidder.next()).mensagem).toBe('Este productId já é de um leilão aberto')
    bidder.publish({ tipo: 'finalizar', productId: 'p-7' })
    expect(await bidder.next()).toMatchObject({ tipo: 'fim', productId: 'p-7', vencedor: null })
    // A lot of somebody else's goes by its number.
    await peer.api.auctions.start({ item: 'Lamp', payee: seller, startingPrice: '5', increment: '1' })
    expect(await bidder.next()).toMatchObject({ tipo: 'inicio', productId: 3 })
    bidder.publish({ tipo: 'lance', productId: 3, valor: 6, rg: bia })
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', productId: 3, valor: 6 })
    expect(new Set(bidder.heard.flatMap(({ id }) => id ?? [])).size).toBe(7)
    bridge.child.kill('SIGTERM')
    const { exitCode, errors } = await bridge.finished
    expect([exitCode, errors.trim().split('\n').at(-1)]).toEqual([
      0,
      'Closed: 8 commands heard, 5 done, 3 refused; 7 notices told.',
    ])
  })

  test('a server that is killed and has forgotten everything, and a peer that is killed: nothing is lost or doubled', async () => {
    const { peer, redis, bidder } = await openBus()
    const bridge = await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(start)
    expect(await bidder.next()).toMatchObject({ tipo: 'inicio' })
    bidder.publish(bid(20))
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', valor: 20 })

    await redis.kill()
    await bridge.said(/^Redis is gone/)
    // Happens while nobody can be told.
    await peer.api.auctions.bid({ auction: '1', account: bia, amount: '21' })
    await redis.start()
    await until('the bidder listens again', () => bidder.listens === 2)
    await bridge.said(/^Redis is back/)
    bidder.publish({ tipo: 'lance', productId: 1, valor: 22, rg: bia })
    await until('it is told', () => valuesOf(bidder).includes(22))

    await kill(peer)
    await bridge.said(/^The peer is gone/)
    // Said while there is no peer, and done once there is.
    for (const valor of [23, 24, 24]) bidder.publish({ tipo: 'lance', productId: 1, valor, rg: bia })
    const again = await restart(peer)
    await bridge.said(/^The peer is back/)
    await until('the second 24 is refused', () => bidder.heard.some(({ tipo }) => tipo === 'erro'))
    bidder.publish({ tipo: 'lance', productId: 1, valor: 25, rg: bia })
    await until('the last bid is told', () => valuesOf(bidder).includes(25))
    expect(await bidsOf(again)).toEqual([2_000, 2_100, 2_200, 2_300, 2_400, 2_500])
    // 21 was told once at most: whoever listens again later than the bridge has missed it, as everything on a bus.
    expect(valuesOf(bidder).filter((valor) => valor !== 21)).toEqual([20, 22, 23, 24, 25])
    expect(valuesOf(bidder).filter((valor) => valor === 21).length).toBeLessThanOrEqual(1)
    expect(bidder.heard.filter(({ tipo }) => tipo === 'erro')).toHaveLength(1)
  })

  test('two bridges of two peers: one does the work, and when it is killed the other one goes on where it was', async () => {
    const redis = await startRedis()
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    await openAccounts(ana)
    // Accounts are their peer's: each has a bidder of its own.
    await bob.api.accounts.open({ account: 'bob', holder: 'Bob' })
    await bob.api.deposit({ account: 'bob', amount: '1000' })
    const bidder = await startBidder(redis)
    const first = await startBridge(ana.profile, redis, '--account', bia)
    await first.said(/^At work/)
    const second = await startBridge(bob.profile, redis, '--account', 'bob')
    await second.said(/^Standing by/)
    await ana.api.auctions.start({ item: 'Vaso', payee: seller, startingPrice: '10', increment: '1', durationMillis: 600_000 })
    const offer = (valor: number) => bidder.publish({ tipo: 'lance', productId: 1, valor })
    for (let valor = 10; valor < 60; valor++) offer(valor)
    await until('all are told', () => valuesOf(bidder).length === 50)
    first.child.kill('SIGKILL')
    await first.finished
    // Nobody is at work: the other one has heard them, and does them when it is.
    for (let valor = 60; valor < 80; valor++) offer(valor)
    await until('all of these, too', () => valuesOf(bidder).length >= 70)
    offer(80)
    await until('the last', () => valuesOf(bidder).includes(80))
    expect(valuesOf(bidder)).toEqual(Array.from({ length: 71 }, (_, index) => 10 + index))
    expect(bidder.heard.filter(({ tipo }) => tipo === 'erro')).toEqual([])
    expect((await bidsOf(bob)).slice(-21)).toEqual(Array.from({ length: 21 }, (_, index) => (60 + index) * 100))
  })

  test('what a killed bridge had taken its next start brings to an end, and what it missed is told', async () => {
    const { peer, redis, bidder } = await openBus()
    const bridge = await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(start)
    await bidder.next()
    // A peer that answers nothing: what is taken is not settled.
    peer.running.child.kill('SIGSTOP')
    onTestFinished(() => void peer.running.child.kill('SIGCONT'))
    bidder.publish(bid(11))
    await new Promise((resolve) => setTimeout(resolve, 300))
    bridge.child.kill('SIGKILL')
    await bridge.finished
    peer.running.child.kill('SIGCONT')
    await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(bid(12))
    await until('both are told', () => valuesOf(bidder).includes(12))
    expect(valuesOf(bidder)).toEqual([11, 12])
    expect(await bidsOf(peer)).toEqual([1_100, 1_200])
  })

  test('a refusal of what was taken before the server lost its memory is told when it is back', async () => {
    const { peer, redis, bidder } = await openBus()
    const bridge = await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(start)
    await bidder.next()
    peer.running.child.kill('SIGSTOP')
    onTestFinished(() => void peer.running.child.kill('SIGCONT'))
    bidder.publish({ ...bid(5), productId: 1 })
    await new Promise((resolve) => setTimeout(resolve, 300))
    await redis.kill()
    await bridge.said(/^Redis is gone/)
    await redis.start()
    await until('the bidder listens again', () => bidder.listens === 2)
    await bridge.said(/^Redis is back/)
    peer.running.child.kill('SIGCONT')
    expect(await bidder.next()).toMatchObject({ tipo: 'erro', productId: 1, mensagem: 'Lance baixo: o mínimo é 10.0' })
    bidder.publish({ tipo: 'lance', productId: 1, valor: 11, rg: bia })
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', valor: 11 })
    expect(await bidsOf(peer)).toEqual([1_100])
  })

  test('a command with an id of its own is done once, however often it comes', async () => {
    const { peer, redis, bidder } = await openBus()
    await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(start)
    await bidder.next()
    for (let count = 0; count < 3; count++) bidder.publish(bid(30, { id: 'coin-1' }))
    bidder.publish(bid(31, { id: 'coin-1' }))
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', valor: 30 })
    expect(await bidder.next()).toMatchObject({ tipo: 'erro', mensagem: 'Este id já foi usado para outra operação' })
    bidder.publish(bid(32))
    expect(await bidder.next()).toMatchObject({ tipo: 'lance', valor: 32 })
    expect(await bidsOf(peer)).toEqual([3_000, 3_200])
  })

  test('whatever is said on the channel is refused with a reason, and the next command is done', async () => {
    const { peer, redis, bidder } = await openBus()
    const bridge = await startBridge(peer.profile, redis, '--account', seller)
    bidder.publish(start)
    await bidder.next()
    // From here on nothing can end the lot.
    bidder.publish(bid(11))
    await bidder.next()
    const money = await peer.api.accounts.list()
    const bad: (string | object)[] = [
      ...['', '{', 'null', '7', '[]', '"iniciar"', '{}', '{"tipo":"x"}', '{"tipo":7}', `{"tipo":"lance","valor":NaN}`],
      ...['nan', 'inf', '-5', '1e308', '0.001', '0', '1_0', '٣', '10 USD', '1e3'].map((valor) => ({ ...bid(0), valor })),
      ...[1e308, -5, 0.001, 0, 1e21, 0.1 + 0.2].map((valor) => bid(valor)),
      ...[bid(11, { productId: 'nobody' }), bid(11, { usuario: 'Nobody' }), bid(11, { id: 'a b' }), bid(5_000)],
      ...[{ ...start, nome: 'x'.repeat(65) }, { ...start, tempo: 0 }, { ...start, tempo: 2.5 }, { tipo: 'finalizar' }],
      'x'.repeat(1024 * 1024),
      JSON.stringify({ ...bid(11), nome: 'x'.repeat(1024 * 1024) }),
    ]
    for (const command of bad) {
      // A line of stdin is a command, and an empty one is none.
      if (command !== '') bidder.publish(command)
    }
    const count = bad.length - 1
    await until('all are refused', () => bidder.heard.length === count + 2)
    expect(bidder.heard.slice(2).filter(({ tipo, mensagem }) => tipo !== 'erro' || mensagem === '')).toEqual([])
    expect(await peer.api.accounts.list()).toEqual(money)
    expect((await peer.api.auctions.list()).map(({ bids }) => bids)).toEqual([1])

    const part = fc.constantFrom(
      '{',
      '}',
      '"tipo"',
      ':',
      '"lance"',
      '"iniciar"',
      ',',
      '"productId"',
      '"p-7"',
      '"valor"',
      '1e9',
      '[',
      ']',
    )
    const noise = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.replace(/[\r\n\u2028\u2029]/g, ' ')),
      fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
      fc.json().map((text) => text.replace(/\s/g, ' ')),
      fc
        .record({
          tipo: fc.constantFrom('iniciar', 'lance', 'finalizar'),
          productId: fc.jsonValue(),
          valor: fc.jsonValue(),
          rg: fc.jsonValue(),
        })
        .map((command) => JSON.stringify({ ...command, nome: '' })),
    )
    let heard = bidder.heard.length
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { minLength: 1, maxLength: 20 }), async (messages) => {
        for (const message of messages) bidder.publish(message)
        heard += messages.length
        await until('all are refused', () => bidder.heard.length === heard)
      }),
      { numRuns: 30, endOnFailure: true },
    )
    bidder.publish(bid(12))
    await until('the bid is told', () => valuesOf(bidder).includes(12))
    bridge.child.kill('SIGTERM')
    expect((await bridge.finished).exitCode).toBe(0)
  })

  test('a server that is not there, or lets nobody in: one sentence, and never the password', async () => {
    const peer = await openRoom()
    const redis = await startRedis('--requirepass', 'right')
    const ask = async (url: string) => {
      const { exitCode, out, errors } = await gavelring(['bridge', 'redis', '--profile', peer.profile, '--url', url]).finished
      expect(out + errors).not.toMatch(/s3cret|\n {4}at /)
      return [exitCode, errors.split('\n')[0]]
    }
    const at = `127.0.0.1:${redis.port}`
    expect(await ask(`redis://:s3cret@${at}`)).toEqual([
      3,
      `The Redis server at ${at} refuses this bridge: the user or the password is wrong.`,
    ])
    expect(await ask(`redis://${at}`)).toEqual([3, `The Redis server at ${at} refuses this bridge: it wants a password.`])
    await redis.kill()
    expect(await ask(`redis://:s3cret@${at}`)).toEqual([3, `No Redis server answers at ${at}.`])
    for (const url of [
      's3cret',
      'http://s3cret@x',
      'redis://',
      'redis://s3cret:%zz@x',
      `redis://:s3cret@${at}/x`,
      'redis://:s3cret@x:99999',
    ])
      expect(await ask(url)).toEqual([2, expect.stringMatching(/^--url: /)])
  })

  test('a server that changes its password ends the bridge with a sentence', async () => {
    const [peer, redis] = await Promise.all([openRoom(), startRedis()])
    const bridge = await startBridge(peer.profile, redis)
    await redis.kill()
    await redis.startWith('--requirepass', 'right')
    const { exitCode, errors } = await bridge.finished
    expect([exitCode, errors]).toEqual([3, expect.stringMatching(/refuses this bridge: it wants a password\./)])
  })
})
