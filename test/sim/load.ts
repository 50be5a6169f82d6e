import type { AccountId, AuctionId, RequestId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation, Submission } from '../../src/market/operation.ts'
import { asked } from './check/answers.ts'
import { later } from './clock.ts'
import type { Machine } from './machine.ts'
import { letterOf } from './names.ts'
import type { SimPeer } from './peer.ts'
import { guard, type World } from './world.ts'

/** The people at a peer: they pay, bid and ask for nonsense, at the pace of the swarm. */
export function startLoad(world: World, peer: SimPeer): void {
  const { swarm, random } = world
  const again = (): void => {
    later(world, peer, random.next() * 2 * swarm.submitEvery, () => {
      if (world.now >= world.loadEnds || peer.leaving) return
      submitSome(world, peer)
      again()
    })
  }
  submit(world, peer, [{ kind: 'open-account', account: ownAccount(peer, 0), holder: letterOf(peer.index) }])
  again()
}

/** Has operations done, as a door of the program would; each has a deadline, and what becomes of it is checked. */
export function submit(world: World, peer: SimPeer, operations: readonly Operation[], request?: string): void {
  const { machine, life } = peer
  if (machine === undefined) return
  const deadline = world.random.chance(0.5) ? 30_000 : 200 + world.random.below(4_000)
  for (const operation of operations) {
    const id = request ?? (world.random.chance(0.5) ? `only-${world.submissions++}` : undefined)
    const submission: Submission = { request: id as RequestId | undefined, operation }
    const told = world.checks && asked(peer, encodeSubmission(submission))
    machine.submit(submission, deadline).then(
      (receipt) => {
        // Nobody saw what a process that died meanwhile would have said.
        if (peer.life === life && told !== undefined && peer.doubtful !== 'liar') {
          guard(world, () => world.checks?.answers.answered(told, receipt))
        }
      },
      (failure: { readonly code: string }) => {
        if (told !== undefined) guard(world, () => world.checks?.answers.refused(told, failure.code === 'operation-too-large'))
      },
    )
  }
}

function submitSome(world: World, peer: SimPeer): void {
  // Its process has ended in this very moment.
  if (peer.machine === undefined) return
  const { swarm, random } = world
  if (random.chance(swarm.nonsenseShare * 0.2)) return submit(world, peer, [malformed(world, peer)])
  if (random.chance(0.03)) return withdrawOne(world, peer)
  const count = random.chance(swarm.burstShare) ? swarm.burstOps : 1
  const operations: Operation[] = []
  for (let i = 0; i < count; i++) operations.push(drawOperation(world, peer))
  // Few request ids, so that some come twice: with the same body, with another, and after restarts.
  const request = random.chance(0.2) ? `r${random.below(12)}` : undefined
  submit(world, peer, operations, request)
}

/** What a door would not let in, and another program may write all the same. */
function malformed(world: World, peer: SimPeer): Operation {
  const account = ownAccount(peer, 0)
  switch (world.random.below(4)) {
    case 0:
      return { kind: 'deposit', account, amount: 0 as Cents }
    case 1:
      return { kind: 'transfer', from: account, to: account, amount: 5 as Cents, memo: '' }
    case 2:
      return { kind: 'close-account', account: 'no such name!' as AccountId }
    default:
      return { kind: 'transfer', from: account, to: 'x' as AccountId, amount: 1 as Cents, memo: 'm'.repeat(9_000) }
  }
}

function withdrawOne(world: World, peer: SimPeer): void {
  const unwritten = peer.machine?.view.pending.filter((pending) => !pending.written) ?? []
  const chosen = unwritten[world.random.below(Math.max(1, unwritten.length))]
  if (chosen === undefined) return
  try {
    peer.machine?.withdraw(chosen.sequence)
  } catch (error) {
    // It is withdrawn already.
    if ((error as { readonly code?: string }).code !== 'not-pending') throw error
  }
}

const ownAccount = (peer: SimPeer, number: number): AccountId => `${letterOf(peer.index)}${number}` as AccountId

