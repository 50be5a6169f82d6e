import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium } from 'playwright-core'
import { readApiAddress } from '../src/api/api-files.ts'
import type { Api } from '../src/api/client.ts'
import { chromiumPath, whySkipped } from '../test/support/find-chromium.ts'
import { writeLongLog } from '../test/support/long-log.ts'
import { buildPage, busyMillis, type Client, connectTo, droppedShare, openPage, viewport } from './renderer-page.ts'
import { measureScreens } from './renderer-screens.ts'
import { openRoom, pause, until } from './room.ts'
import { median, nearestRank } from './statistics.ts'

export interface RendererBench {
  /** First paints, each of a browser that has nothing in its cache. */
  readonly paints: number
  readonly bids: number
  /** How long 50 events a second are watched. */
  readonly seconds: number
  /** In the log that is scrolled. */
  readonly blocks: number
  /** How long it is scrolled, each way of scrolling. */
  readonly scrollSeconds: number
}

/**
 * The built interface in headless Chromium, served by real peers on the same machine, which share its cores with the browser:
 * what its screens take to appear, to tell of a bid, to stand a busy room, and to scroll a long log.
 */
export async function measureRenderer(bench: RendererBench): Promise<object> {
  if (chromiumPath === undefined) return { notMeasured: whySkipped }
  await buildPage()
  const browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false })
  try {
    const room = await openRoom(3, { http: true })
    try {
      const clients = await Promise.all(room.peers.map((peer) => connectTo(peer)))
      const first = await measureFirstScreen(browser, clients[0] as Client, bench.paints)
      const bids = await measureBids(browser, clients, bench.bids)
      const { bank, ...screens } = await measureScreens(browser, clients, bench.seconds)
      for (const { client } of clients) client.close()
      return { browser: browser.version(), ...first, ...bids, ...bank, ...screens, ...(await measureLog(browser, bench)) }
    } finally {
      await room.close()
    }
  } finally {
    await browser.close()
  }
}

/** From the start of the navigation to the first contentful paint, and to the heading of the screen with the room's own data in it. */
async function measureFirstScreen(browser: Browser, { address }: Client, runs: number): Promise<object> {
  const paints: number[] = []
  const shown: number[] = []
  let scriptBytes = 0
  for (let run = 0; run < runs; run++) {
    const context = await browser.newContext({ viewport, locale: 'en' })
    const page = await context.newPage()
    const scripts: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.push(response.body())
    })
    await page.addInitScript(`
      new MutationObserver((_, observer) => {
        if (document.querySelector('main h1') === null) return
        observer.disconnect()
        requestAnimationFrame(() => { window.shownAt = performance.now() })
      }).observe(document, { childList: true, subtree: true })`)
    await page.goto(`${address.url}/#token=${address.token}`)
    await until(async () => (await page.evaluate(hasPainted)) === true, 30_000)
    paints.push(Number(await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0].startTime')))
    shown.push(Number(await page.evaluate('window.shownAt')))
    await page.waitForLoadState('networkidle')
    scriptBytes = (await Promise.all(scripts)).reduce((sum, script) => sum + gzipSync(script).length, 0)
    await context.close()
  }
  return {
    firstPaintMillis: median(paints),
    screenShownMillis: median(shown),
    firstScreenScriptKilobytesGzipped: scriptBytes / 1_000,
    runs: { firstPaintMillis: paints, screenShownMillis: shown },
  }
}

const hasPainted = 'window.shownAt !== undefined && performance.getEntriesByName("first-contentful-paint").length > 0'

/** Each price that the page shows, with the time of the frame that painted it: comparable between processes of one machine. */
const watchPrice = `
  window.prices = []
  let price
  new MutationObserver(() => {
    const next = document.querySelector('[data-price]')?.dataset.price
    if (next === undefined || next === price) return
    price = next
    requestAnimationFrame(() => window.prices.push([Number(next), performance.timeOrigin + performance.now()]))
  }).observe(document, { attributes: true, childList: true, subtree: true })`

/**
 * Bids by two peers in turns; four pages, at all three of them, one of which is the projector. From the moment when the first peer
 * has told a headless client that the bid is committed, to the frame that shows its price on each page.
 */
