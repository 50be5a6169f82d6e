import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { balancesOf } from '../e2e/accounts.ts'
import { allMembers, kill, type PeerProcess, sameState, startPeer, stopAll, until } from '../e2e/room.ts'
import { connectThin } from './thin-client.ts'

interface Host {
  readonly peer: PeerProcess
  /** Where its gateway listens. */
  readonly gateway: string
}

const toHost = async (peer: PeerProcess): Promise<Host> => ({
  peer,
  gateway: /127\.0\.0\.1:\d+/.exec(await peer.running.said(/^Gateway for thin clients at/))?.[0] ?? '',
})
const start = async (name: string, ...more: readonly string[]): Promise<Host> =>
  toHost(await startPeer(name, temporaryFolder(), '--gateway', '127.0.0.1:0', ...more))

async function startHosts(): Promise<Host[]> {
  const first = await start('Ana', '--create')
  const others = await Promise.all(['Bob', 'Cleo'].map((name) => start(name, '--bootstrap', first.peer.address)))
  const all = [first, ...others]
  await allMembers(all.map(({ peer }) => peer))
  return all
}

/** `deposit 1000000003 7`: each client asks for each amount once, so that this names one request. */
type Deed = string

/** What one client was told. */
interface Told {
  readonly done: Deed[]
  readonly refused: Deed[]
  /** Asked, and then the connection was gone. */
  open: readonly Deed[]
}

type Way = 'classic' | 'lines' | 'many'
/** Requests under way at once. */
const windows: Readonly<Record<Way, number>> = { classic: 1, lines: 1, many: 8 }

/** Deposits one cent, pays two, deposits three, … until it is told to stop, or its peer dies. */
async function work(gateway: string, account: string, next: string, way: Way, isStopping: () => boolean): Promise<Told> {
  const client = await connectThin(gateway)
  const end = way === 'classic' ? '' : '\n'
  const told: Told = { done: [], refused: [], open: [] }
  const login = `t:1|op:6|rg:${account}${end}`
  const ask = async (text: string): Promise<string> => {
    if (way === 'classic') return client.ask(text)
    client.send(text)
    return client.line()
  }
  expect(await ask(login)).toBe('t:3|s:0|resposta:Login realizado com sucesso')
  const under: Deed[] = []
  let cents = 0
  const send = (): string => {
    cents++
    const amount = (cents / 100).toFixed(2)
    const isDeposit = cents % 2 === 1
    under.push(`${isDeposit ? 'deposit' : 'transfer'} ${account} ${cents}`)
    return isDeposit
      ? `t:${cents}|op:3|rg:${account}|valor:${amount}${end}`
      : `t:${cents}|op:4|rg_origem:${account}|rg_destino:${next}|valor:${amount}${end}`
  }
  const take = (answer: string): boolean => {
    const status = /^t:\d+\|s:([01])\|resposta:(.*)$/.exec(answer)
    if (status === null) return false
    const deed = under.shift() as Deed
    if (status[1] === '0') told.done.push(deed)
    // What may still happen is neither.
    else if (!status[2]?.startsWith('Sem confirmação')) told.refused.push(deed)
    return true
  }
  if (way === 'classic') while (!isStopping() && take(await client.ask(send())));
  else {
    while (under.length < windows[way]) client.send(send())
    while (take(await client.line()))
      if (!isStopping()) client.send(send())
      else if (under.length === 0) break
  }
  told.open = [...under]
  client.socket.destroy()
  return told
}

/** How often each deed was done, as the committed log says. */
async function deedsOf({ api }: PeerProcess): Promise<Map<Deed, number>> {
  const deeds = new Map<Deed, number>()
  let last = 0
  for (let from = 0; from <= last; ) {
    const page = await api.log.page({ from, count: 500 })
    last = page.last
    from += page.blocks.length
    for (const { content, kind } of page.blocks) {
      if (kind !== 'ops' || !Array.isArray(content)) continue
      for (const operation of content) {
        if ('refused' in operation || 'skipped' in operation || 'repeat' in operation) continue
        const { kind: what, account, from: payer, amount } = operation
        const deed = `${what} ${account ?? payer} ${amount}`
        deeds.set(deed, (deeds.get(deed) ?? 0) + 1)
      }
    }
  }
  return deeds
}

