import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { build } from 'vite'
import { expect, onTestFinished } from 'vitest'
import { readApiAddress } from '../../../src/api/api-files.ts'
import { chromiumPath, whySkipped } from '../../support/find-chromium.ts'

export { chromiumPath, whySkipped }

/** `namespace`: the network that it sees. What it is told, and what it answers, goes by a pipe all the same. */
export async function launch(namespace?: string): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(whySkipped)
  if (namespace === undefined) return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false })
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-chromium-'))
  const script = join(folder, 'chromium')
  writeFileSync(script, `#!/bin/sh\nexec ip netns exec ${namespace} '${chromiumPath}' "$@"\n`, { mode: 0o755 })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return chromium.launch({ executablePath: script, chromiumSandbox: false })
}

const here = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const served = here('dist/renderer')
/** What the interface in `served` was built from. A build by hand empties the folder, and this goes with it. */
const stamp = join(served, '.built-for-tests')

/**
 * The interface as it is now, where the peers serve it from. Test files run side by side: one of them builds, the others find it
 * done; and what an earlier build left stays, since a peer of another file may be about to serve it.
 */
export async function buildInterface(): Promise<void> {
  const unlock = await lock(here('dist/.renderer-lock'))
  try {
    const sources = sourcesOf('renderer', 'docs/lab', 'src/api', 'src/core', 'src/market', 'src/mutex')
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return
    rmSync(stamp, { force: true })
    const configFile = here('renderer/vite.config.ts')
    await build({ configFile, configLoader: 'native', logLevel: 'warn', build: { emptyOutDir: false } })
    writeFileSync(stamp, sources)
  } finally {
    unlock()
  }
}

/** Which files there are in these folders, and when each was last written. */
function sourcesOf(...folders: readonly string[]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(here(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name)),
  )
  return files
    .sort()
    .map((file) => `${file} ${statSync(file).mtimeMs}`)
    .join('\n')
}

/** No build takes as long as this; whoever holds the lock then has died. */
const lockMillisMax = 120_000

/** A folder is made by one only. Resolves with what gives it back. */
async function lock(folder: string): Promise<() => void> {
  mkdirSync(dirname(folder), { recursive: true })
  for (;;) {
    try {
      mkdirSync(folder)
      return () => rmSync(folder, { recursive: true, force: true })
    } catch {
      const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
      if (Date.now() - made > lockMillisMax) rmSync(folder, { recursive: true, force: true })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** A page of the peer with this profile, at this place (`#/bank`). Whatever the page complains of fails the test. */
export async function openPageIn(
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
