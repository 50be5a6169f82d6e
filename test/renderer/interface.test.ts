import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { temporaryFolder } from '../cli/processes.ts'
import { call, kill, startPeer, startRoom } from '../e2e/room.ts'
import { longName, onePixel, openAccount, startPair } from './support/market.ts'
import { browser, describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'

/** The interface as people have it: real peers, real Chromium. */

describeScreens('the interface', () => {
  test('an account is opened, money comes in and goes to another, and both pages show it', async () => {
    const [ana, bob] = await startPair()
    await call(bob, 'account', 'open', 'bob', '--holder', 'Bob')
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await openPage(ana.profile, '#/bank', { permissions })
    await page.getByRole('button', { name: 'Open an account' }).click()
    await page.getByLabel('Account id').fill('ana')
    await page.getByRole('form', { name: 'Open an account' }).getByRole('button', { name: 'Open an account' }).click()
    const form = page.getByRole('form', { name: 'Deposit' })
    await form.getByLabel('Amount (EUR)').fill('100.50')
    await form.getByRole('button', { name: 'Deposit €100.50' }).click()
    await page.locator('[data-available="10050"]').waitFor()

    const other = await openPage(bob.profile, '#/bank/bob')
    await page.getByText('Transfer', { exact: true }).first().click()
    const transfer = page.getByRole('form', { name: 'Transfer' })
    await transfer.getByLabel('To account').fill('bob')
    await transfer.getByLabel('Amount (EUR)').fill('0.75')
    await transfer.getByLabel('Memo').fill('for cake')
    await transfer.getByLabel('Memo').press('Enter')
    await page.locator('[data-available="9975"]').waitFor()
    await other.locator('[data-available="75"]').waitFor()
    await other.getByRole('cell', { name: 'for cake' }).waitFor()

    // The receipt has the block as it was signed, and is checked in the page.
    await page
      .getByRole('button', { name: /^Receipt, block/ })
      .first()
      .click()
    const receipt = page.getByRole('region', { name: /^Receipt, block/ })
    await receipt.getByRole('button', { name: 'Copy the receipt' }).click()
    await receipt.getByText('Copied', { exact: true }).waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()')
    expect(copied).toMatch(/"hash": "[0-9a-f]{64}",\s*"signature": "[0-9a-f]{128}",\s*"bytes": "/)
    await receipt.getByRole('button', { name: 'Check hash and signature' }).click()
    await receipt.getByText(/^Checked here/).waitFor()

    // More than there is: refused in words, with the number.
    await transfer.getByLabel('Amount (EUR)').fill('500')
    await transfer.getByRole('button', { name: 'Transfer €500.00' }).click()
    await page.getByText('The account has not enough money: €99.75 is available.').waitFor()
    await page.locator('[data-available="9975"]').waitFor()
  })

  test('a lot is started with a picture, bid for and outbid on two pages, and paused', async () => {
    const [ana, bob] = await startPair()
    await openAccount(ana, 'ana', '10')
    await openAccount(ana, 'ann', '500')
    await openAccount(bob, 'bob', '500')
    const seller = await openPage(ana.profile, '#/start')
    await seller.getByLabel('What is it').fill('Ship clock')
    await seller.getByLabel('Starting price').fill('40')
    await seller.getByLabel('Increment').fill('2.50')
    await seller.getByLabel('Duration').selectOption({ label: '10 min' })
    await seller.getByLabel('Account that is paid').selectOption('ana')
    const files = seller.locator('input[type=file]')
    await files.setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('<svg onload="alert(1)"/>') })
    await seller.getByText('This is no picture: PNG, JPEG, WebP and GIF are read.').waitFor()
    await files.setInputFiles({ name: 'yes.png', mimeType: 'image/png', buffer: onePixel })
    await seller.getByRole('img', { name: 'Picture of Ship clock' }).waitFor()
    await seller.getByRole('button', { name: 'Start the lot' }).click()
    await seller.getByRole('heading', { name: 'Ship clock' }).waitFor()

    const buyer = await openPage(bob.profile, '#/')
    await buyer.getByRole('link', { name: /Ship clock/ }).click()
    await buyer.getByRole('img', { name: 'Picture of Ship clock' }).waitFor()
    // Enter bids the least.
    await buyer.getByLabel('Own amount').press('Enter')
    await buyer.getByText('You lead').waitFor()
    await buyer.locator('[data-outcome=committed]').waitFor()
    await seller.locator('[data-price="4000"]').waitFor()
    await seller.getByText('bob leads').waitFor()

    // Two steps more than the least.
    await seller.getByRole('button', { name: 'Bid €47.50' }).click()
    await seller.getByText('You lead').waitFor()
    await buyer.getByText('You were outbid. Your money is free again.').waitFor()
    await buyer.getByRole('button', { name: 'Bid €50.00' }).waitFor()
    await buyer.getByLabel('Own amount').fill('48')
    await buyer.getByRole('button', { name: 'Bid €48.00' }).click()
    await buyer.getByText('The bid is too low: it must be at least €50.00.').waitFor()

    await seller.getByRole('button', { name: 'Pause' }).click()
    await buyer.getByRole('timer').filter({ hasText: 'Paused' }).waitFor()
    expect(await buyer.getByRole('button', { name: 'Bid €50.00' }).isDisabled()).toBe(true)
    await seller.getByRole('button', { name: 'Resume' }).click()
    await seller.getByRole('button', { name: 'Cancel the lot' }).click()
    await seller.getByLabel('Reason').fill('It was broken')
    await seller.getByRole('button', { name: 'Cancel the lot' }).click()
    await buyer.getByText('Cancelled. Reason: It was broken').waitFor()
  })

  test('an automatic bidder bids the least, is listed, and can be stopped', async () => {
    const [ana, bob] = await startPair()
    await openAccount(ana, 'ana', '10')
    await openAccount(bob, 'bob', '500')
    await call(ana, 'auction', 'start', 'Ship clock', '--payee', 'ana', '--price', '40', '--seconds', '10m')
    const page = await openPage(bob.profile, '#/lots/1')
    await page.getByText('Automatic bidders').click()
    await page.getByLabel('Limit').fill('39')
    await page.getByRole('button', { name: 'Start bidding' }).click()
    await page.getByText('The bid is too low: it must be at least €40.00.').waitFor()
    await page.getByLabel('Limit').fill('60')
    await page.getByRole('button', { name: 'Start bidding' }).click()
    await page.getByText('bob: up to €60.00').waitFor()
    await page.locator('[data-price="4000"]').waitFor()
    await page.getByText('You lead').waitFor()
    await page.getByRole('button', { name: 'Stop the bidder of bob' }).click()
    await page.getByText('bob: up to €60.00').waitFor({ state: 'hidden' })
  })

  test('on the page itself Enter bids the least, and what was typed otherwise', async () => {
    const [ana, bob] = await startPair()
    await openAccount(ana, 'ana', '10')
    await openAccount(bob, 'bob', '500')
    await call(
      ana,
      'auction',
      'start',
      'Ship clock',
      '--payee',
      'ana',
      '--price',
      '40',
      '--increment',
      '2.50',
      '--seconds',
      '10m',
    )
    const page = await openPage(bob.profile, '#/lots/1')
    await page.getByRole('button', { name: 'Bid €40.00' }).waitFor()
    await page.keyboard.press('Enter')
    await page.locator('[data-price="4000"]').waitFor()
    await page.getByRole('button', { name: 'Bid €42.50', disabled: false }).waitFor()
    await page.getByLabel('Own amount').fill('44')
    await page.getByRole('button', { name: 'Bid €44.00' }).waitFor()
    await page.getByLabel('Own amount').press('Enter')
    await page.locator('[data-price="4400"]').waitFor()
    // With something typed the large button still bids what it says.
    await page.getByLabel('Own amount').fill('90')
    await page.getByRole('button', { name: 'Bid €46.50' }).click()
    await page.locator('[data-price="4650"]').waitFor()

    // On another screen it is told that somebody else leads now, with the way there.
    await openAccount(ana, 'ann', '500')
    await goTo(page, '#/bank')
    await page.getByRole('heading', { name: 'Bank' }).waitFor()
    await call(ana, 'auction', 'bid', '1', '60', '--account', 'ann')
    await page.getByRole('link', { name: 'Outbid on lot 1, Ship clock: ann leads with €60.00' }).click()
    await page.getByText('You were outbid. Your money is free again.').waitFor()

    // The page of the lot itself says it, also where its address names it by number: a notice would say it twice.
    await goTo(page, '#/lots/1')
    await page.locator('[data-price="6000"]').waitFor()
    await call(bob, 'auction', 'bid', '1', '65', '--account', 'bob')
    await page.getByText('You lead').waitFor()
    await call(ana, 'auction', 'bid', '1', '70', '--account', 'ann')
    await page.locator('[data-price="7000"]').waitFor()
    await page.getByText('You were outbid. Your money is free again.').waitFor()
    expect(await page.locator('.notice').count()).toBe(0)

    // What the keys of this page do stands in their list.
    await page.locator('main').focus()
    await page.keyboard.press('?')
    const keys = page.getByRole('dialog', { name: 'Keys' })
    await keys.getByText('Enter', { exact: true }).waitFor()
  })

  test('a page says when its peer is gone, and when it needs another token', async () => {
    const folder = temporaryFolder()
    const ana = await startPeer('Ana', folder, '--create')
    const page = await openPage(folder, '#/bank')
    await page.getByRole('heading', { name: 'Bank' }).waitFor()
    const { host } = new URL(page.url())
    await kill(ana)
    await page.getByText('This page has lost its peer and is reconnecting.').waitFor()
    await startPeer('Ana', folder, '--http', host)
    await page.getByText('this page’s token is not its token').waitFor()
    const token = readApiAddress(folder)?.token ?? ''
    await goTo(page, `#token=${token}`)
    await page.getByRole('heading', { name: 'Auctions' }).waitFor()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    await page.getByText('this page’s token is not its token').waitFor({ state: 'hidden' })

    const stranger = await browser().newPage({ locale: 'en' })
    await stranger.goto(`http://${host}/`)
    await stranger.getByText('This page was opened without the token of its peer.').waitFor()
    await stranger.close()
  })

  test('the join link is shown when it is asked for, with its QR code', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const page = await openPage(ana.profile, '#/rooms')
    await page.getByRole('button', { name: 'Show link and QR code' }).click()
    await page.getByRole('img', { name: 'QR code of the join link' }).waitFor()
    expect(await page.getByLabel('Join link', { exact: true }).textContent()).toMatch(/^gavelring:\/\/join\?/)
  })

  test('on the wall the price is at least 14 hundredths of its height, and the pointer goes', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    await openAccount(ana, 'ana', '10')
    for (const price of ['40', '1164500']) {
      await call(ana, 'auction', 'start', longName, '--payee', 'ana', '--price', price, '--seconds', '10m')
    }
    for (const [lot, cents] of [
      ['1', '4000'],
      ['2', '116450000'],
    ] as const) {
      const page = await openPage(ana.profile, `#/projector/${lot}`, { viewport: { width: 1920, height: 1080 } })
      await page.locator(`[data-price="${cents}"]`).waitFor()
      const share = 'parseFloat(getComputedStyle(document.querySelector("[data-price]")).fontSize) / innerHeight'
      expect(await page.evaluate(share)).toBeGreaterThanOrEqual(0.14)
      await expectNoOverflow(page, `lot ${lot} on the wall`)
      await page.locator('main.idle').waitFor()
      expect(await page.evaluate('getComputedStyle(document.querySelector("main")).cursor')).toBe('none')
    }
  })

  test('the first screen loads at most 300 kB of scripts, gzipped', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const address = readApiAddress(ana.profile)
    const page = await browser().newPage({ locale: 'es' })
    const scripts: Promise<Buffer>[] = []
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.push(response.body())
    })
    await page.goto(`${address?.url}/#token=${address?.token}`)
    await page.getByRole('heading', { name: 'Subastas' }).waitFor()
    const bytes = (await Promise.all(scripts)).map((script) => gzipSync(script).length).reduce((sum, each) => sum + each, 0)
    await page.close()
    expect(scripts.length).toBeGreaterThan(1)
    expect(bytes).toBeLessThanOrEqual(300_000)
  })

  test('without a quorum one bar says who is missing; what is asked for waits, and can be taken back; with them back it goes on', async () => {
    const [ana, bob, cleo] = await startRoom()
    await openAccount(ana, 'ana', '10')
    const page = await openPage(ana.profile, '#/bank')
    await page.locator('[data-available="1000"]').waitFor()
    await Promise.all([kill(bob), kill(cleo)])
    await page.getByText(/^The room is waiting: no quorum, 1 of 3 members reachable/).waitFor()
    await page.getByText(/Missing: Bob and Cleo|Missing: Cleo and Bob/).waitFor()
    const form = page.getByRole('form', { name: 'Deposit' })
    await form.getByLabel('Amount (EUR)').fill('5')
    await form.getByRole('button', { name: 'Deposit €5.00' }).click()
    await page.locator('[data-outcome=pending]').waitFor()
    const pending = page.getByRole('region', { name: 'Waiting for the token' })
    await pending.getByText('Deposit €5.00 to ana').waitFor()
    await page.locator('[data-available="1000"]').waitFor()
    await pending.getByRole('button', { name: 'Take back' }).click()
    await pending.waitFor({ state: 'hidden' })

    await startPeer('Bob', bob.profile, '--bootstrap', ana.address)
    await page.getByText(/The room is waiting/).waitFor({ state: 'hidden' })
    await page.locator('[data-outcome=refused], [data-outcome=unsettled]').waitFor()
    await form.getByLabel('Amount (EUR)').fill('7')
    await form.getByRole('button', { name: 'Deposit €7.00' }).click()
    // 5 were taken back: they are not in it.
    await page.locator('[data-available="1700"]').waitFor()
  })

  test.each([
    { colorScheme: 'light', locale: 'en', viewport: { width: 1440, height: 900 }, word: 'Auctions' },
    { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 390, height: 844 }, word: 'Leilões' },
    { colorScheme: 'dark', locale: 'es', viewport: { width: 1440, height: 900 }, word: 'Subastas' },
    { colorScheme: 'light', locale: 'pt-PT', viewport: { width: 360, height: 640 }, word: 'Leilões' },
  ] as const)('every screen is accessible and fits: $colorScheme, $locale, $viewport.width px', async ({ word, ...look }) => {
    const [ana] = await startPair()
    await openAccount(ana, 'ana', '90000000')
    await call(ana, 'account', 'open', 'A'.repeat(32), '--holder', 'W'.repeat(64))
    await call(ana, 'auction', 'start', longName, '--payee', 'A'.repeat(32), '--price', '1164500', '--seconds', '10m')
    const page = await openPage(ana.profile, '#/', look)
    await page.getByRole('heading', { name: word, exact: true }).waitFor()
    for (const [place, screen] of [
      ['#/', 'auctions'],
      ['#/lots/1', 'lot'],
      ['#/start', 'start-lot'],
      ['#/catalogue', 'catalogue'],
      ['#/bank', 'bank'],
      [`#/bank/${'A'.repeat(32)}`, 'bank'],
      ['#/ring', 'ring'],
      ['#/log', 'log'],
      ['#/class', 'class'],
      ['#/rooms', 'welcome'],
      ['#/settings', 'settings'],
      ['#/projector', 'projector'],
    ] as const) {
      await goTo(page, place)
      await page.locator(`main[data-screen=${screen}] h1`).first().waitFor()
      await expectAccessible(page, place)
      await expectNoOverflow(page, place)
    }
  })

  test('language and theme are chosen in the settings, and kept', async () => {
    const [ana] = await startPair()
    const page = await openPage(ana.profile, '#/settings')
    await page.getByLabel('Language').selectOption('es')
    await page.getByRole('heading', { name: 'Ajustes' }).waitFor()
    await page.getByText('Oscuro', { exact: true }).click()
    await page.reload()
    await page.getByRole('heading', { name: 'Ajustes' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('es')
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark')
  })
})
