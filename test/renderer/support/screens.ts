import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { buildInterface, chromiumPath, launch, openPageIn, whySkipped } from './chromium.ts'

/** What every test of a screen begins with: the interface as it is now, in one real Chromium for each test file. */

export { expectAccessible, expectNoOverflow, goTo } from './chromium.ts'

let shared: Browser | undefined

/** Only while tests of {@link describeScreens} run. */
export function browser(): Browser {
  if (shared === undefined) throw new Error('no test of a screen runs')
  return shared
}

/** Where there is no Chromium they are skipped, and the reason is told. */
export function describeScreens(what: string, tests: () => void): void {
  test.skipIf(chromiumPath !== undefined)(`not run: ${whySkipped}`, ({ skip }) => skip(whySkipped))
  describe.skipIf(chromiumPath === undefined)(what, () => {
    beforeAll(async () => {
      await buildInterface()
      shared = await launch()
    })
    afterAll(() => shared?.close())
    tests()
  })
}

/** A page of the peer with this profile, at this place (`#/bank`). Whatever the page complains of fails the test. */
export const openPage = (profile: string, place: string, options?: BrowserContextOptions): Promise<Page> =>
  openPageIn(browser(), profile, place, options)
