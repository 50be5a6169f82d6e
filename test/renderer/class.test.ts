import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { allMembers, call, startPeer } from '../e2e/room.ts'
import { describeScreens, expectAccessible, expectNoOverflow, openPage } from './support/screens.ts'

/** The host's screen: who is here, and accounts and deposits for all. */

describeScreens('the class', () => {
  test('a roster is shown with its faults before anything is done, then done once however often it is started', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create', '--deposits', 'host')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    await call(bob, 'account', 'open', 'bob', '--holder', 'Bob Brown')
    const page = await openPage(ana.profile, '#/class')
    const row = page.getByRole('row', { name: /^Bob/ })
    await row.getByText('member', { exact: true }).waitFor()
    await row.getByText('direct', { exact: true }).waitFor()
    await row.getByRole('link', { name: 'bob' }).waitFor()
    await page.getByRole('row', { name: /^Ana/ }).getByText('host', { exact: true }).waitFor()

    const text = [
      'account;name;amount',
      'cleo;Cleo Duarte;12,50',
      'no id;Nobody;1',
      'bob;Somebody else;7',
      'cleo;Cleo again;1',
      'dora;"Dora ""the"" Lima";1e3',
      'elias;;',
    ].join('\n')
    await page.locator('input[type=file]').setInputFiles({ name: 'class.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    await page.getByText('3 lines cannot be used and are left out').waitFor()
    await page.getByText('Line 3: “no id” is no account id').waitFor()
    await page.getByText('Line 5: cleo stands on line 2, too.').waitFor()
    await page.getByText('Line 6: “1e3” is no amount: write it like 100.50.').waitFor()
    const line = (number: number) => page.locator(`[data-line="${number}"]`)
    await line(2).getByText('is opened, belongs to this peer, and gets the amount').waitFor()
    await line(4).getByText('gets the amount', { exact: true }).waitFor()
    await line(7).getByText('is opened, and belongs to this peer').waitFor()
    expect(await call<unknown[]>(ana, 'account', 'list')).toHaveLength(1)
    await expectAccessible(page, 'roster')

    await page.getByLabel('Open the accounts that are missing').uncheck()
    await line(2).getByText('is not there yet: its owner opens it').waitFor()
    await page.getByLabel('Open the accounts that are missing').check()
    await page.getByRole('button', { name: 'Start: 4 operations' }).click()
    await page.getByText('All 4 operations are committed.').waitFor()
    const balances = async () =>
      (await ana.api.accounts.list()).map(({ account, available }) => `${account} ${available.cents}`).sort()
    expect(await balances()).toEqual(['bob 700', 'cleo 1250', 'elias 0'])

    // Again, on another page: the same requests, which are done already.
    const again = await openPage(ana.profile, '#/class')
    await again.getByLabel('Lines').fill(text)
    await again.getByRole('button', { name: 'Start: 2 operations' }).click()
    await again.getByText('All 2 operations are committed.').waitFor()
    expect(await balances()).toEqual(['bob 700', 'cleo 1250', 'elias 0'])
    await again.getByLabel('Round of deposits').fill('2')
    await again.getByRole('button', { name: 'Start: 2 operations' }).click()
    await again.locator('[data-line="4"]').getByText('committed', { exact: true }).waitFor()
    await expect.poll(balances).toEqual(['bob 1400', 'cleo 2500', 'elias 0'])

    const other = await openPage(bob.profile, '#/class')
    await other.getByText('The host, Ana, opens accounts and deposits for all here.').waitFor()
    expect(await other.getByLabel('Lines').count()).toBe(0)
  })

  test('a long roster can be stopped, and goes on where it was', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const page = await openPage(ana.profile, '#/class')
    const people = Array.from({ length: 400 }, (_, at) => `pupil-${at},Pupil ${at},1`)
    await page.getByLabel('Lines').fill(people.join('\n'))
    await page.getByRole('button', { name: 'Start: 800 operations' }).click()
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText(/^Stopped at \d+ of 800\. Start again to go on/).waitFor()
    const done = (await ana.api.accounts.list()).length
    expect(done).toBeLessThan(400)
    await page.getByRole('button', { name: /^Start: \d+ operations/ }).click()
    await page.getByText(/^All \d+ operations are committed\.$/).waitFor()
    const accounts = await ana.api.accounts.list()
    expect(accounts).toHaveLength(400)
    expect(accounts.filter(({ available }) => available.cents !== 100)).toEqual([])
  })

  test.each([
    { colorScheme: 'light', locale: 'en', viewport: { width: 1440, height: 900 }, word: 'Class' },
    { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 360, height: 640 }, word: 'Turma' },
    { colorScheme: 'dark', locale: 'es', viewport: { width: 390, height: 844 }, word: 'Clase' },
  ] as const)('it is accessible and fits: $word, $viewport.width px', async ({ word, ...look }) => {
    const ana = await startPeer('W'.repeat(64), temporaryFolder(), '--create')
    const page = await openPage(ana.profile, '#/class', look)
    await page.getByRole('heading', { name: word, exact: true }).waitFor()
    await page
      .getByRole('textbox')
      .first()
      .fill(`${'A'.repeat(32)},${'W'.repeat(64)},99999999.99\n${'x'.repeat(300)},${'y'.repeat(300)}`)
    await page.locator('[data-line="1"]').waitFor()
    await page.locator('.faults').waitFor()
    await expectAccessible(page, `class ${word}`)
    await expectNoOverflow(page, `class ${word}`)
  })
})
