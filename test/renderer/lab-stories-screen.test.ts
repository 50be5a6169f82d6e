import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { stories } from '../../renderer/lab/stories.ts'
import { kill, type PeerProcess, startRoom, statusOf } from '../e2e/room.ts'
import { ended, startFive } from './support/lab.ts'
import { describeScreens, expectAccessible, expectNoOverflow, openPage } from './support/screens.ts'

/** Real processes and a real browser share two cores: a deadline only catches a hang. */
const long = { timeout: 300_000 }
const phone = { viewport: { width: 360, height: 780 }, reducedMotion: 'reduce' } as const

describeScreens('the lab’s stories', () => {
  test('are read in the page’s language; the host starts those that run on its room, and the others say how', long, async () => {
    const [ana, bob] = await startRoom()
    for (const [peer, locale, show, title, begins] of [
      [ana, 'en', 'Show the stories', 'The holder dies inside', 'Start it on this room'],
      [bob, 'pt', 'Mostrar as histórias', 'Quem está dentro morre', ''],
      [bob, 'es', 'Mostrar las historias', 'Muere quien está dentro', ''],
    ] as const) {
      const page = await openPage(peer.profile, '#/lab', { ...phone, locale })
      await openAll(page, show)
      const parts = page.locator('[data-story]')
      expect(await parts.evaluateAll((all) => all.map((one) => one.getAttribute('data-story')))).toEqual(stories)
      await parts.getByRole('heading', { name: title, level: 3 }).waitFor()
      // Sections of four a page, as text and not as it was written.
      expect(await parts.getByRole('heading', { level: 4 }).count()).toBe(4 * stories.length)
      expect(await page.locator('.lab-stories').innerText()).not.toMatch(/[#`]/)
      expect(await page.locator('.lab-command').allTextContents()).toEqual(stories.map((one) => `gavelring lab scenario ${one}`))
      expect(await parts.getByRole('button', { name: /on this room/ }).count()).toBe(begins === '' ? 0 : 3)
      await expectNoOverflow(page, `stories in ${locale} on a phone`)
      await expectAccessible(page, `stories in ${locale}`)
      await page.getByRole('button', { expanded: true }).click()
      expect(await parts.count()).toBe(0)
    }
  })

  test(
    'a holder dies on the room: the others wait until it has another view; then all ask at one Lamport time',
    long,
    async () => {
      const five = await startFive()
      const [ana] = five
      const page = await openPage(ana.profile, '#/lab')
      await openAll(page, 'Show the stories')
      await page.getByRole('button', { name: 'Start on this room: The holder dies inside' }).click()
      const row = page.locator('.lab-members tr[data-part="dead"]')
      await row.getByText('0 / 2').waitFor({ timeout: 60_000 })
      await expect.poll(() => page.locator('.lab-members tr[data-part="waiting"]').count(), { timeout: 60_000 }).toBe(4)
      const victim = await row.getAttribute('data-peer')
      const leaves = await someoneBut(victim, five)
      await kill(leaves)
      await ended(page, 1)
      expect(await page.locator('.lab-run .faults').count()).toBe(0)

      await page.getByRole('button', { name: 'Start on this room: Two ask at the same Lamport time' }).click()
      const held = page.locator('[data-held]')
      await page.locator('.lab-run[data-experiment="2"]').waitFor()
      // Four are left, and each asks the three others.
      await held.nth(11).waitFor()
      const times = (await held.allInnerTexts()).map((text) => /time:? (\d+)/.exec(text)?.[1])
      expect([times.length, new Set(times).size, times[0]]).toEqual([12, 1, expect.any(String)])
      await page.getByRole('button', { name: 'Stop', exact: true }).click()
      await ended(page, 2, 'stop')
    },
  )
})

async function openAll(page: Page, show: string): Promise<void> {
  await page.getByRole('button', { name: show }).click()
  const parts = page.locator('[data-story]')
  await parts.nth(stories.length - 1).waitFor()
  for (const summary of await parts.locator('summary').all()) await summary.click()
}

/** Neither the host, which is the first one. */
async function someoneBut(victim: string | null, [, ...others]: readonly PeerProcess[]): Promise<PeerProcess> {
  for (const peer of others) if ((await statusOf(peer)).self !== victim) return peer
  throw new Error('nobody is left')
}