async function measureBids(browser: Browser, clients: readonly Client[], bids: number): Promise<object> {
  const [seller, ...bidders] = clients as [Client, ...Client[]]
  const { api } = seller
  const { auction } = await api.auctions.start({
    ...{ item: 'Bench', payee: seller.account, startingPrice: '1', increment: '0.01', durationMillis: 3_600_000 },
  })
  await Promise.all(
    clients.map((each) => until(async () => (await each.api.auctions.list()).some((lot) => lot.auction === auction), 10_000)),
  )
  const places = [
    ...clients.map(({ address }) => ({ address, place: `#/lots/${auction}` })),
    { address: seller.address, place: `#/projector/${auction}` },
  ]
  const pages = await Promise.all(places.map(({ address, place }) => openPage(browser, address, place, watchPrice)))
  await Promise.all(pages.map((page) => page.locator('[data-price]').waitFor()))
  const committed = new Map<number, number>()
  const stop = new AbortController()
  const follows = clients.map((each) =>
    follow(each.api, stop.signal, (cents) => {
      if (!committed.has(cents)) committed.set(cents, performance.timeOrigin + performance.now())
    }),
  )
  await pause(1_000)
  for (let bid = 0; bid < bids; bid++) {
    const bidder = bidders[bid % bidders.length] as Client
    await bidder.api.auctions.bid({ auction, account: bidder.account, amount: ((100 + bid) / 100).toFixed(2) })
    await pause(150)
  }
  await pause(1_000)
  stop.abort()
  await Promise.all(follows)
  const delays: number[] = []
  for (const page of pages) {
    const prices = (await page.evaluate('window.prices')) as readonly (readonly [number, number])[]
    for (const [cents, at] of committed) {
      // A page that is late may go on to a later bid at once.
      const [, shownAt] = prices.find(([price]) => price >= cents) ?? []
      if (shownAt === undefined) throw new Error('a page never showed a bid that was committed')
      // The first bid is for the price that was shown before anybody bid.
      if (cents > 100) delays.push(shownAt - at)
    }
    await page.context().close()
  }
  return { bidOnScreenMillis: median(delays), bidOnScreenMillisP95: nearestRank(delays, 0.95), bidsSeen: delays.length }
}

async function follow(api: Api, signal: AbortSignal, onBid: (cents: number) => void): Promise<void> {
  try {
    for await (const event of await api.events({ after: 0 }, { signal })) {
      if (event.kind === 'market' && event.event.kind === 'bid-accepted') onBid(event.event.amount.cents)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** `wheel`: a few lines a frame, read as they pass. `fling`: all of them in the time given. */
async function measureLog(browser: Browser, { blocks, scrollSeconds }: RendererBench): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-renderer-'))
  const profile = join(folder, 'long')
  let peer: ChildProcess | undefined
  try {
    await writeLongLog(profile, 'long', blocks)
    const flags = ['--room', 'long', '--profile', profile, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    peer = spawn(process.execPath, [launcher, 'peer', ...flags], { stdio: 'ignore' })
    await until(async () => readApiAddress(profile) !== undefined, 60_000)
    const address = readApiAddress(profile)
    if (address === undefined) throw new Error('the peer does not say where its API is')
    const page = await openPage(browser, address, '#/log')
    // A log of 100,000 blocks is checked and replayed first.
    await page.locator('[data-block]:not(.absent)').first().waitFor({ timeout: 300_000 })
    const session = await page.context().newCDPSession(page)
    const result: Record<string, object> = {}
    for (const [name, step] of [
      ['wheel', '120'],
      ['fling', `(list.scrollHeight - list.clientHeight) / (${scrollSeconds} * 60)`],
    ] as const) {
      const busyBefore = await busyMillis(session)
      const intervals = (await page.evaluate(scrollBy(step, scrollSeconds * 1_000))) as number[]
      const busy = (await busyMillis(session)) - busyBefore
      await page.locator('[data-block]:not(.absent)').first().waitFor()
      const millis = intervals.reduce((sum, each) => sum + each, 0)
      result[name] = {
        framesPerSecond: (intervals.length / millis) * 1_000,
        droppedFrames: droppedShare(intervals),
        slowestFrameMillis: Math.max(...intervals),
        mainThreadMillisPerFrame: busy / intervals.length,
      }
      await page.evaluate('document.querySelector(".log-scroll").scrollTo(0, 0)')
      await pause(1_000)
    }
    await page.context().close()
    return { logBlocks: blocks, logScroll: result }
  } finally {
    peer?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const launcher = fileURLToPath(new URL('../src/cli/gavelring.mjs', import.meta.url))

/** Scrolls so many pixels a frame, from the top on; resolves with the time between any two frames. */
const scrollBy = (step: string, millis: number): string => `new Promise((resolve) => {
  const list = document.querySelector('.log-scroll')
  const step = ${step}
  const intervals = []
  let [first, last, at] = [undefined, undefined, 0]
  const tick = (now) => {
    if (last !== undefined) intervals.push(now - last)
    first ??= now
    last = now
    if (now - first > ${millis}) return resolve(intervals)
    // By the time that has passed, so that a slow machine scrolls as far.
    at = step * ((now - first) / (1000 / 60))
    list.scrollTop = at
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
})`
