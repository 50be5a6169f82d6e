import { randomBytes } from 'node:crypto'
import type { Settled } from '../../api/views.ts'
import { allAuctions } from '../../api/whole-lists.ts'
import { currencyOf } from '../../core/currency.ts'
import { formatMoney } from '../../core/money.ts'
import { shortPeer } from '../output.ts'
import { gather } from './gather.ts'
import { type DemoPeer, type Stage, until } from './stage.ts'
import type { Transcript } from './transcript.ts'
import { watchAuction } from './watch.ts'

export interface DemoPlan {
  readonly stage: Stage
  readonly transcript: Transcript
  readonly peers: number
  readonly seconds: number
}

/** What the checks hold the logs against. */
export interface DemoFacts {
  readonly room: string
  readonly peers: number
  readonly joinedBy: 'mdns' | 'address'
  readonly auction: string
  readonly killed: string
  /** From the kill to the new epoch, as another peer saw it. */
  readonly newEpochMillis: number
  readonly winner: string | undefined
  readonly price: string | undefined
  /** Ids of operations that a peer said were done. */
  readonly acknowledged: readonly string[]
  readonly profiles: readonly { readonly name: string; readonly profile: string }[]
}

const names = ['Ana', 'Bruno', 'Clara', 'Davi', 'Eva', 'Fabio', 'Gil', 'Helena', 'Iris', 'Joao', 'Katia', 'Luis']
const stepMillis = 30_000

/** The story of the demo, from five blank peers to five that have left in good order. */
export async function playDemo(plan: DemoPlan): Promise<DemoFacts> {
  const { stage, transcript, seconds } = plan
  const say = transcript.say
  const room = `demo ${randomBytes(3).toString('hex')}`
  const code = randomBytes(9).toString('base64url')
  say('demo', `${plan.peers} peers in ${plan.peers} processes, room "${room}"`)
  const { peers, joinedBy, bootstrap } = await gather(stage, transcript, names.slice(0, plan.peers), room, code)
  const acknowledged: string[] = []
  const keep = (settled: Settled): Settled => {
    acknowledged.push(settled.operation)
    return settled
  }

  await openAccounts(peers, keep, transcript)
  await payRound(peers, keep, transcript)

  const nameOf = (account: string): string => peers.find((peer) => accountOf(peer) === account)?.name ?? account
  const [seller, ...bidders] = peers as [DemoPeer, ...DemoPeer[]]
  const witness = peers.at(-1) as DemoPeer
  const started = await seller.api.auctions.start({
    item: 'Brass lamp',
    payee: accountOf(seller),
    startingPrice: '10',
    increment: '1',
    durationMillis: seconds * 1_000,
  })
  keep(started)
  const { auction } = started
  say(seller.name, `offers a brass lamp from 10.00 EUR on, for ${seconds} s (auction ${auction})`)
  const watching = watchAuction(witness, auction, nameOf, transcript)
  await startBidders(bidders, auction, transcript)

  await until('half of the auction is over', seconds * 1_000, async () => {
    const { time } = await witness.api.status()
    return time >= started.endsAt - (seconds * 1_000) / 2
  })
  const { victim, newEpochMillis } = await killHolder(peers, witness, transcript)
  const survivors = peers.filter((peer) => peer !== victim)
  await payRound(survivors, keep, transcript)

  const ended = await until('the auction has ended', seconds * 1_000 + stepMillis, async () => {
    const shown = await witness.api.auctions.show({ auction })
    return shown.ended === undefined ? undefined : { ...shown, ended: shown.ended }
  })
  await watching.stop()
  const isSold = ended.ended.why === 'sold'
  const winner = isSold ? ended.leader?.account : undefined
  const price = isSold ? ended.leader?.amount.text : undefined
  say('demo', `the auction ended by itself: ${isSold ? `sold to ${winner} for ${price}` : ended.ended.why}`)

  const back = await bringBack(stage, victim, { room, code, create: false, bootstrap }, witness, transcript)
  const everyone = peers.map((peer) => (peer === victim ? back : peer))
  const next = everyone.find((peer) => peer !== back) as DemoPeer
  const paid = await back.api.transfer({ from: accountOf(back), to: accountOf(next), amount: '1', memo: 'I am back' })
  keep(paid)
  say(back.name, `pays ${accountOf(next)} 1.00 EUR: written in block ${paid.block.index}`)
  await settleDown(everyone, paid.block.index)
  await stopAll(everyone, transcript)
  const profiles = everyone.map(({ name, profile }) => ({ name, profile }))
  return {
    room,
    peers: plan.peers,
    joinedBy,
    auction,
    killed: victim.name,
    newEpochMillis,
    winner,
    price,
    acknowledged,
    profiles,
  }
}

const accountOf = (peer: DemoPeer): string => peer.name.toLowerCase()

type Keep = (settled: Settled) => Settled

