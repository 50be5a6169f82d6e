import type { AuctionDetail, JudgedBlock } from '../../api/views.ts'
import { type AuctionId, auctionId, type PeerId } from '../../core/ids.ts'
import type { Cents } from '../../core/money.ts'
import { type Happening, noticeOf } from '../../gateway/notices.ts'
import type { Texts } from '../../gateway/texts.ts'
import type { Product } from './command.ts'
import type { PeerLink } from './peer-link.ts'
import type { LotName, Post } from './post.ts'

/** What one block comes to on the bus, in order. */
export interface BlockNotices {
  readonly notices: readonly string[]
  /** Names that lots have from this block on. */
  readonly names: readonly LotName[]
}

/**
 * The log is what notices are told from: it has one order, and a place for each of them, through every restart and on every peer. What
 * became of an operation the block says, or, where the peer has forgotten that since, the auction: it keeps its newest bids.
 */
export async function noticesOf(block: JudgedBlock, link: PeerLink, post: Post, texts: Texts): Promise<BlockNotices> {
  const notices: string[] = []
  const names: LotName[] = []
  if (block.kind !== 'ops' || !Array.isArray(block.content)) return { notices, names }
  const told = new Set<string>()
  for (const operation of block.content) {
    if (!isOnAuction(operation.kind) || fate.some((field) => field in operation)) continue
    const id = auctionIn(operation)
    const lot = id && (await lotOf(id, operation, block, link))
    if (lot === undefined) continue
    const product = await productOf(lot, operation, post, names)
    for (const happening of happeningsOf(operation, lot, block)) {
      // Of several who close it in one block, where nobody knows any more which one did.
      if (happening.kind === 'ended' && told.has(lot.auction)) continue
      if (happening.kind === 'ended') told.add(lot.auction)
      const { fields } = noticeOf({ ...happening, productId: String(product), item: lot.item }, link.room.currency, texts)
      const id = `${link.room.id.slice(0, 16)}-${block.index}-${notices.length}`
      notices.push(printNotice(Object.fromEntries(fields), product, id))
    }
  }
  return { notices, names }
}

/** A command that came to nothing, in the form of the other notices. */
export const refusalNotice = (mensagem: string, product: Product | undefined): string =>
  JSON.stringify({
    ...{ tipo: 'erro', productId: product ?? null, nome: null, valor: null, lanceAtual: null, vencedor: null, mensagem },
  })

/** Amounts as numbers, as the classic programs compare them; `id` is the same for the same notice, and no other. */
function printNotice(fields: Readonly<Record<string, string>>, productId: Product, id: string): string {
  const { tipo, nome, valor, lanceAtual, vencedor, mensagem } = fields
  const amounts = { valor: Number(valor), lanceAtual: Number(lanceAtual) }
  return JSON.stringify({ tipo, productId, nome, ...amounts, vencedor: vencedor || null, mensagem, id })
}

type LoggedOperation = Readonly<Record<string, unknown>>

const auctionKinds = ['start-auction', 'bid', 'close-auction', 'cancel-auction'] as const
const isOnAuction = (kind: unknown): boolean => auctionKinds.some((one) => one === kind)
/** Fields of an operation that was not simply done. */
const fate = ['refused', 'repeat', 'skipped'] as const

/** An auction is called after the operation that started it. */
function auctionIn({ kind, auction, operation }: LoggedOperation): AuctionId | undefined {
  if (kind !== 'start-auction') return typeof auction === 'string' ? (auction as AuctionId) : undefined
  const [author = '', incarnation, sequence] = String(operation).split('/')
  return auctionId(author as PeerId, Number(incarnation), Number(sequence))
}

/** A bid whose fate is known, and that ends nothing, needs no look at how the lot stands. */
async function lotOf(
  id: AuctionId,
  { kind }: LoggedOperation,
  { judged }: JudgedBlock,
  link: PeerLink,
): Promise<AuctionDetail | undefined> {
  const seen = link.known.lots.get(id)
  if (seen !== undefined && kind === 'bid' && judged && seen.buyNow === undefined) return seen
  const lot = await link.api.auctions.show({ auction: id }).catch(unlessUnknown)
  if (lot !== undefined) link.known.lots.set(id, { ...lot, picture: '', description: '' })
  return lot
}

/** `Omit` of each member of the union. */
type Bare<T> = T extends unknown ? Omit<T, 'productId' | 'item'> : never

function happeningsOf(operation: LoggedOperation, lot: AuctionDetail, { judged, time }: JudgedBlock): readonly Bare<Happening>[] {
  const { kind } = operation
  if (kind === 'start-auction') return [{ kind: 'started', price: lot.startingPrice.cents as Cents }]
  const end = endOf(lot)
  if (kind !== 'bid') return end !== undefined && lot.ended?.at === time ? [end] : []
  const account = String(operation.account)
  const amount = Math.min(Number(operation.amount), lot.buyNow?.cents ?? Number.MAX_SAFE_INTEGER) as Cents
  const isKept = lot.recentBids.some((bid) => bid.at === time && bid.account === account && bid.amount.cents === amount)
  if (!judged && !isKept) return []
  const bid: Bare<Happening> = { kind: 'bid', account, amount }
  return end !== undefined && amount === lot.buyNow?.cents ? [bid, end] : [bid]
}

function endOf({ ended, leader, startingPrice }: AuctionDetail): Bare<Happening> | undefined {
  if (ended === undefined) return undefined
  const { why } = ended
  const amount = (leader?.amount ?? startingPrice).cents as Cents
  return { kind: 'ended', why, winner: why === 'sold' ? leader?.account : undefined, amount }
}

/** What programs call it: as they named it, or by its number, or, where they call another lot so, by its id. */
async function productOf(lot: AuctionDetail, operation: LoggedOperation, post: Post, names: LotName[]): Promise<Product> {
  const { auction, number } = lot
  const fresh = names.find((name) => name.auction === auction)?.product ?? (await post.productOf(auction))
  if (fresh !== undefined) return fresh
  const { requestId } = operation
  const asked =
    operation.kind === 'start-auction' && typeof requestId === 'string' ? await post.productOfRequest(requestId) : undefined
  if (asked !== undefined) {
    names.push({ auction, product: asked })
    return asked
  }
  return (await post.auctionOf(number)) === undefined ? number : auction
}

function unlessUnknown(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'auction-unknown') return undefined
  throw error
}
