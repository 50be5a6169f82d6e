import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { expect, onTestFinished } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'

const places = [
  process.env.GAVELRING_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The browser of this machine; `undefined`: there is none. */
export const chromiumPath = places.find((place) => place !== undefined && existsSync(place))

export const whySkipped = 'no Chromium is found here: name one with GAVELRING_CHROMIUM'

export function launch(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(whySkipped)
  return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false })
}

/** The interface as it is now, where the peers serve it from. */
export async function buildInterface(): Promise<void> {
  const configFile = fileURLToPath(new URL('../../renderer/vite.config.ts', import.meta.url))
  await build({ configFile, configLoader: 'native', logLevel: 'warn' })
}

/** A page of the peer with this profile, at this place (`#/bank`). Whatever the page complains of fails the test. */
export async function openPage(
  browser: Browser,
  profile: string,
  place: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const address = readApiAddress(profile)
  if (address === undefined) throw new Error('the peer does not say where its API is')
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A peer that is stopped leaves its page alone: the network's own words are no complaint.
    if (message.type() === 'error' && !/net::ERR_|WebSocket/.test(message.text())) complaints.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  await page.goto(`${address.url}/#token=${address.token}`)
  await page.getByRole('navigation').waitFor()
  await goTo(page, place)
  return page
}

export async function goTo(page: Page, place: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(place)}`)
}

/** What axe finds on the page, in short: nothing. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // What moves has other colours on its way.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect([what, ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)]).toEqual([what])
}

export async function expectNoOverflow(page: Page, what: string): Promise<void> {
  const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect([what, over]).toEqual([what, 0])
}
