import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import type { TokenRole } from '../../src/api/procedures.ts'
import { temporaryFolder } from '../cli/processes.ts'
import { call, type PeerProcess, startPeer } from '../e2e/room.ts'
import { openAccount } from './support/market.ts'
import { browser, describeScreens, expectAccessible, goTo } from './support/screens.ts'

/** A page that was opened with a token of a role: the laptop at the wall, or of somebody who only looks on. */

interface Guest {
  readonly page: Page
  /** Of its token. */
  readonly id: string
}

/** In the same way as with the owner's: the token stands in the address. */
async function openAs({ profile, api }: PeerProcess, role: TokenRole, place: string): Promise<Guest> {
  const { id, token } = await api.tokens.create({ role })
  const context = await browser().newContext({ locale: 'en', viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  await page.goto(`${readApiAddress(profile)?.url}/#token=${token}`)
  await page.getByRole('navigation').waitFor()
  await goTo(page, place)
  return { page, id }
}

async function startEvening(): Promise<{ readonly ana: PeerProcess; readonly auction: string }> {
  const ana = await startPeer('Ana', temporaryFolder(), '--create')
  for (const account of ['host', 'ana']) await openAccount(ana, account, '100')
  const lot = ['--payee', 'host', '--price', '10', '--seconds', '600s']
  const { auction } = await call<{ auction: string }>(ana, 'auction', 'start', 'Brass lamp', ...lot)
  return { ana, auction }
}

const lookOnly = 'This page may look only. For this, open it with a token of the role bid.'
const notThis = 'This page may not do this. For this, open it with a token of the role host.'

describeScreens('a page that was opened with a role token', () => {
  test('read: it sees all that is public, what it may not do is greyed out with the reason, and nothing breaks', async () => {
    const { ana, auction } = await startEvening()
    const { page, id } = await openAs(ana, 'read', `#/lots/${auction}`)
    await page.getByRole('heading', { name: 'Brass lamp' }).waitFor()
    await page.getByText('may look only', { exact: true }).waitFor()
    await page.getByText(lookOnly).first().waitFor()
    expect(await page.getByRole('button', { name: /^Bid .*10\.00/ }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true)
    await expectAccessible(page, 'a lot that may not be bid for')

    // It hears what happens as everybody does.
    await ana.api.auctions.bid({ auction, account: 'ana', amount: '12.50' })
    await page.locator('[data-price="1250"]').waitFor()

    for (const [place, heading, reason] of [
      ['#/catalogue', 'Catalogue', notThis],
      ['#/start', 'Start a lot', notThis],
      ['#/bank', 'Bank', lookOnly],
      ['#/rooms', 'Rooms', notThis],
      ['#/class', 'Class', notThis],
      ['#/lab', 'Lab', notThis],
    ] as const) {
      await goTo(page, place)
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await page.getByText(reason).first().waitFor()
    }
    await goTo(page, '#/rooms')
    expect(await page.getByRole('button', { name: 'Leave this room' }).isDisabled()).toBe(true)
    // What is a button all the same is refused in words.
    await page.getByRole('button', { name: 'Show link and QR code' }).click()
    await page.getByText('This needs more rights than you have here.').waitFor()

    // The wall is what it is made for.
    await goTo(page, '#/projector')
    await page.locator('.wall').getByText('12.50').first().waitFor()

    await ana.api.tokens.revoke({ id })
    await page.getByText('This page’s token opens nothing here any more').waitFor()
  })

  test('bid: it bids, and does not govern; host: it does', async () => {
    const { ana, auction } = await startEvening()
    const { page } = await openAs(ana, 'bid', `#/lots/${auction}`)
    await page.getByText('may bid', { exact: true }).waitFor()
    await page.getByRole('button', { name: /^Bid .*10\.00/ }).click()
    await page.locator('.leader').waitFor()
    expect((await ana.api.auctions.show({ auction })).leader?.account).toBe('ana')
    expect(await page.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true)
    // Of the ways to move money those are there that are good for it.
    await goTo(page, '#/bank/ana')
    await page.getByRole('button', { name: 'Transfer', exact: true }).waitFor()
    expect(await page.getByRole('radio', { name: 'Deposit' }).count()).toBe(0)

    const host = (await openAs(ana, 'host', `#/lots/${auction}`)).page
    await host.getByText('may host', { exact: true }).waitFor()
    await host.getByRole('button', { name: 'Pause' }).click()
    await host
      .getByRole('button', { name: 'Go on' })
      .or(host.getByRole('button', { name: 'Resume' }))
      .waitFor()
    expect((await ana.api.auctions.show({ auction })).paused).toBeDefined()
  })
})
