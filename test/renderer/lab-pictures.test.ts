import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { test } from 'vitest'
import { buildInterface, launch, openPageIn } from './support/chromium.ts'
import { ended, fillIn, quick, start, startFive } from './support/lab.ts'

/** `GAVELRING_PICTURES=1 npm test -- test/renderer/lab-pictures`: the lab's pictures of the documentation, drawn anew. */
test.skipIf(process.env.GAVELRING_PICTURES === undefined)('the pictures of the lab are drawn', { timeout: 300_000 }, async () => {
  await buildInterface()
  const [ana, bruno] = await startFive()
  const browser = await launch()
  try {
    const host = await openPageIn(browser, ana.profile, '#/lab', { viewport: { width: 1440, height: 1100 } })
    await fillIn(host, quick)
    await host.getByRole('button', { name: 'Run the whole series' }).click()
    await ended(host, 3)
    await host.locator('.lab-plots canvas').nth(3).waitFor()
    await host.locator('.lab-compare').evaluate('document.querySelector(".lab-compare").scrollIntoView()')
    await save(host, 'lab-results-light')
    await host.getByRole('link', { name: /^2 ricart-agrawala/ }).click()
    await host.locator('.lab-run[data-experiment="2"] .lab-stage').waitFor()
    await host.locator('.lab-stage .lab-mark.entered').nth(1).click()
    await host.locator('.lab-chosen [data-past]').waitFor()
    await host.evaluate('window.scrollTo(0, 0)')
    await save(host, 'lab-diagram-light')

    const looks = { colorScheme: 'dark', locale: 'es', viewport: { width: 1440, height: 1100 } } as const
    const guest = await openPageIn(browser, bruno.profile, '#/lab', looks)
    const phone = await openPageIn(browser, bruno.profile, '#/lab', {
      ...{ colorScheme: 'dark', locale: 'pt', viewport: { width: 390, height: 844 } },
    })
    await fillIn(host, { Algorithm: 'ricart-agrawala' })
    await host.getByLabel('Step mode').check()
    await start(host)
    await guest.locator('[data-held]').nth(19).waitFor()
    for (const [page, name] of [
      [host, 'Ana'],
      [guest, 'Eva'],
    ] as const)
      await page.locator('.lab-predict').getByRole('button', { name }).click()
    await host.locator('[data-round="1"]').getByText('2 votes').or(host.getByText('1 vote.')).waitFor()
    await host.locator('h1').click()
    await host.keyboard.press('Space')
    await guest.locator('[data-closed="1"]').waitFor()
    for (let step = 0; step < 300 && (await inside(host)) === 0; step++) {
      await host.keyboard.press('PageDown')
      await host.waitForTimeout(100)
    }
    await guest.locator('[data-closed="1"]:not([data-entered=""])').waitFor()
    await guest.evaluate('window.scrollTo(0, 0)')
    await save(guest, 'lab-step-dark-es')
    await phone.locator('[data-held]').first().waitFor()
    await save(phone, 'lab-phone-dark-pt')
  } finally {
    await browser.close()
  }
})

const inside = async (page: Page): Promise<number> => page.locator('[data-closed="1"]:not([data-entered=""])').count()

async function save(page: Page, name: string): Promise<void> {
  await page.evaluate('document.fonts.ready')
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
  await page.screenshot({ path, animations: 'disabled' })
}