/** Mostly sensible, and now and then any account, any amount, any auction. */
function drawOperation(world: World, peer: SimPeer): Operation {
  const { random, swarm } = world
  const nonsense = random.chance(swarm.nonsenseShare)
  const own = ownAccount(peer, random.below(nonsense ? 4 : 2))
  const any = nonsense && random.chance(0.2) ? ('issuer' as AccountId) : anyAccount(world)
  const account = nonsense ? any : own
  const amount = drawAmount(random, nonsense)
  if (isGoverned(world) && random.chance(0.2)) return govern(world, peer)
  switch (random.below(12)) {
    case 0:
      return { kind: 'open-account', account, holder: letterOf(peer.index) }
    case 1:
    case 2:
      return { kind: 'deposit', account, amount }
    case 3:
      return { kind: 'withdraw', account, amount }
    case 4:
    case 5:
    case 6:
      return { kind: 'transfer', from: account, to: any, amount, memo: random.chance(swarm.largeShare) ? 'm'.repeat(140) : '' }
    case 7:
      return startAuction(world, peer, account)
    case 8:
      return random.chance(0.2) ? { kind: 'close-account', account } : { kind: 'deposit', account, amount }
    case 9:
      return random.chance(0.3) ? endAuction(world, peer) : bid(world, peer, account, nonsense)
    default:
      return bid(world, peer, account, nonsense)
  }
}

const anyAccount = (world: World): AccountId =>
  `${letterOf(world.random.below(world.peers.length))}${world.random.below(3)}` as AccountId

function drawAmount(random: Random, nonsense: boolean): Cents {
  if (nonsense && random.chance(0.1)) return (10 ** 13) as Cents
  return (1 + random.below(random.chance(0.3) ? 100_000 : 1_000)) as Cents
}

function startAuction({ random, swarm }: World, peer: SimPeer, payee: AccountId): Operation {
  const startingPrice = 1 + random.below(200)
  const reserve = random.chance(0.3) ? startingPrice + random.below(400) : undefined
  const buyNow = random.chance(0.3) ? (reserve ?? startingPrice) + random.below(600) : undefined
  const large = random.chance(swarm.largeShare)
  return {
    kind: 'start-auction',
    item: `lot of ${letterOf(peer.index)}`,
    description: large ? 'd'.repeat(1_000) : '',
    picture: large ? gif(13 + random.below(90_000)) : new Uint8Array(),
    payee,
    startingPrice: startingPrice as Cents,
    increment: (1 + random.below(50)) as Cents,
    reserve: reserve as Cents | undefined,
    buyNow: buyNow as Cents | undefined,
    durationMillis: 500 + random.below(random.chance(0.8) ? 4_000 : 20_000),
    softClose: random.chance(0.3) ? { window: 1_000, extension: 1_500, cap: 4_000 } : undefined,
  }
}

/** One pixel, and so many bytes. */
function gif(bytes: number): Uint8Array {
  const picture = new Uint8Array(bytes)
  picture.set([...new TextEncoder().encode('GIF89a'), 1, 0, 1, 0])
  return picture
}

function anyAuction(world: World, peer: SimPeer): AuctionId {
  const { random } = world
  const open = [...(peer.machine as Machine).market.openAuctions]
  const known = open.length > 0 && random.chance(0.9) ? open : [...(peer.machine as Machine).market.auctions.keys()]
  return known[random.below(Math.max(1, known.length))] ?? (`SimPr${letterOf(0)}-1-${1 + random.below(30)}` as AuctionId)
}

function bid(world: World, peer: SimPeer, account: AccountId, nonsense: boolean): Operation {
  const { random } = world
  const auction = anyAuction(world, peer)
  const minimum = (peer.machine as Machine).market.auctions.get(auction)?.minimum ?? 1
  const amount = nonsense ? drawAmount(random, true) : minimum + random.below(60)
  return { kind: 'bid', auction, account, amount: amount as Cents }
}

function endAuction(world: World, peer: SimPeer): Operation {
  const auction = anyAuction(world, peer)
  if (world.random.chance(0.5)) return { kind: 'close-auction', auction }
  return { kind: 'cancel-auction', auction, reason: 'changed my mind' }
}

/**
 * In some worlds auctions are extended, paused and resumed, and the pace is set, where it is not changed by `paces.ts` as well. By
 * chance of its own: other seeds keep their stories.
 */
function isGoverned({ seed }: World): boolean {
  const random = createRandom(seed)
  const isPaced = random.chance(0.2)
  return !isPaced && random.chance(0.3)
}

/** Mostly by somebody who may; a pace of which some are none. */
function govern(world: World, peer: SimPeer): Operation {
  const { random } = world
  if (random.chance(0.25)) return { kind: 'set-pace', millis: 45 + random.below(random.chance(0.7) ? 400 : 2_960) }
  const auction = anyAuction(world, peer)
  switch (random.below(4)) {
    case 0:
      return { kind: 'extend-auction', auction, millis: random.chance(0.1) ? 30 * 86_400_000 : 1 + random.below(3_000) }
    case 1:
      return { kind: 'resume-auction', auction }
    default:
      return { kind: 'pause-auction', auction, millis: 1 + random.below(4_000) }
  }
}
