import { readFile } from 'node:fs/promises'
import { accountText, amountText, auctionText, descriptionText, nameText, pictureText, reasonText } from '../api/schemas.ts'
import type { AuctionDetail, AuctionSummary } from '../api/views.ts'
import { operationInput, operationOptions, profileOption, readSeconds, valid, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { clockTime, placeOf, printable, seconds, shortPeer, table, tell } from './output.ts'

/** 30 days. */
const durationSecondsMax = 30 * 24 * 3_600

const start: Command = {
  name: 'auction start',
  summary: 'offer an item',
  operands: ['ITEM'],
  options: [
    { name: 'payee', value: 'ACCOUNT', text: 'your account that is paid (needed)' },
    { name: 'price', value: 'AMOUNT', text: 'starting price (default 1)' },
    { name: 'increment', value: 'AMOUNT', text: 'least step over the leader (default 1)' },
    { name: 'reserve', value: 'AMOUNT', text: 'below this it is not sold' },
    { name: 'buy-now', value: 'AMOUNT', text: 'a bid of this much wins at once' },
    { name: 'seconds', value: 'SECONDS', text: 'how long it lasts (default 30)' },
    { name: 'soft-close', value: 'WINDOW,EXTENSION,CAP', text: 'late bids move the end; seconds' },
    { name: 'description', value: 'TEXT', text: 'a few words more' },
    { name: 'picture', value: 'FILE', text: 'PNG, JPEG or WebP, at most 92 KiB' },
    ...operationOptions,
  ],
  examples: [
    'gavelring auction start "Brass lamp" --payee ana --price 10',
    'gavelring auction start Chair --payee ana --seconds 60 --reserve 20 --soft-close 5,10,60',
  ],
  async run(call) {
    const lot = await readLot(call)
    const settled = await withPeer(call, (api) => api.auctions.start({ ...lot, ...operationInput(call) }))
    tell(call, settled, [
      `Auction ${settled.auction} is open until ${clockTime(settled.endsAt)} ${placeOf(settled)}.`,
      `Bid with: gavelring auction bid ${settled.auction} AMOUNT --account ACCOUNT`,
    ])
    return 0
  },
}

const list: Command = {
  name: 'auction list',
  summary: 'all auctions of the room',
  operands: [],
  options: [profileOption],
  examples: ['gavelring auction list'],
  async run(call) {
    const auctions = await withPeer(call, (api) => api.auctions.list())
    const rows = auctions.map(auctionRow)
    tell(call, auctions, auctions.length === 0 ? ['There are no auctions yet.'] : table(auctionHead, rows, [2, 3]))
    return 0
  },
}

const show: Command = {
  name: 'auction show',
  summary: 'one auction in full',
  operands: ['AUCTION'],
  options: [profileOption],
  examples: ['gavelring auction show k3XbQz-2-15'],
  async run(call) {
    const auction = valid(auctionText, operand(call, 0), 'AUCTION')
    const found = await withPeer(call, (api) => api.auctions.show({ auction }))
    tell(call, found, detailLines(found))
    return 0
  },
}

const bid: Command = {
  name: 'auction bid',
  summary: 'bid, or have this peer bid for you',
  operands: ['AUCTION', 'AMOUNT?'],
  options: [
    { name: 'account', value: 'ACCOUNT', text: 'your account that pays (needed)' },
    { name: 'auto', text: 'an automatic bidder, until the auction ends' },
    { name: 'max', value: 'AMOUNT', text: 'with --auto: never more than this (needed)' },
    { name: 'raise', value: 'LEAST..MOST', text: 'with --auto: over the least bid (default 1..100)' },
    { name: 'pace', value: 'SECONDS', text: 'with --auto: between two bids (default 3)' },
    ...operationOptions,
  ],
  examples: [
    'gavelring auction bid k3XbQz-2-15 12.50 --account bob',
    'gavelring auction bid k3XbQz-2-15 --auto --account bob --max 200 --raise 1..10 --pace 2',
  ],
  async run(call) {
    const auction = valid(auctionText, operand(call, 0), 'AUCTION')
    const account = valid(accountText, needed(call, 'account'), '--account')
    if (call.flags.auto === true) return bidAutomatically(call, auction, account)
    const amount = call.operands[1]
    if (amount === undefined)
      throw usageError('An amount is needed, or --auto with --max.', 'See `gavelring auction bid --help`.')
    const input = { auction, account, amount: valid(amountText, amount, 'AMOUNT'), ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.auctions.bid(input))
    tell(call, settled, [`${account} leads with ${amount} ${placeOf(settled)}.`])
    return 0
  },
}

const cancel: Command = {
  name: 'auction cancel',
  summary: 'call an auction off: the seller before the first bid, the host after it',
  operands: ['AUCTION'],
  options: [{ name: 'reason', value: 'TEXT', text: 'why; the host has to say' }, ...operationOptions],
  examples: ['gavelring auction cancel k3XbQz-2-15 --reason "the lamp broke"'],
  async run(call) {
    const auction = valid(auctionText, operand(call, 0), 'AUCTION')
    const reason = valid(reasonText, textFlag(call, 'reason') ?? '', '--reason')
    const settled = await withPeer(call, (api) => api.auctions.cancel({ auction, reason, ...operationInput(call) }))
    tell(call, settled, [`Auction ${auction} is called off ${placeOf(settled)}.`])
    return 0
  },
}

export const auctionCommands: readonly Command[] = [start, list, show, bid, cancel]

async function readLot(call: Call) {
  const amount = (name: string): string | undefined => {
    const text = textFlag(call, name)
    return text === undefined ? undefined : valid(amountText, text, `--${name}`)
  }
  const [reserve, buyNow, softClose] = [amount('reserve'), amount('buy-now'), textFlag(call, 'soft-close')]
  const picture = textFlag(call, 'picture')
  return {
    item: valid(nameText, operand(call, 0), 'ITEM'),
    payee: valid(accountText, needed(call, 'payee'), '--payee'),
    startingPrice: amount('price') ?? '1',
    increment: amount('increment') ?? '1',
    durationMillis: readSeconds(textFlag(call, 'seconds') ?? '30', '--seconds', durationSecondsMax),
    description: valid(descriptionText, textFlag(call, 'description') ?? '', '--description'),
    ...(reserve !== undefined && { reserve }),
    ...(buyNow !== undefined && { buyNow }),
    ...(softClose !== undefined && { softClose: readSoftClose(softClose) }),
    ...(picture !== undefined && { picture: await readPicture(picture) }),
  }
}

function readSoftClose(text: string) {
  const [window, extension, cap, ...rest] = text.split(',')
  if (window === undefined || extension === undefined || cap === undefined || rest.length > 0) {
    throw usageError('--soft-close: three times are expected, as 5,10,60: window, extension and cap in seconds.')
  }
  const read = (part: string): number => readSeconds(part.trim(), '--soft-close', durationSecondsMax)
  return { windowMillis: read(window), extensionMillis: read(extension), capMillis: read(cap) }
}

async function readPicture(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`--picture: ${file} cannot be read (${error.code ?? error.message}).`)
  })
  return valid(pictureText, bytes.toString('base64url'), '--picture')
}

