import { fileURLToPath } from 'node:url'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { build } from 'vite'
import type { ApiAddress } from '../src/api/api-files.ts'
import { type Api, type ApiClient, connectApi } from '../src/api/client.ts'
import type { BenchRoom } from './room.ts'

/** Pages of the built interface, and what is measured on any of them. */

export const viewport = { width: 1440, height: 900 }

export async function buildPage(): Promise<void> {
  await build({
    configFile: fileURLToPath(new URL('../renderer/vite.config.ts', import.meta.url)),
    configLoader: 'native',
    logLevel: 'warn',
    // A peer that is running elsewhere may be about to serve what an earlier build left.
    build: { emptyOutDir: false },
  })
}

export interface Client {
  readonly address: ApiAddress
  readonly account: string
  readonly client: ApiClient
  readonly api: Api
}

export async function connectTo(peer: BenchRoom['peers'][number]): Promise<Client> {
  const { account, ...address } = await peer.order<ApiAddress & { account: string }>({ kind: 'api' })
  const client = await connectApi(address)
  return { address, account, client, api: client.api }
}

/** A page of its own browser profile; `script` runs before anything of the page does. */
export async function openPage(browser: Browser, { url, token }: ApiAddress, place: string, script?: string): Promise<Page> {
  const context = await browser.newContext({ viewport, locale: 'en' })
  const page = await context.newPage()
  if (script !== undefined) await page.addInitScript(script)
  await page.goto(`${url}/#token=${token}`)
  await page.getByRole('navigation').first().waitFor()
  await page.evaluate(`location.hash = ${JSON.stringify(place)}`)
  return page
}

/** The time between any two frames, for as long as the page lives. */
export const watchFrames = `
  window.frames_ = []
  let last
  const tick = (now) => {
    if (last !== undefined) window.frames_.push(now - last)
    last = now
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)`

const frameMillis = 1_000 / 60

/** Frames that should have been drawn at 60 a second and were not, of all that should have been. */
export function droppedShare(intervals: readonly number[]): number {
  const due = intervals.map((interval) => Math.max(1, Math.round(interval / frameMillis)))
  const all = due.reduce((sum, each) => sum + each, 0)
  return (all - intervals.length) / all
}

export async function memoryOf(session: CDPSession): Promise<{ readonly heapMiB: number; readonly nodes: number }> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  return { heapMiB: usedSize / 2 ** 20, nodes }
}

/** What the page's main thread has worked so far: other programs on the machine matter little to it. */
export async function busyMillis(session: CDPSession): Promise<number> {
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000
}