test('64 clients of three gateways, one of which is killed: every success is in the log exactly once, and money adds up', async () => {
  const hosts = await startHosts()
  const accounts = Array.from({ length: 64 }, (_, index) => String(1_000_000_000 + index))
  const hostOf = (index: number): Host => hosts[index % 3] as Host
  await Promise.all(
    accounts.map((account, index) =>
      hostOf(index).peer.api.accounts.open({ account, holder: account, requestId: `open-${account}` }),
    ),
  )
  let isStopping = false
  const ways: readonly Way[] = ['classic', 'lines', 'many', 'lines']
  const working = accounts.map((account, index) =>
    work(hostOf(index).gateway, account, accounts[(index + 1) % 64] as string, ways[index % 4] as Way, () => isStopping),
  )
  const api = hosts[0]?.peer.api
  const isPast = (index: number) => async (): Promise<boolean> => ((await api?.status())?.commit.index ?? 0) > index
  const commit = async (): Promise<number> => (await api?.status())?.commit.index ?? 0
  await until('the room is busy', isPast((await commit()) + 100))
  const dead = hosts[2] as Host
  await kill(dead.peer)
  const survivors = hosts.slice(0, 2).map(({ peer }) => peer)
  await allMembers(survivors)
  await until('the two go on', isPast((await commit()) + 100))
  isStopping = true
  const told = await Promise.all(working)
  await sameState(survivors)

  const done = told.flatMap((one) => one.done)
  expect(done.length).toBeGreaterThan(500)
  // Each client was served, those of the two survivors after the death, too.
  expect(told.filter((one) => one.done.length === 0)).toEqual([])
  expect(told.filter((one, index) => index % 3 !== 2 && one.open.length > 0)).toEqual([])
  for (const peer of survivors) {
    const deeds = await deedsOf(peer)
    expect(done.filter((deed) => deeds.get(deed) !== 1)).toEqual([])
    expect(told.flatMap((one) => one.refused).filter((deed) => deeds.has(deed))).toEqual([])
    expect([...deeds.values()].filter((count) => count > 1)).toEqual([])
    const deposited = [...deeds.keys()].filter((deed) => deed.startsWith('deposit')).map((deed) => Number(deed.split(' ')[2]))
    const balances: number[] = Object.values(await balancesOf(peer))
    expect(balances.reduce((sum, cents) => sum + cents, 0)).toBe(deposited.reduce((sum, cents) => sum + cents, 0))
  }
  await stopAll(survivors)
})

test('an auction by thin clients of two peers: each sees the same notices, and the highest bid wins', async () => {
  const ana = await start('Ana', '--create')
  const bob = await start('Bob', '--bootstrap', ana.peer.address)
  await allMembers([ana.peer, bob.peer])
  await ana.peer.api.accounts.open({ account: 'seller', holder: 'seller' })
  await bob.peer.api.accounts.open({ account: 'bidder', holder: 'bidder' })
  await bob.peer.api.deposit({ account: 'bidder', amount: '50' })
  const [seller, bidder] = [await connectThin(ana.gateway), await connectThin(bob.gateway)]
  for (const [client, account] of [
    [seller, 'seller'],
    [bidder, 'bidder'],
  ] as const) {
    client.send(`t:1|op:6|rg:${account}\nt:2|op:10\n`)
    expect([await client.line(), await client.line()]).toEqual([
      't:3|s:0|resposta:Login realizado com sucesso',
      't:5|s:0|resposta:Inscrição realizada com sucesso',
    ])
  }
  // Held elsewhere: said so, with the name of the peer.
  bidder.send('t:1|op:6|rg:seller\n')
  expect(await bidder.line()).toMatch(/s:1\|resposta:Esta conta é de outro par, Ana: conecte-se ao gateway dele$/)

  seller.send('t:6|op:8|item:Lâmpada|valor:10|segundos:3\n')
  const heard = [await seller.line(), await seller.line()].sort()
  expect(heard[0]).toMatch(
    /^n:inicio\|t:\d+\|tipo:inicio\|productId:1\|nome:Lâmpada\|valor:10\.0\|lanceAtual:10\.0\|vencedor:\|mensagem:/,
  )
  expect(heard[1]).toMatch(/^t:\d+\|s:0\|resposta:Leilão 1 iniciado com sucesso\|productId:1$/)
  expect(await bidder.line()).toMatch(/^n:inicio\|/)
  bidder.send('t:9|op:9|productId:1|valor:9\n')
  expect(await bidder.line()).toMatch(/s:1\|resposta:Lance baixo: o mínimo é 10\.0$/)
  bidder.send('t:9|op:9|productId:1|valor:12.5\n')
  expect([await bidder.line(), await bidder.line()].sort()[1]).toMatch(/s:0\|resposta:Lance realizado com sucesso\|productId:1$/)
  for (const client of [seller, bidder]) {
    const lines = client === seller ? [await client.line(), await client.line()] : [await client.line()]
    expect(lines.at(-1)).toMatch(
      /^n:fim\|t:\d+\|tipo:fim\|productId:1\|nome:Lâmpada\|valor:12\.5\|lanceAtual:12\.5\|vencedor:bidder\|/,
    )
  }
  bidder.send('t:9|op:1|rg:seller\n')
  expect(await bidder.line()).toMatch(/s:0\|resposta:Saldo: 12\.5$/)

  // The other half of a room of two is gone: nothing is done, and that is said. Silence would be worse.
  await kill(ana.peer)
  bidder.send('t:9|op:3|rg:bidder|valor:1\n')
  expect(await bidder.line()).toMatch(/s:1\|resposta:Sem (?:quórum: nada foi feito|confirmação até agora)/)
  bob.peer.running.child.kill('SIGINT')
  expect(await bidder.rest()).toMatch(/s:1\|resposta:Este par está parando: nada foi feito\n$/)
})
