import type { Product } from './command.ts'
import type { Redis } from './redis.ts'
import { claim, hold, refuse, settle, tell } from './scripts.ts'

/** The classic pair. */
export const commandChannel = 'comando-leilao'
export const noticeChannel = 'notificacao-leilao'

/** What bridges of one room say to each other, on a channel of their own. */
export type Word =
  /** A command with this digest was taken by this bridge. */
  | { readonly taken: string; readonly by: string }
  /** All blocks up to this one are told. */
  | { readonly told: number }
  /** This bridge holds the room from here on: all that holders before it took is said above. */
  | { readonly begins: string }

/** A command that was taken and is not settled. */
export interface OpenCommand {
  readonly entry: string
  /** As it was put there. */
  readonly text: string
}

/** What somebody said there, if it is a word of ours. */
export function readWord(text: string): Word | undefined {
  try {
    const word: unknown = JSON.parse(text)
    if (typeof word !== 'object' || word === null) return undefined
    const { taken, by, told, begins } = word as Record<string, unknown>
    if (typeof taken === 'string' && typeof by === 'string') return { taken, by }
    if (Number.isSafeInteger(told)) return { told: told as number }
    return typeof begins === 'string' ? { begins } : undefined
  } catch {
    return undefined
  }
}

/** One room's place at the Redis server, as one bridge sees it. */
export interface Post {
  readonly channel: string
  /** See `hold`. Resolves with whether this bridge holds the room, and the last block that is told; `undefined`: none is known. */
  hold(known: number | undefined, wants: boolean): Promise<{ readonly holds: boolean; readonly last: number | undefined }>
  say(word: Word): Promise<void>
  /** See `tell`. Resolves with whether this bridge held the room, and the last block that is told now. */
  tell(
    before: number,
    block: number,
    notices: readonly string[],
    names: readonly LotName[],
  ): Promise<{ readonly holds: boolean; readonly last: number | undefined }>
  claim(taking: Taking): Promise<'mine' | 'elsewhere' | 'no'>
  settle(entry: string, notice: string | undefined): Promise<void>
  refuse(digest: string, notice: string): Promise<boolean>
  open(): Promise<readonly OpenCommand[]>
  /** The lot that programs call so; `undefined`: they have named none so. */
  auctionOf(product: Product): Promise<string | undefined>
  /** What programs call this lot; `undefined`: they have not named it. */
  productOf(auction: string): Promise<Product | undefined>
  /** What the program that asked for it under this request calls the lot that came of it. */
  productOfRequest(requestId: string): Promise<Product | undefined>
}

export interface LotName {
  readonly auction: string
  readonly product: Product
}

export interface Taking {
  readonly entry: string
  readonly text: string
  readonly digest: string
  /** The command has an id of its own: only this peer may do it. */
  readonly id: { readonly text: string; readonly peer: string } | undefined
  /** What it is to be called that is started by this request. */
  readonly name: { readonly requestId: string; readonly product: Product } | undefined
}

/** A bridge that says nothing for so long is taken to be gone, in milliseconds. More: its commands wait longer for another one. */
export const holdMillis = 5_000
const idMillis = 24 * 3_600_000

/** `bridge`: another text for each. The braces keep a room's keys together where Redis is a cluster. */
export function createPost(redis: Redis, room: string, bridge: string): Post {
  const key = (name: string): string => `gavelring:{${room}}:${name}`
  const [holder, last, products, open] = [key('holder'), key('last'), key('products'), key('open')]
  const channel = key('bridges')
  const said = (word: Word): string => JSON.stringify(word)
  const productAt = async (field: string): Promise<Product | undefined> => {
    const text = await redis.run(getField, [products], [field])
    return typeof text === 'string' ? (JSON.parse(text) as Product) : undefined
  }

  return {
    channel,
    async hold(known, wants) {
      const given = [bridge, String(holdMillis), known === undefined ? '' : String(known), wants ? '1' : '0']
      const [who, told] = (await redis.run(hold, [holder, last], given)) as [string, string]
      return { holds: who === bridge, last: toBlock(told) }
    },
    async say(word) {
      await redis.run(publish, [], [channel, said(word)])
    },
    async tell(before, block, notices, names) {
      const fields = names.flatMap(({ auction, product }) => [
        ...[`lot:${auction}`, JSON.stringify(product)],
        ...[`product:${product}`, JSON.stringify(auction)],
      ])
      const given = [bridge, String(before), String(block), channel, said({ told: block }), noticeChannel]
      const counted = [String(fields.length / 2), ...fields]
      const [held, told] = (await redis.run(tell, [holder, last, products], [...given, ...counted, ...notices])) as [
        number,
        string,
      ]
      return { holds: held === 1, last: toBlock(told) }
    },
    async claim({ entry, text, digest, id, name }) {
      const keys = [holder, open, products, key(`id:${id?.text ?? ''}`)]
      const named = name === undefined ? ['', ''] : [`request:${name.requestId}`, JSON.stringify(name.product)]
      const given = [
        bridge,
        entry,
        text,
        channel,
        said({ taken: digest, by: bridge }),
        id?.peer ?? '',
        String(idMillis),
        ...named,
      ]
      return (await redis.run(claim, keys, given)) as 'mine' | 'elsewhere' | 'no'
    },
    async settle(entry, notice) {
      await redis.run(settle, [open], (isRepeat) => [entry, noticeChannel, notice ?? '', isRepeat ? '1' : '0'])
    },
    async refuse(digest, notice) {
      return (await redis.run(refuse, [holder], [channel, said({ taken: digest, by: bridge }), noticeChannel, notice])) === 1
    },
    async open() {
      const rows = (await redis.run(getAll, [open], [])) as string[]
      const found: OpenCommand[] = []
      for (let at = 0; at + 1 < rows.length; at += 2) found.push({ entry: rows[at] ?? '', text: rows[at + 1] ?? '' })
      return found
    },
    async auctionOf(product) {
      const auction = await productAt(`product:${product}`)
      return auction === undefined ? undefined : String(auction)
    },
    productOf: (auction) => productAt(`lot:${auction}`),
    productOfRequest: (requestId) => productAt(`request:${requestId}`),
  }
}

const getField = `return redis.call('HGET', KEYS[1], ARGV[1])`
const getAll = `return redis.call('HGETALL', KEYS[1])`
const publish = `return redis.call('PUBLISH', ARGV[1], ARGV[2])`

const toBlock = (text: string): number | undefined => (text === '' ? undefined : Number(text))
