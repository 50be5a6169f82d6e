import { type Browser, chromium } from 'playwright-core'
import { chromiumPath, whySkipped } from '../test/support/find-chromium.ts'
import { buildPage, busyMillis, type Client, connectTo, droppedShare, memoryOf, openPage, watchFrames } from './renderer-page.ts'
import { openRoom, pause, until } from './room.ts'

const eventsPerSecond = 50

/** Only the screens that show what happens, each for so many seconds, `runs` times one after the other. */
export async function measureLiveScreens(seconds: number, runs: number): Promise<object> {
  if (chromiumPath === undefined) return { notMeasured: whySkipped }
  await buildPage()
  const browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false })
  try {
    const room = await openRoom(3, { http: true })
    try {
      const clients = await Promise.all(room.peers.map((peer) => connectTo(peer)))
      const results: object[] = []
      for (let run = 0; run < runs; run++) results.push(await measureScreens(browser, clients, seconds))
      for (const { client } of clients) client.close()
      return { browser: browser.version(), runs: results }
    } finally {
      await room.close()
    }
  } finally {
    await browser.close()
  }
}

/**
 * Each screen in a room of 50 operations a second: transfers of the account that is shown, or bids for the lot that is. On the ring
 * the peers tell each frame that they send, besides, and the page draws them all.
 */
export async function measureScreens(browser: Browser, clients: readonly Client[], seconds: number) {
  const [seller, ...bidders] = clients as [Client, ...Client[]]
  const { account, api } = seller
  const measure = (place: string, sign: string, act: () => Promise<unknown>): Promise<object> =>
    measureBusyPage(browser, seller, { place, sign, seconds, act })
  const pay = (): Promise<unknown> => api.transfer({ from: account, to: `${account}.b`, amount: '0.01' })
  const bank = await measure(`#/bank/${account}`, '[data-available]', pay)
  const ring = await measure('#/ring', '.token[data-moving="true"]', pay)
  const log = await measure('#/log', '[data-block]:not(.absent)', pay)

  const lot = { item: 'Bench', payee: account, startingPrice: '1', increment: '0.01', durationMillis: 3_600_000 }
  const { auction } = await api.auctions.start(lot)
  await Promise.all(
    clients.map((each) => until(async () => (await each.api.auctions.list()).some((one) => one.auction === auction), 10_000)),
  )
  let bids = 0
  const bid = async (): Promise<void> => {
    const bidder = bidders[bids % bidders.length] as Client
    const amount = ((100 + bids++) / 100).toFixed(2)
    // One of another peer may come before it, as in any room: then it is too low.
    await bidder.api.auctions.bid({ auction, account: bidder.account, amount }).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'bid-too-low')) throw error
    })
  }
  return {
    bank,
    ring,
    log,
    lot: await measure(`#/lots/${auction}`, '[data-price]', bid),
    auctions: await measure('#/auctions', 'main h1', bid),
    projector: await measure(`#/projector/${auction}`, '[data-price]', bid),
  }
}

interface BusyPage {
  readonly place: string
  /** The page is there once this is. */
  readonly sign: string
  readonly seconds: number
  act(): Promise<unknown>
}

/** Frames of the page, and the memory that it holds. */
async function measureBusyPage(browser: Browser, { address }: Client, { place, sign, seconds, act }: BusyPage): Promise<object> {
  const page = await openPage(browser, address, place, watchFrames)
  await page.locator(sign).first().waitFor()
  const session = await page.context().newCDPSession(page)
  const load = keepBusy(act)
  try {
    // What is made once (formatters, a history of 100 entries) is there after this.
    await pause(Math.min(15_000, seconds * 250))
    const before = await memoryOf(session)
    const busyBefore = await busyMillis(session)
    await page.evaluate('window.frames_.length = 0')
    const asked = load.count()
    await pause(seconds * 1_000)
    const intervals = (await page.evaluate('window.frames_')) as number[]
    const rate = (load.count() - asked) / seconds
    const busy = (await busyMillis(session)) - busyBefore
    const after = await memoryOf(session)
    await load.stop()
    return {
      eventsPerSecond: rate,
      droppedFrames: droppedShare(intervals),
      framesPerSecond: intervals.length / (intervals.reduce((sum, each) => sum + each, 0) / 1_000),
      mainThreadShare: busy / (seconds * 1_000),
      heapMiBBefore: before.heapMiB,
      heapMiBAfter: after.heapMiB,
      domNodesBefore: before.nodes,
      domNodesAfter: after.nodes,
    }
  } finally {
    await load.stop()
    await page.context().close()
  }
}

function keepBusy(act: () => Promise<unknown>) {
  let done = 0
  let failure: unknown
  const running = new Set<Promise<void>>()
  const timer = setInterval(() => {
    const one = act().then(
      () => {
        done++
      },
      (error: unknown) => {
        failure = error
      },
    )
    running.add(one)
    void one.finally(() => running.delete(one))
  }, 1_000 / eventsPerSecond)
  return {
    count: () => done,
    async stop() {
      clearInterval(timer)
      await Promise.all(running)
      if (failure !== undefined) throw failure
    },
  }
}
