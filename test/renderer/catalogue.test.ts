import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { allMembers, call, kill, restart, startPeer, until } from '../e2e/room.ts'
import { longName, onePixel, openAccount } from './support/market.ts'
import { describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'

describeScreens('the catalogue', () => {
  test('lots come from a file with pictures, seen before they are added; they outlast a restart, and go on offer one by one', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    await openAccount(ana, 'ana', '10')
    const page = await openPage(ana.profile, '#/catalogue')
    await chooseFiles(page, manyLots)
    await page.getByText('Line 4: The price is no amount:').waitFor()
    await page.getByText('Line 5: No picture of this name is chosen: lamp.png').waitFor()
    await page.getByText('These are no pictures that can be shown: evil.png').waitFor()
    const preview = page.getByRole('region', { name: 'Lots in this file' })
    await preview.getByRole('row', { name: /Ship clock.*€40\.00.*€2\.50.*€60\.00.*5 min.*clock\.png/ }).waitFor()
    await expectAccessible(page, 'the preview of a file')
    expect(await ana.api.catalogue.list()).toEqual([])
    await page.getByRole('button', { name: 'Add 2 lots' }).click()
    await page.getByText('2 lots added.').waitFor()
    const queue = page.getByRole('list', { name: 'Next: 2 lots wait' })
    await queue.getByRole('img', { name: 'Picture of Ship clock' }).waitFor()

    await queue.getByRole('button', { name: 'Move Chess set up' }).click()
    await page.getByRole('button', { name: 'Start the next lot: Chess set' }).waitFor()
    await queue.getByRole('button', { name: 'Move Ship clock up' }).click()
    await page.getByRole('button', { name: 'Start the next lot: Ship clock' }).waitFor()

    await kill(ana)
    const again = await restart(ana)
    const later = await openPage(again.profile, '#/catalogue')
    await later.getByRole('list', { name: 'Next: 2 lots wait' }).getByRole('img', { name: 'Picture of Ship clock' }).waitFor()
    const wall = await openPage(again.profile, '#/projector', { viewport: { width: 1920, height: 1080 } })
    await wall.getByText('Next: Ship clock').waitFor()
    await wall.getByRole('img', { name: 'Picture of Ship clock' }).waitFor()

    // By its key: a field or a button that has the focus keeps its own.
    await later.locator('main').focus()
    await later.keyboard.press('n')
    const offered = later.getByRole('article')
    await offered.getByText('Ship clock').waitFor()
    await later.getByRole('list', { name: 'Next: 1 lot waits' }).waitFor()
    await wall.getByRole('heading', { name: 'Ship clock' }).waitFor()
    await wall.getByText('Next: Chess set').waitFor()
    const [clock] = await again.api.auctions.list()
    expect(await again.api.auctions.show({ auction: clock?.auction ?? '' })).toMatchObject({
      item: 'Ship clock',
      description: 'Eight-day, serviced',
      startingPrice: { cents: 4_000 },
      increment: { cents: 250 },
      reserve: { cents: 6_000 },
      durationMillis: 300_000,
      picture: onePixel.toString('base64url'),
    })

    await later.keyboard.press('p')
    await offered.getByRole('timer').filter({ hasText: 'Paused' }).waitFor()
    await offered.getByRole('button', { name: 'Resume' }).click()
    await offered.getByRole('timer').filter({ hasText: 'left' }).waitFor()
    await later.locator('main').focus()
    await later.keyboard.press('e')
    await until('the lot ends later', async () => {
      const [lot] = await again.api.auctions.list()
      return lot !== undefined && lot.endsAt > lot.startedAt + 300_000
    })
    await later.getByRole('button', { name: 'Remove Chess set' }).click()
    await later.getByText('No lot waits.').waitFor()
    expect(await again.api.catalogue.list()).toEqual([])
  })

  test('one lot is put into it by the form, and what cannot be a lot is refused there', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    await openAccount(ana, 'ana', '10')
    const page = await openPage(ana.profile, '#/start')
    await page.getByLabel('What is it').fill('Chess set')
    await page.getByLabel('Starting price').fill('12')
    await page.getByLabel('Increment').fill('0')
    await page.getByRole('button', { name: 'Put it into the catalogue' }).click()
    await page.getByText('The amount is too small.').waitFor()
    await page.getByLabel('Increment').fill('0.50')
    await page.getByRole('button', { name: 'Put it into the catalogue' }).click()
    await page.getByRole('button', { name: 'Start the next lot: Chess set' }).click()
    await page.getByRole('article').getByText('Chess set').waitFor()
    await page.locator('[data-outcome=committed]').last().waitFor()
  })

  test('as the end comes near every screen calls once and twice, and the keys of a lot bid what they say', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    await openAccount(ana, 'ana', '10')
    await openAccount(bob, 'bob', '500')
    await call(ana, 'auction', 'start', 'Clock', '--payee', 'ana', '--price', '40', '--increment', '2.50', '--seconds', '20')
    const page = await openPage(bob.profile, '#/lots/1')
    const wall = await openPage(ana.profile, '#/projector/1')
    await page.getByRole('button', { name: 'Bid €40.00' }).waitFor()
    const own = page.getByLabel('Own amount')
    await page.keyboard.press('+')
    expect(await own.inputValue()).toBe('42.50')
    await page.keyboard.press('+')
    await page.keyboard.press('-')
    expect(await own.inputValue()).toBe('42.50')
    await page.keyboard.press('-')
    await page.keyboard.press('-')
    expect(await own.inputValue()).toBe('')
    await page.keyboard.press('+')
    await page.getByRole('button', { name: 'Bid €42.50' }).last().waitFor()
    await page.keyboard.press('Enter')
    await page.locator('[data-price="4250"]').waitFor()
    // A bid says where it stands in the log.
    await page.getByRole('link', { name: /^Block \d+, turn \d+, Lamport [\d,]+$/ }).waitFor()
    await Promise.all([page, wall].map((each) => each.getByText('Going once', { exact: true }).waitFor()))
    await Promise.all([page, wall].map((each) => each.getByText('Going twice', { exact: true }).waitFor()))
    await Promise.all([page, wall].map((each) => each.getByText('Sold to bob for €42.50').waitFor()))
  })

  test('it is accessible and fits the narrowest phone, in both themes and every language', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    await openAccount(ana, 'ana', '10')
    await openAccount(ana, 'ann', '10')
    const picture = onePixel.toString('base64url')
    for (const item of [longName, 'Chess set', 'Lamp']) {
      await ana.api.catalogue.add({ item, startingPrice: '1164500', increment: '1', picture, durationMillis: 90_000 })
    }
    await call(ana, 'auction', 'start', longName, '--payee', 'ana', '--price', '1164500', '--seconds', '10m')
    const looks = [
      { colorScheme: 'light', locale: 'en', viewport: { width: 1440, height: 900 }, word: 'Catalogue' },
      { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 390, height: 844 }, word: 'Catálogo' },
      { colorScheme: 'light', locale: 'es', viewport: { width: 360, height: 640 }, word: 'Catálogo' },
    ] as const
    for (const { word, ...look } of looks) {
      const page = await openPage(ana.profile, '#/catalogue', look)
      await page.getByRole('heading', { name: word, exact: true }).waitFor()
      await page.locator('.queue-lot img').first().waitFor()
      await page.locator('details.add-lots summary').click()
      const what = `catalogue ${look.colorScheme} ${look.locale} ${look.viewport.width}`
      await expectAccessible(page, what)
      await expectNoOverflow(page, what)

      // What a button will bid is never cut short.
      await goTo(page, '#/lots/1')
      await page.locator('.offers button').nth(2).waitFor()
      const cut = `[...document.querySelectorAll('.offers .mantine-Button-label')].filter((label) => label.scrollWidth > label.clientWidth + 1).map((label) => label.textContent)`
      expect([what, await page.evaluate(cut)]).toEqual([what, []])

      await goTo(page, '#/bank')
      await page.locator('.history .receipt button').first().click()
      await page.locator('.receipt-card dl').waitFor()
      await expectAccessible(page, `receipt, ${what}`)
      await expectNoOverflow(page, `receipt, ${what}`)
    }
  })
})

const manyLots =
  'item,description,price,increment,reserve,duration,picture\n' +
  'Ship clock,"Eight-day, serviced",40,2.50,60,5m,pictures/Clock.png\n' +
  'Chess set,,12,,,,\n' +
  'Broken,,free,,,,\n' +
  'Lamp,,12,,,,lamp.png\n'

async function chooseFiles(page: Page, text: string): Promise<void> {
  const [table, pictures] = [page.locator('input[type=file]').nth(0), page.locator('input[type=file]').nth(1)]
  await table.setInputFiles({ name: 'lots.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await pictures.setInputFiles([
    { name: 'clock.png', mimeType: 'image/png', buffer: onePixel },
    { name: 'evil.png', mimeType: 'image/png', buffer: Buffer.from('<svg onload="alert(1)"/>') },
  ])
}
