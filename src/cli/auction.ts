import type { AuctionDetail, AuctionSummary, BidderSummary, Settled } from '../api/views.ts'
import { allAuctions, allBidders, allPeers } from '../api/whole-lists.ts'
import { parseNewName } from '../core/ids.ts'
import { descriptionCharsMax, reasonCharsMax } from '../core/limits.ts'
import { operationInput, operationOptions, profileOption, readSeconds, valid, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { endingText } from './event-text.ts'
import { durationText, timeText } from './format.ts'
import { peerNames, placeOf, tell } from './output.ts'
import { type Column, columnsOption, pairs, tableOf, tellTable } from './table.ts'
import { accountFlag, amountFlag, amountWord, type FieldNames, lotWord, naming } from './words.ts'

/** 30 days. */
const durationSecondsMax = 30 * 24 * 3_600
/** With the other fields it has to fit into one operation. */
const pictureKibibytesMax = 92

const start: Command = {
  name: 'auction start',
  summary: 'offer an item',
  operands: ['ITEM'],
  options: [
    { name: 'payee', value: 'ACCOUNT', text: 'your account that is paid (default: that of `account use`)' },
    { name: 'price', value: 'AMOUNT', text: 'starting price (default 1)' },
    { name: 'increment', value: 'AMOUNT', text: 'least step over the leader (default 1)' },
    { name: 'reserve', value: 'AMOUNT', text: 'below this it is not sold' },
    { name: 'buy-now', value: 'AMOUNT', text: 'a bid of this much wins at once' },
    { name: 'seconds', value: 'DURATION', text: 'how long it lasts, as 30, 90s, 2m or 1h (default 30)' },
    { name: 'soft-close', value: 'WINDOW,EXTENSION,CAP', text: 'late bids move the end; three durations' },
    { name: 'description', value: 'TEXT', text: 'a few words more' },
    { name: 'picture', value: 'FILE', text: `PNG, JPEG, WebP or GIF, at most ${pictureKibibytesMax} KiB` },
    ...operationOptions,
  ],
  examples: [
    'gavelring auction start "Brass lamp" --payee ana --price 10',
    'gavelring auction start Chair --payee ana --seconds 2m --reserve 20 --soft-close 5,10,60',
  ],
  async run(call) {
    const lot = await readLot(call)
    const settled = await naming(
      lotNames,
      withPeer(call, (api) => api.auctions.start({ ...lot, ...operationInput(call) })),
    )
    tell(call, settled, [
      `Lot ${settled.number} is open until ${timeText(settled.endsAt)} ${placeOf(settled)}.`,
      `Bid with: gavelring auction bid ${settled.number} AMOUNT --account ACCOUNT`,
    ])
    return 0
  },
}

const list: Command = {
  name: 'auction list',
  summary: 'all auctions of the room',
  operands: [],
  options: [{ name: 'open', text: 'only those that have not ended' }, columnsOption, profileOption],
  examples: ['gavelring auction list', 'gavelring auction list --open --columns lot,item,least'],
  async run(call) {
    const all = await withPeer(call, (api) => allAuctions(api))
    const auctions = call.flags.open === true ? all.filter(({ ended }) => ended === undefined) : all
    tellTable(call, auctions, columns, auctions, all.length === 0 ? 'There are no auctions yet.' : 'No auction is open.')
    return 0
  },
}

const lotDetails = 'LOT is its number, `last`, or its id.'

const show: Command = {
  name: 'auction show',
  summary: 'one auction in full, with its newest bids',
  operands: ['LOT'],
  options: [profileOption],
  examples: ['gavelring auction show 3', 'gavelring auction show last'],
  details: lotDetails,
  async run(call) {
    const auction = lotWord(call)
    const { found, nameOf } = await withPeer(call, async (api) => {
      const [shown, peers] = await Promise.all([api.auctions.show({ auction }), allPeers(api)])
      return { found: shown, nameOf: peerNames(peers) }
    })
    tell(call, found, detailLines(found, nameOf, call.terminal.width))
    return 0
  },
}

const bid: Command = {
  name: 'auction bid',
  summary: 'bid, or have this peer bid for you',
  operands: ['LOT?', 'AMOUNT?'],
  options: [
    { name: 'account', value: 'ACCOUNT', text: 'your account that pays (default: that of `account use`)' },
    { name: 'auto', text: 'an automatic bidder, until the auction ends' },
    { name: 'max', value: 'AMOUNT', text: 'with --auto: never more than this (needed)' },
    { name: 'raise', value: 'LEAST..MOST', text: 'with --auto: by so much over the least bid (default: the least bid)' },
    { name: 'pace', value: 'DURATION', text: 'with --auto: between two bids (default 3)' },
    { name: 'stop', text: 'with --auto: stop the automatic bidder' },
    { name: 'list', text: 'with --auto: the automatic bidders of this peer' },
    ...operationOptions,
  ],
  examples: [
    'gavelring auction bid 3 12.50 --account bob',
    'gavelring auction bid last --auto --account bob --max 200',
    'gavelring auction bid 3 --auto --account bob --max 200 --raise 1..10 --pace 2',
    'gavelring auction bid 3 --auto --account bob --stop',
  ],
  details: `${lotDetails} An automatic bidder is kept when its peer is started again.`,
  async run(call) {
    if (call.flags.auto === true) return bidAutomatically(call)
    for (const name of ['max', 'raise', 'pace', 'stop', 'list']) {
      if (call.flags[name] !== undefined) throw usageError(`--${name} goes with --auto.`)
    }
    needLot(call)
    const auction = lotWord(call)
    const account = accountFlag(call, 'account')
    const amount = call.operands[1]
    if (amount === undefined)
      throw usageError('An amount is needed, or --auto with --max.', 'See `gavelring auction bid --help`.')
    const input = { auction, account, amount: amountWord(amount, 'AMOUNT'), ...operationInput(call) }
    const settled = await naming(
      { amount: 'AMOUNT' },
      withPeer(call, (api) => api.auctions.bid(input)),
    )
    tell(call, settled, bidLines(settled, account))
    return 0
  },
}

const bidders: Command = {
  name: 'auction bidders',
  summary: 'the automatic bidders of this peer',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring auction bidders'],
  async run(call) {
    const found = await withPeer(call, (api) => allBidders(api))
    tellTable(call, found, bidderColumns, found, 'This peer bids for nobody.')
    return 0
  },
}

const cancel: Command = {
  name: 'auction cancel',
  summary: 'call an auction off: the seller before the first bid, the host after it',
  operands: ['LOT'],
  options: [{ name: 'reason', value: 'TEXT', text: 'why; needed where somebody has bid' }, ...operationOptions],
  examples: ['gavelring auction cancel 3 --reason "the lamp broke"'],
  details: `${lotDetails} Where a reason is needed and none is given, you are asked for it, if you sit at a terminal.`,
  async run(call) {
    const auction = lotWord(call)
    const reason =
      textFlag(call, 'reason') === undefined ? await askForReason(call, auction) : shortText(call, 'reason', reasonCharsMax)
    const settled = await withPeer(call, (api) => api.auctions.cancel({ auction, reason, ...operationInput(call) }))
    tell(call, settled, [`Lot ${settled.number} is called off ${placeOf(settled)}.`])
    return 0
  },
}

/** Where one is needed and a person is there to be asked; whoever says nothing is refused by the rules, as without a terminal. */
async function askForReason(call: Call, auction: string): Promise<string> {
  if (call.json) return ''
  const { bids, number, item } = await withPeer(call, (api) => api.auctions.show({ auction }))
  if (bids === 0) return ''
  const there = bids === 1 ? 'there is a bid' : `there are ${bids} bids`
  const reason = (await call.terminal.ask(`Why is lot ${number}, ${item}, called off? (${there})`)) ?? ''
  if (reason.length > reasonCharsMax) throw usageError(`A reason has at most ${reasonCharsMax} characters.`)
  return reason
}

const extend: Command = {
  name: 'auction extend',
  summary: 'let an auction last longer: its seller, or the host',
  operands: ['LOT', 'DURATION'],
  options: operationOptions,
  examples: ['gavelring auction extend last 30s', 'gavelring auction extend 3 5m'],
  details: `${lotDetails} Before its end only, and to 30 days from its start at most.`,
  async run(call) {
    const auction = lotWord(call)
    const millis = readSeconds(operand(call, 1), 'DURATION', durationSecondsMax)
    const settled = await withPeer(call, (api) => api.auctions.extend({ auction, millis, ...operationInput(call) }))
    tell(call, settled, [`Lot ${settled.number} ends ${endText(settled)} ${placeOf(settled)}.`])
    return 0
  },
}

const pause: Command = {
  name: 'auction pause',
  summary: 'stop the countdown of an auction: its seller, or the host',
  operands: ['LOT'],
  options: [{ name: 'for', value: 'DURATION', text: 'it goes on by itself after this (default 1h)' }, ...operationOptions],
  examples: ['gavelring auction pause last', 'gavelring auction pause 3 --for 10m'],
  details: `${lotDetails} Until it goes on no bid counts; what was left of its time is left then.`,
  async run(call) {
    const auction = lotWord(call)
    const millis = readSeconds(textFlag(call, 'for') ?? '1h', '--for', durationSecondsMax)
    const settled = await withPeer(call, (api) => api.auctions.pause({ auction, millis, ...operationInput(call) }))
    const paused = settled.events.find((event) => event.kind === 'auction-paused')
    const until = paused === undefined ? '' : `, until ${timeText(paused.until)} at most`
    tell(call, settled, [
      `Lot ${settled.number} is paused${until} ${placeOf(settled)}.`,
      `It goes on with: gavelring auction resume ${settled.number}`,
    ])
    return 0
  },
}

const resume: Command = {
  name: 'auction resume',
  summary: 'let a paused auction go on: its seller, or the host',
  operands: ['LOT'],
  options: operationOptions,
  examples: ['gavelring auction resume last'],
  details: lotDetails,
  async run(call) {
    const auction = lotWord(call)
    const settled = await withPeer(call, (api) => api.auctions.resume({ auction, ...operationInput(call) }))
    tell(call, settled, [`Lot ${settled.number} goes on: it ends ${endText(settled)} ${placeOf(settled)}.`])
    return 0
  },
}

export const auctionCommands: readonly Command[] = [start, list, show, bid, bidders, cancel, extend, pause, resume]

const lotNames: FieldNames = {
  startingPrice: '--price',
  increment: '--increment',
  reserve: '--reserve',
  buyNow: '--buy-now',
  picture: '--picture',
}

async function readLot(call: Call) {
  const [reserve, buyNow, softClose] = [amountFlag(call, 'reserve'), amountFlag(call, 'buy-now'), textFlag(call, 'soft-close')]
  const picture = textFlag(call, 'picture')
  return {
    item: valid(parseNewName, operand(call, 0), 'ITEM'),
    payee: accountFlag(call, 'payee'),
    startingPrice: amountFlag(call, 'price') ?? '1',
    increment: amountFlag(call, 'increment') ?? '1',
    durationMillis: readSeconds(textFlag(call, 'seconds') ?? '30', '--seconds', durationSecondsMax),
    description: shortText(call, 'description', descriptionCharsMax),
    ...(reserve !== undefined && { reserve }),
    ...(buyNow !== undefined && { buyNow }),
    ...(softClose !== undefined && { softClose: readSoftClose(softClose) }),
    ...(picture !== undefined && { picture: await readPicture(picture) }),
  }
}

function shortText(call: Call, name: string, charsMax: number): string {
  const text = textFlag(call, name) ?? ''
  if (text.length > charsMax) throw usageError(`--${name}: at most ${charsMax} characters are expected.`)
  return text
}

function readSoftClose(text: string) {
  const [window, extension, cap, ...rest] = text.split(',')
  if (window === undefined || extension === undefined || cap === undefined || rest.length > 0) {
    throw usageError('--soft-close: three times are expected, as 5,10,60: window, extension and cap.')
  }
  const read = (part: string): number => readSeconds(part.trim(), '--soft-close', durationSecondsMax)
  return { windowMillis: read(window), extensionMillis: read(extension), capMillis: read(cap) }
}

async function readPicture(file: string): Promise<string> {
  const bytesMax = pictureKibibytesMax * 1024
  const { readAtMost, whyUnread } = await import('../app/own-files.ts')
  const bytes = await readAtMost(file, bytesMax + 1).catch((error: unknown) => {
    throw usageError(`--picture: ${file} cannot be read (${whyUnread(error)}).`)
  })
  if (bytes.length > bytesMax) {
    throw usageError(
      `--picture: ${file} has more than the ${pictureKibibytesMax} KiB that a picture may have.`,
      'Make the picture smaller.',
    )
  }
  return bytes.toString('base64url')
}

const strategyNames: FieldNames = {
  maximum: '--max',
  raise: '--raise',
  'raise.least': '--raise',
  'raise.most': '--raise',
  paceMillis: '--pace',
}

async function bidAutomatically(call: Call): Promise<number> {
  if (call.flags.list === true) return bidders.run(call)
  needLot(call)
  const auction = lotWord(call)
  const account = accountFlag(call, 'account')
  if (call.flags.stop === true) {
    const answer = await withPeer(call, (api) => api.bidders.stop({ auction, account }))
    tell(call, answer, [`This peer bids no more for ${account} there.`])
    return 0
  }
  if (call.operands[1] !== undefined) throw usageError('With --auto the amount is given as --max.')
  const maximum = amountFlag(call, 'max')
  if (maximum === undefined) throw usageError('--max is needed.', 'See `gavelring auction bid --help`.')
  const raise = readRaise(textFlag(call, 'raise'))
  const paceMillis = readSeconds(textFlag(call, 'pace') ?? '3', '--pace', 3_600)
  const input = { auction, account, paceMillis, maximum, ...(raise !== undefined && { raise }) }
  const started = await naming(
    strategyNames,
    withPeer(call, (api) => api.bidders.start(input)),
  )
  tell(call, started, [`This peer bids for ${account} on lot ${started.number}, ${started.item}, up to ${started.maximum.text}.`])
  return 0
}

function needLot(call: Call): void {
  if (call.operands[0] === undefined)
    throw usageError('`gavelring auction bid` needs LOT.', 'See `gavelring auction bid --help`.')
}

function readRaise(text: string | undefined) {
  if (text === undefined) return undefined
  const [least, most, ...rest] = text.split('..')
  if (least === undefined || most === undefined || rest.length > 0) throw usageError('--raise: a range is expected, as 1..100.')
  return { least: amountWord(least, '--raise'), most: amountWord(most, '--raise') }
}

/** At buy-now it is over with this very bid. */
function bidLines(settled: Settled, account: string): string[] {
  const accepted = settled.events.find((event) => event.kind === 'bid-accepted')
  const isOver = settled.events.some((event) => event.kind === 'auction-ended')
  const amount = accepted?.amount.text ?? '?'
  return [`${account} ${isOver ? `wins at once, for ${amount}` : `leads with ${amount}`} ${placeOf(settled)}.`]
}

function endText({ events }: Settled): string {
  const ends = events.flatMap((event) => ('endsAt' in event ? [event.endsAt] : []))
  return ends[0] === undefined ? 'later' : timeText(ends[0])
}

const columns: readonly Column<AuctionSummary>[] = [
  { name: 'lot', head: 'Lot', cell: ({ number }) => String(number), right: true },
  { name: 'item', head: 'Item', cell: ({ item }) => item },
  { name: 'leader', head: 'Leader', cell: ({ leader }) => leader?.account ?? '' },
  { name: 'leads', head: 'Leads with', cell: ({ leader }) => leader?.amount.text ?? '', right: true },
  { name: 'least', head: 'Least bid', cell: ({ ended, minimum }) => (ended === undefined ? minimum.text : ''), right: true },
  { name: 'bids', head: 'Bids', cell: ({ bids }) => String(bids), right: true },
  { name: 'is', head: 'Is', cell: isText },
]

const bidderColumns: readonly Column<BidderSummary>[] = [
  { name: 'lot', head: 'Lot', cell: ({ number }) => String(number), right: true },
  { name: 'item', head: 'Item', cell: ({ item }) => item },
  { name: 'account', head: 'Account', cell: ({ account }) => account, whole: true },
  { name: 'max', head: 'At most', cell: ({ maximum }) => maximum.text, right: true },
  {
    name: 'raise',
    head: 'Raises by',
    cell: ({ raise }) => (raise === undefined ? 'the least' : `${raise.least.text} to ${raise.most.text}`),
  },
  { name: 'pace', head: 'Pace', cell: ({ paceMillis }) => durationText(paceMillis), right: true },
  { name: 'is', head: 'Is', cell: ({ leads }) => (leads ? 'leads' : 'bids') },
]

function isText({ ended, paused, endsAt }: AuctionSummary): string {
  if (ended !== undefined) return `${ended.why === 'sold' ? 'sold' : endingText(ended.why)}, ${timeText(ended.at)}`
  if (paused !== undefined)
    return `paused with ${durationText(wholeSeconds(paused.leftMillis))} left, until ${timeText(paused.until)} at most`
  return `open, ends ${timeText(endsAt)}`
}

const wholeSeconds = (millis: number): number => Math.round(millis / 1_000) * 1_000

function detailLines(auction: AuctionDetail, nameOf: (peer: string) => string, width: number | undefined): string[] {
  const soft = auction.softClose
  const rows: (readonly [string, string])[] = [
    ['Description', auction.description || 'none'],
    ['Seller', `${nameOf(auction.seller)}, paid to ${auction.payee}`],
    ['Starting price', `${auction.startingPrice.text}, increment ${auction.increment.text}`],
    ['Reserve', auction.reserve?.text ?? 'none'],
    ['Buy now', auction.buyNow?.text ?? 'no'],
    ['Lasts', `${durationText(auction.durationMillis)} from ${timeText(auction.startedAt)}`],
    ['Soft close', soft === undefined ? 'off' : softText(soft)],
    ['Picture', auction.picture === '' ? 'none' : `${Math.ceil(Math.floor((auction.picture.length * 3) / 4) / 1024)} KiB`],
    ['Id', auction.auction],
    ...(auction.ended?.reason ? [['Reason', auction.ended.reason] as const] : []),
  ]
  const bids = auction.recentBids.map(({ account, amount, at }) => ({ account, amount: amount.text, at: timeText(at) }))
  const head = bids.length < auction.bids ? [`The newest ${bids.length} of ${auction.bids} bids:`] : []
  return [
    ...tableOf(columns, [auction], width),
    '',
    ...pairs(rows),
    ...(bids.length === 0 ? [] : ['', ...head, ...tableOf(bidColumns, bids, width)]),
  ]
}

const softText = ({ windowMillis, extensionMillis, capMillis }: NonNullable<AuctionDetail['softClose']>): string =>
  `a bid in the last ${durationText(windowMillis)} leaves ${durationText(extensionMillis)}, ${durationText(capMillis)} more at most`

const bidColumns: readonly Column<{ readonly account: string; readonly amount: string; readonly at: string }>[] = [
  { name: 'at', head: 'Bid at', cell: ({ at }) => at, whole: true },
  { name: 'account', head: 'Account', cell: ({ account }) => account },
  { name: 'amount', head: 'Amount', cell: ({ amount }) => amount, right: true },
]
