import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { call, type PeerProcess, startPeer, startRoom, until } from '../e2e/room.ts'
import { writeLongLog } from '../support/long-log.ts'
import { describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'

describeScreens('the log', () => {
  test('a block is one line, with its author and what is in it; opened, it is there in full, and its signature is checked here', async () => {
    const [ana, bob] = await startRoom()
    await call(ana, 'account', 'open', 'ana', '--holder', 'Ana')
    await call(ana, 'deposit', 'ana', '10')
    await call(bob, 'account', 'open', 'bob', '--holder', 'Bob')
    await run(['transfer', 'ana', 'bob', '500', '--profile', ana.profile])
    const permissions = ['clipboard-read', 'clipboard-write']
    const page = await openPage(ana.profile, '#/log', { permissions })
    await lineOf(page, 'Open account bob').filter({ hasText: 'Bob' }).waitFor()
    const refused = lineOf(page, 'Transfer €500.00 from ana to bob')
    await refused.filter({ hasText: 'refused' }).click()

    const detail = page.getByRole('region', { name: /^Block \d+$/ })
    await detail.getByText('The account has not enough money: €10.00 is available.').waitFor()
    await detail.getByRole('button', { name: 'Check hash and signature' }).click()
    await detail.getByText('Checked here: the hash is that of its bytes, and the author’s key signed it.').waitFor()
    await detail.getByRole('button', { name: 'Copy the block' }).click()
    await detail.getByText('Copied', { exact: true }).waitFor()
    const copied: unknown = JSON.parse(String(await page.evaluate('navigator.clipboard.readText()')))
    expect(copied).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      signature: expect.stringMatching(/^[0-9a-f]{128}$/),
    })

    // Who has a block open sees nothing move; what has come is told above.
    await call(bob, 'deposit', 'bob', '7')
    const newer = page.getByRole('button', { name: /new blocks?$/ })
    await newer.waitFor()
    await detail.waitFor()
    await newer.click()
    await lineOf(page, 'Deposit €7.00 to bob').waitFor()
    await detail.waitFor({ state: 'hidden' })
    // At the top it goes along by itself.
    await call(bob, 'deposit', 'bob', '8')
    await lineOf(page, 'Deposit €8.00 to bob').waitFor()

    // The first block founds the room.
    await page.getByLabel('Block', { exact: true }).fill('0')
    await page.getByRole('button', { name: 'Go to the block' }).click()
    await page.getByRole('region', { name: 'Block 0' }).getByText('"currency": "EUR"').waitFor()
    await expectAccessible(page, 'a block in full')
  })

  test('of thousands of blocks those that are looked at are there: by wheel, by number, by arrow, by search', async () => {
    const long = await startLongLog(5_000)
    const page = await openPage(long.profile, '#/log')
    await page.getByText('5,001 blocks').waitFor()
    expect(await page.locator('[data-block]').count()).toBeLessThan(80)
    await page.getByLabel('Block', { exact: true }).fill('9999')
    await page.getByText('The newest block is 5,000.').waitFor()
    await page.getByLabel('Block', { exact: true }).fill('2500')
    await page.getByLabel('Block', { exact: true }).press('Enter')
    const opened = page.getByRole('button', { name: /^Block 2,500, Withdraw/ })
    await opened.waitFor()
    expect(await opened.getAttribute('aria-expanded')).toBe('true')
    await opened.click()
    await page.getByRole('region', { name: 'Block 2500' }).waitFor({ state: 'hidden' })

    // Arrows go from line to line, and on where the list has to be scrolled.
    await opened.focus()
    for (let press = 0; press < 40; press++) await page.keyboard.press('ArrowDown')
    await until(
      'the line 40 below has the focus',
      async () => (await page.evaluate('document.activeElement.dataset.block')) === '2460',
    )
    await page.getByRole('button', { name: /^Block 2,460, Transfer/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Block 2460' }).waitFor()

    await page.getByRole('button', { name: 'Check hash and signature' }).waitFor()
    await page.locator('.log-scroll').hover()
    await page.mouse.wheel(0, 1e7)
    await page.getByRole('button', { name: 'Block 0, Founds the room longlog' }).waitFor()

    const search = page.getByRole('search')
    await search.getByLabel('Search the log').fill('Payment 777')
    await search.getByRole('button', { name: 'Search', exact: true }).click()
    await search.getByText('1 block found').waitFor()
    await search.getByRole('link', { name: /Transfer/ }).click()
    await page.getByRole('region', { name: 'Block 777' }).waitFor()
    await search.getByLabel('Search the log').fill('withdraw')
    await search.getByRole('button', { name: 'Search', exact: true }).click()
    await search.getByRole('button', { name: 'Search on' }).or(search.getByText('99 blocks found')).waitFor()
    await search.getByRole('button', { name: 'Close the search' }).click()
    await search.getByRole('list').waitFor({ state: 'hidden' })
    await search.getByLabel('Search the log').fill('no such thing')
    await search.getByRole('button', { name: 'Search', exact: true }).click()
    await search.getByText('No block has it.').waitFor()
  })

  test('the whole log is verified, and exported as a file that `log verify` accepts; both say how far they are and can be stopped', async () => {
    const long = await startLongLog(8_000)
    const page = await openPage(long.profile, '#/log')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText(/^Verified [\d,]+ of 8,001 blocks$/).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Stopped.').waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('The log is good: 8,001 blocks, each hash, signature and rule.').waitFor()

    const folder = temporaryFolder()
    const saved = async (button: string): Promise<string> => {
      const coming = page.waitForEvent('download')
      await page.getByRole('button', { name: button }).click()
      const download = await coming
      const path = join(folder, download.suggestedFilename())
      await download.saveAs(path)
      return path
    }
    const lines = await saved('Export JSON Lines')
    expect(lines).toMatch(/gavelring-longlog\.jsonl$/)
    expect(await run(['log', 'verify', lines])).toMatchObject({ exitCode: 0 })
    const table = readFileSync(await saved('Export CSV'), 'utf8')
    expect(table.trim().split('\n').length).toBeGreaterThan(8_000)
    await page.getByText('8,001 blocks exported: gavelring-longlog.csv').waitFor()
  })

  test('the log is accessible, and fits the narrowest phone, in both themes and every language', async () => {
    const long = await startLongLog(300)
    const looks = [
      { colorScheme: 'light', locale: 'en', viewport: { width: 1440, height: 900 }, word: 'Log' },
      { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 390, height: 844 }, word: 'Registro' },
      { colorScheme: 'light', locale: 'es', viewport: { width: 360, height: 640 }, word: 'Registro' },
    ] as const
    for (const { word, ...look } of looks) {
      const page = await openPage(long.profile, '#/log', look)
      await page.getByRole('heading', { name: word, exact: true }).waitFor()
      await page.locator('[data-block="290"]:not(.absent)').waitFor()
      await goTo(page, '#/log/250')
      await page.locator('.log-detail dl').waitFor()
      const what = `log ${look.colorScheme} ${look.locale} ${look.viewport.width}`
      await expectAccessible(page, what)
      await expectNoOverflow(page, what)
    }
  })
})

const lineOf = (page: Page, text: string) => page.locator('.log-scroll [data-block]').filter({ hasText: text })

async function startLongLog(blocks: number): Promise<PeerProcess> {
  const profile = temporaryFolder()
  await writeLongLog(profile, 'longlog', blocks)
  return startPeer('Ana', profile, '--room', 'longlog')
}