async function bidAutomatically(call: Call, auction: string, account: string): Promise<number> {
  if (call.operands[1] !== undefined) throw usageError('With --auto the amount is given as --max.')
  const maximum = valid(amountText, needed(call, 'max'), '--max')
  const [least, most, ...rest] = (textFlag(call, 'raise') ?? '1..100').split('..')
  if (least === undefined || most === undefined || rest.length > 0) throw usageError('--raise: a range is expected, as 1..100.')
  const raise = { least: valid(amountText, least, '--raise'), most: valid(amountText, most, '--raise') }
  const paceMillis = readSeconds(textFlag(call, 'pace') ?? '3', '--pace', 3_600)
  const answer = await withPeer(call, (api) => api.bidders.start({ auction, account, raise, paceMillis, maximum }))
  tell(call, answer, [`This peer bids for ${account} up to ${maximum} until the auction ends.`])
  return 0
}

function needed(call: Call, name: string): string {
  const text = textFlag(call, name)
  if (text === undefined) throw usageError(`--${name} is needed.`, 'See --help.')
  return text
}

const auctionHead = ['Auction', 'Item', 'Leads with', 'Least bid', 'Leader', 'Bids', 'Is']

function auctionRow(auction: AuctionSummary): string[] {
  const { leader, ended, endsAt } = auction
  const is = ended === undefined ? `open, ends ${clockTime(endsAt)}` : `${ended.why} ${clockTime(ended.at)}`
  return [
    auction.auction,
    printable(auction.item),
    leader?.amount.text ?? '',
    ended === undefined ? auction.minimum.text : '',
    leader?.account ?? '',
    String(auction.bids),
    is,
  ]
}

function detailLines(auction: AuctionDetail): string[] {
  const soft = auction.softClose
  const rows = [
    ['Description', printable(auction.description)],
    ['Seller', `${shortPeer(auction.seller)}, paid to ${auction.payee}`],
    ['Starting price', `${auction.startingPrice.text}, increment ${auction.increment.text}`],
    ['Reserve', auction.reserve?.text ?? 'none'],
    ['Buy now', auction.buyNow?.text ?? 'no'],
    ['Lasts', `${seconds(auction.durationMillis)} from ${clockTime(auction.startedAt)}`],
    [
      'Soft close',
      soft === undefined
        ? 'off'
        : `last ${seconds(soft.windowMillis)}: ${seconds(soft.extensionMillis)} more, at most ${seconds(soft.capMillis)}`,
    ],
    ...(auction.ended?.reason ? [['Reason', printable(auction.ended.reason)]] : []),
  ]
  return [...table(auctionHead, [auctionRow(auction)], [2, 3]), '', ...table(['', ''], rows).slice(1)]
}
