import { formatCents } from '../core/money.ts'
import { decodeSubmission } from '../market/codec.ts'
import type { Operation } from '../market/operation.ts'
import type { AccountView, AuctionView } from '../market/types.ts'
import type { Peer, PeerStatus } from '../peer/peer.ts'
import type { AccountDetail, AccountSummary, AuctionDetail, AuctionSummary, ExportedBlock, Money, StatusView } from './views.ts'

/** From what the peer holds to what the contract promises. */

type Block = Awaited<ReturnType<Peer['log']>>[number]

const money = (cents: number): Money => ({ cents, text: formatCents(cents) })
const optionalMoney = (cents: number | undefined): Money | undefined => (cents === undefined ? undefined : money(cents))
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

export function toStatus(status: PeerStatus): StatusView {
  const { room, members, reachable, addresses } = status
  return {
    ...status,
    room: { id: room.id, name: room.name, ...room.rules },
    members: [...members],
    reachable: [...reachable],
    addresses: [...addresses],
  }
}

export function toAccount(account: AccountView): AccountSummary {
  const { id, holder, owner, closed } = account
  return { account: id, holder, owner, available: money(account.available), held: money(account.held), closed }
}

export function toAccountDetail(account: AccountView): AccountDetail {
  const history = account.history.map((entry) => ({
    ...entry,
    change: money(entry.change),
    available: money(entry.available),
    held: money(entry.held),
  }))
  return { ...toAccount(account), history }
}

export function toAuction(auction: AuctionView): AuctionSummary {
  const { id, lot, seller, startedAt, endsAt, leader, bids, ended } = auction
  return {
    auction: id,
    item: lot.item,
    payee: lot.payee,
    seller,
    startedAt,
    endsAt,
    leader: leader && { account: leader.account, amount: money(leader.amount), at: leader.at },
    bids,
    minimum: money(auction.minimum),
    ended,
  }
}

export function toAuctionDetail(auction: AuctionView): AuctionDetail {
  const { lot, firstEnd } = auction
  const soft = lot.softClose
  return {
    ...toAuction(auction),
    description: lot.description,
    startingPrice: money(lot.startingPrice),
    increment: money(lot.increment),
    reserve: optionalMoney(lot.reserve),
    buyNow: optionalMoney(lot.buyNow),
    durationMillis: lot.durationMillis,
    firstEnd,
    softClose: soft && { windowMillis: soft.window, extensionMillis: soft.extension, capMillis: soft.cap },
    picture: base64url(lot.picture),
  }
}

/** An operation as JSON; of a picture only its size. */
export function toOperation(operation: Operation): Record<string, unknown> {
  if (operation.kind !== 'start-auction') return { ...operation }
  const { picture, ...rest } = operation
  return { ...rest, pictureBytes: picture.length }
}

export function toBlock(block: Block): ExportedBlock {
  const { index, turn, author, lamport, time, prevHash, hash, checkpoint, body } = block
  const epoch = `${block.epoch.number}.${block.epoch.initiator.slice(-6)}`
  const bytes = base64url(block.bytes)
  return {
    index,
    epoch,
    turn,
    author,
    lamport,
    time,
    prevHash,
    hash,
    checkpoint,
    kind: body.kind,
    content: toContent(block),
    bytes,
  }
}

function toContent({ body, author }: Block): ExportedBlock['content'] {
  switch (body.kind) {
    case 'genesis':
      return { ...body.genesis, salt: base64url(body.genesis.salt) }
    case 'view':
      return { members: body.members, ...(body.lost.length > 0 && { lost: body.lost.map(({ peer }) => peer) }) }
    case 'ops':
      return body.ops.map((bytes, offset) => {
        const decoded = decodeSubmission(bytes)
        const operation = `${author}/${body.incarnation}/${body.firstSequence + offset}`
        if ('malformed' in decoded) return { operation, kind: 'malformed' }
        const { request } = decoded.value
        return { operation, ...(request !== undefined && { requestId: request }), ...toOperation(decoded.value.operation) }
      })
  }
}