async function openAccounts(peers: readonly DemoPeer[], keep: Keep, { say }: Transcript): Promise<void> {
  await Promise.all(
    peers.map(async (peer) => {
      const account = accountOf(peer)
      keep(await peer.api.accounts.open({ account, holder: peer.name }))
      const { block } = keep(await peer.api.deposit({ account, amount: '5000', requestId: `start-${account}` }))
      say(peer.name, `opens account ${account} and deposits 5000.00 EUR (block ${block.index}, turn ${block.turn})`)
    }),
  )
}

/** Everyone pays the next one, all at once. */
async function payRound(peers: readonly DemoPeer[], keep: Keep, { say }: Transcript): Promise<void> {
  await Promise.all(
    peers.map(async (peer, index) => {
      const to = accountOf(peers[(index + 1) % peers.length] as DemoPeer)
      const cents = 500 + 250 * index
      const amount = formatMoney(cents, currencyOf('EUR'))
      const settled = await peer.api.transfer({ from: accountOf(peer), to, amount, memo: 'coffee', deadlineMillis: stepMillis })
      keep(settled)
      say(peer.name, `pays ${to} ${amount} (block ${settled.block.index}, turn ${settled.block.turn})`)
    }),
  )
}

/** The classic one: 3 s, 1..100, each with a maximum of its own. */
async function startBidders(bidders: readonly DemoPeer[], auction: string, { say }: Transcript): Promise<void> {
  for (const [index, peer] of bidders.entries()) {
    await until(`${peer.name} has heard of the auction`, stepMillis, async () =>
      (await allAuctions(peer.api)).some((known) => known.auction === auction),
    )
    const maximum = String(3_000 + 250 * index)
    const raise = { least: '1', most: '100' }
    const started = await peer.api.bidders.start({ auction, account: accountOf(peer), raise, paceMillis: 3_000, maximum })
    say(peer.name, `bids by itself, up to ${started.maximum.text}`)
  }
}

/** SIGKILL for whoever holds the token, the witness aside; then waits for the ring without it. */
async function killHolder(peers: readonly DemoPeer[], witness: DemoPeer, { say }: Transcript) {
  const others = peers.filter((peer) => peer !== witness)
  const { victim, status } = await until('a peer other than the witness holds the token', stepMillis, async () => {
    for (const peer of others) {
      const status = await peer.api.status()
      if (status.holdsToken) return { victim: peer, status }
    }
    return undefined
  })
  const before = await witness.api.status()
  const killedAt = performance.now()
  await victim.kill()
  say('demo', `kill -9 ${victim.name}, with the token of turn ${status.turn} in its hands (epoch ${before.epoch})`)
  const after = await until('the others have a new epoch', stepMillis, async () => {
    const now = await witness.api.status()
    return now.epoch !== before.epoch && !now.members.includes(status.self) && now.role === 'member' ? now : undefined
  })
  const newEpochMillis = Math.round(performance.now() - killedAt)
  say(witness.name, `sees epoch ${after.epoch} with ${after.members.length} members, ${newEpochMillis} ms later`)
  return { victim, newEpochMillis }
}

async function bringBack(
  stage: Stage,
  victim: DemoPeer,
  options: Omit<Parameters<Stage['start']>[0], 'name'>,
  witness: DemoPeer,
  { say }: Transcript,
): Promise<DemoPeer> {
  say('demo', `${victim.name} is started again`)
  const back = await stage.start({ ...options, name: victim.name })
  const status = await until(`${victim.name} has caught up and is a member again`, 2 * stepMillis, async () => {
    const [own, others] = await Promise.all([back.api.status(), witness.api.status()])
    const isMember = own.role === 'member' && own.epoch === others.epoch && others.members.includes(own.self)
    const isBack = isMember && own.commit.index >= others.commit.index
    return isBack ? own : undefined
  })
  say(back.name, `has caught up to block ${status.commit.index}, member of epoch ${status.epoch} (${shortPeer(status.self)})`)
  return back
}

/** All have committed and applied the last acknowledged block. */
async function settleDown(peers: readonly DemoPeer[], index: number): Promise<void> {
  await until('all peers have the same committed log', stepMillis, async () => {
    const statuses = await Promise.all(peers.map((peer) => peer.api.status()))
    return statuses.every(({ commit }) => commit.index >= index) && new Set(statuses.map(({ stateHash }) => stateHash)).size === 1
  })
}

/** One after the other: the last one takes the room home. */
async function stopAll(peers: readonly DemoPeer[], { say }: Transcript): Promise<void> {
  for (const peer of peers) {
    const begun = performance.now()
    const exitCode = await peer.stop()
    const millis = Math.round(performance.now() - begun)
    say(peer.name, exitCode === 0 ? `left in good order, in ${millis} ms` : `stopped with exit code ${exitCode}`)
  }
}
