import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { allMembers, call, kill, startPeer, startRoom, statusOf, stopAll } from '../e2e/room.ts'
import { describeScreens, expectAccessible, expectNoOverflow, openPage } from './support/screens.ts'

/** The ring as people see it: three real peers, real frames, real Chromium. */

describeScreens('the ring’s screen', () => {
  test('the token is seen to go round; one that vanishes is voted out, and the circle closes', async () => {
    const [ana, bob, cleo] = await startRoom()
    const { members } = await statusOf(ana)
    const page = await openPage(ana.profile, '#/ring')
    await page.getByText('held: 3 of 3 members reachable').waitFor()
    await page.locator('.token[data-moving="true"]').waitFor()
    // Twice around: to each of the three, again and again.
    for (const peer of [...members, ...members]) await page.locator(`.token[data-at="${peer}"]`).waitFor()
    expect(await placesOf(page)).toHaveLength(3)
    const gone = (await statusOf(cleo)).self

    await kill(cleo)
    await page.locator('.ring-lately').getByText(isOut).waitFor()
    await page.getByText('held: 2 of 2 members reachable').waitFor()
    await page.locator(`.ring-peer.gone[data-peer="${gone}"]`).waitFor({ state: 'detached' })
    // Two of them stand at the bottom and at the top.
    await expect.poll(async () => xsOf(await placesOf(page)).length).toBe(1)
    for (const peer of members.filter((each) => each !== gone)) await page.locator(`.token[data-at="${peer}"]`).waitFor()

    await startPeer('Cleo', cleo.profile, '--bootstrap', ana.address)
    await page.locator('[data-news="came"]').filter({ hasText: 'Cleo is in the ring' }).waitFor()
    await expect.poll(async () => (await placesOf(page)).length).toBe(3)
    await allMembers([ana, bob, cleo])
  })

  test('one that says nothing any more is suspected first, and drawn with dashes', async () => {
    const [ana, , cleo] = await startRoom()
    const page = await openPage(ana.profile, '#/ring')
    const { self } = await statusOf(cleo)
    await page.locator(`.ring-peer[data-peer="${self}"]`).waitFor()
    // Its connections stay open: nothing but its silence tells.
    cleo.running.child.kill('SIGSTOP')
    try {
      await page.locator(`.ring-peer.missed[data-peer="${self}"]`).waitFor()
      await page.locator('.ring-lately').getByText(isOut).waitFor()
    } finally {
      cleo.running.child.kill('SIGCONT')
    }
  })

  test('one that leaves in good order is said to have left', async () => {
    const [ana, bob, cleo] = await startRoom()
    const page = await openPage(ana.profile, '#/ring')
    // Its request is seen once its frames are.
    await page
      .getByRole('button', { name: /Cleo to (Ana|Bob)/ })
      .first()
      .waitFor()
    await stopAll([cleo])
    await page.locator('.ring-lately').getByText('Cleo has left the ring').waitFor()
    await allMembers([ana, bob])
  })

  test('the diagram is stopped, zoomed and panned by keys; a message and a block are shown in full', async () => {
    const [ana, bob] = await startRoom()
    const page = await openPage(ana.profile, '#/ring')
    await call(bob, 'account', 'open', 'bob', '--holder', 'Bob')
    await page
      .getByRole('button', { name: /token-ack/ })
      .first()
      .waitFor()
    const stage = page.getByRole('application', { name: 'Space-time diagram' })
    const rows = page.locator('.ring-rows')
    await stage.focus()
    await page.keyboard.press('Space')
    await page.locator('.ring-rows[data-view="still"]').waitFor()
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => page.locator('.ring-chosen').textContent()).toMatch(/Lamport \d+/)
    const first = await page.locator('.ring-chosen').textContent()
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => page.locator('.ring-chosen').textContent()).not.toBe(first)
    await page.keyboard.press('+')
    await page.keyboard.press('-')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Enter')
    const detail = page.locator('.ring-detail')
    await detail.getByRole('heading', { level: 2 }).waitFor()
    expect(await detail.getByRole('heading', { level: 2 }).evaluate('document.activeElement.tagName')).toBe('H2')
    await page.keyboard.press('Escape')
    await detail.waitFor({ state: 'detached' })
    expect(await stage.evaluate('document.activeElement.className')).toBe('ring-stage')

    // What is marked is found under the pointer as well.
    const marked = await page.locator('.ring-mark').first().boundingBox()
    if (marked === null) throw new Error('nothing is marked')
    await page.mouse.click(marked.x + marked.width / 2, marked.y + marked.height / 2)
    await detail.waitFor()
    await page.getByRole('button', { name: 'Close' }).click()

    await page.getByRole('button', { name: 'Live' }).click()
    await page.locator('.ring-rows[data-view="live"]').waitFor()
    const box = await rows.boundingBox()
    if (box === null) throw new Error('the diagram is not shown')
    await page.mouse.move(box.x + box.width / 2, box.y + 5)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2 + 120, box.y + 5, { steps: 4 })
    await page.mouse.up()
    await page.locator('.ring-rows[data-view="still"]').waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
  })

  test('a message of this peer is shown with its fields and its bytes, from the list as well', async () => {
    const [ana] = await startRoom()
    const page = await openPage(ana.profile, '#/ring')
    const own = page.getByRole('button', { name: /Ana to (Bob|Cleo): token-ack, Lamport \d+, arrived at \d+/ }).first()
    await own.waitFor()
    await own.focus()
    await page.keyboard.press('Enter')
    const detail = page.getByRole('region', { name: 'Message: token-ack' })
    await detail.getByText(/^000000 {2}[0-9a-f]{2} /).waitFor()
    expect(await detail.locator('dt').allTextContents()).toEqual(
      expect.arrayContaining(['From', 'To', 'Sent', 'Arrived', 'epoch', 'turn']),
    )
    await page.getByText('Lamport time', { exact: true }).click()
    await page.getByRole('button', { name: 'Token', exact: true, pressed: true }).click()
    await page.getByRole('button', { name: 'Token', exact: true, pressed: false }).waitFor()
  })

  test('the host sets the pace, and it is shown as done once it is committed; others see who may', async () => {
    const [ana, bob] = await startRoom()
    const host = await openPage(ana.profile, '#/ring')
    const other = await openPage(bob.profile, '#/ring')
    await other.getByText('Only Ana, who founded the room, sets the pace.').waitFor()
    expect(await other.getByLabel('Classroom pace').isDisabled()).toBe(true)
    await host.getByText('250 ms a hop', { exact: true }).waitFor()
    await host.getByLabel('Classroom pace').focus()
    await host.keyboard.press('End')
    await host.getByText('→ 3 sec a hop').waitFor()
    await host.locator('.ring-pace [data-outcome=committed]').waitFor()
    for (const page of [host, other]) await page.locator('.ring-pace-now').getByText('3 sec a hop', { exact: true }).waitFor()
    await host.getByLabel('Classroom pace').focus()
    await host.keyboard.press('Home')
    await other.locator('.ring-pace-now').getByText('50 ms a hop', { exact: true }).waitFor()
  })

  test('who wants no movement sees the token where it is, never on its way', async () => {
    const [ana] = await startRoom()
    const page = await openPage(ana.profile, '#/ring', { reducedMotion: 'reduce' })
    const { members } = await statusOf(ana)
    await page.locator('.token').waitFor()
    await page.evaluate(`{
      const mark = document.querySelector('.token')
      window.seen = []
      new MutationObserver(() => window.seen.push(mark.dataset.moving)).observe(mark, { attributeFilter: ['data-moving'] })
    }`)
    for (const peer of members) await page.locator(`.token[data-at="${peer}"]`).waitFor()
    expect(await page.evaluate('window.seen.filter((each) => each === "true")')).toEqual([])
  })

  test('it is accessible in both themes, and fits the narrowest phone, in every language, with names of any length', async () => {
    const long = 'W'.repeat(64)
    const ana = await startPeer(long, temporaryFolder(), '--create')
    const bob = await startPeer('عربي Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    const looks = [
      { colorScheme: 'light', locale: 'en', viewport: { width: 1440, height: 900 } },
      { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 390, height: 844 } },
      { colorScheme: 'light', locale: 'es', viewport: { width: 360, height: 640 } },
      { colorScheme: 'dark', locale: 'en', viewport: { width: 1920, height: 1080 } },
    ] as const
    for (const look of looks) {
      const page = await openPage(ana.profile, '#/ring', look)
      await page.locator('button.ring-happening').first().click()
      await page.locator('.ring-detail .facts').first().waitFor()
      const what = `${look.colorScheme} ${look.locale} ${look.viewport.width}`
      await expectNoOverflow(page, what)
      await expectAccessible(page, what)
    }
  })
})

/** Which of the two depends on whether this peer noticed it by itself, or was asked by another one that had. */
const isOut = /Cleo (was voted out|is in the ring no more)/

/** Where the members of the circle stand, those on their way out aside. */
async function placesOf(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(
    "[...document.querySelectorAll('.ring-peer:not(.gone)')].map((each) => { const { x, width } = each.querySelector('.body').getBoundingClientRect(); return String(Math.round(x + width / 2)) })",
  )
}

const xsOf = (places: readonly string[]): readonly string[] => [...new Set(places)]
