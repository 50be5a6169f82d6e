import { expect, test } from 'vitest'
import { accounts, balancesOf, checkLogs, expectedBalances, openAccounts } from './accounts.ts'
import { acknowledgedBy, askAgain, type Payer, paidMore, payAround } from './payments.ts'
import { allMembers, call, kill, type PeerProcess, restart, sameState, startRoom, statusOf, stopAll, until } from './room.ts'

/** A peer that holds the token, by its own word. */
const findHolder = (peers: readonly PeerProcess[]): Promise<PeerProcess> =>
  until('a peer holds the token', async () => {
    for (const peer of peers) if ((await statusOf(peer)).holdsToken) return peer
    return undefined
  })

test('kill -9 of the token holder in the middle of transfers and an auction: nothing acknowledged is lost or done twice', async () => {
  const peers = await startRoom()
  const acknowledged = await openAccounts(peers)
  const [ana, ...bidders] = peers
  const lot = ['Brass lamp', '--payee', 'ana', '--price', '10', '--seconds', '15']
  const { auction, operation } = await call<{ auction: string; operation: string }>(ana, 'auction', 'start', ...lot)
  acknowledged.push(operation)
  await sameState(peers)
  for (const [index, peer] of bidders.entries()) {
    const automatic = ['--auto', '--account', accounts[index + 1] as string, '--max', '300', '--raise', '1..20', '--pace', '0.5']
    await call(peer, 'auction', 'bid', auction, ...automatic)
  }

  const payers = payAround(peers, 'before')
  await paidMore(payers, 20)
  const victim = await findHolder(peers)
  const { self: victimId } = await statusOf(victim)
  await kill(victim)
  const survivors = peers.filter((peer) => peer !== victim)
  await allMembers(survivors)
  for (const peer of survivors) expect((await statusOf(peer)).members).not.toContain(victimId)
  await paidMore(
    payers.filter((_, index) => peers[index] !== victim),
    20,
  )

  const back = await restart(victim, '--bootstrap', (survivors[0] as PeerProcess).address)
  const everyone = peers.map((peer) => (peer === victim ? back : peer))
  await allMembers(everyone)
  const resumed = payAround(everyone, 'after')
  await paidMore(resumed, 20)
  const all = [...payers, ...resumed].flat()
  for (const payer of all) await payer.stop()
  const own = payers[peers.indexOf(victim)] as readonly Payer[]
  const again = await askAgain(back, own)

  const ended = await until('the auction has ended', async () => {
    const shown = await back.api.auctions.show({ auction })
    return shown.ended && { why: shown.ended.why, leader: shown.leader }
  })
  expect(ended.why).toBe('sold')
  const sale = { winner: ended.leader?.account ?? '', price: ended.leader?.amount.cents ?? 0 }
  await sameState(everyone)
  const paid = everyone.map(
    (peer, index) =>
      acknowledgedBy(payers[index] as Payer[]) + acknowledgedBy(resumed[index] as Payer[]) + (peer === back ? again.length : 0),
  )
  for (const peer of everyone) expect(await balancesOf(peer)).toEqual(expectedBalances(paid, sale))

  await stopAll(everyone)
  await checkLogs(everyone, [...acknowledged, ...all.flatMap((payer) => payer.acknowledged), ...again])
})

test('kill -9 of all peers at once: what was acknowledged is still there when they come back', async () => {
  const peers = await startRoom()
  const acknowledged = await openAccounts(peers)
  const payers = payAround(peers, 'before')
  await paidMore(payers, 20)
  await Promise.all(peers.map(kill))
  for (const payer of payers.flat()) await payer.stop()

  const [first, ...rest] = peers
  const back = await restart(first)
  const others = await Promise.all(rest.map((peer) => restart(peer, '--bootstrap', back.address)))
  const everyone = [back, ...others]
  await allMembers(everyone)
  const again = await Promise.all(everyone.map((peer, index) => askAgain(peer, payers[index] as Payer[])))
  await sameState(everyone)
  const paid = everyone.map((_, index) => acknowledgedBy(payers[index] as Payer[]) + (again[index] as string[]).length)
  for (const peer of everyone) expect(await balancesOf(peer)).toEqual(expectedBalances(paid))

  await stopAll(everyone)
  await checkLogs(everyone, [...acknowledged, ...payers.flat().flatMap((payer) => payer.acknowledged), ...again.flat()])
})

test('kill -9 of the peer that the others joined by: they find each other all the same, and go on', async () => {
  const [ana, bob, cleo] = await startRoom()
  const acknowledged = await openAccounts([ana, bob, cleo])
  await kill(ana)
  await allMembers([bob, cleo])
  const { operation } = await call<{ operation: string }>(bob, 'transfer', 'bob', 'cleo', '1')
  await sameState([bob, cleo])
  await stopAll([bob, cleo])
  await checkLogs([bob, cleo], [...acknowledged, operation])
})
