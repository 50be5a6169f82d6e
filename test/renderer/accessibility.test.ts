import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { call, type PeerProcess } from '../e2e/room.ts'
import { longName, openAccount, startPair } from './support/market.ts'
import { describeScreens, expectAccessible, goTo, openPage } from './support/screens.ts'

/** Whoever has no mouse, sees little or nothing, or wants no movement: each screen, as it is in a room where something happens. */

/** Each with what is there once it is shown in full. */
const screens: readonly (readonly (readonly [place: string, sign: string])[])[] = [
  [
    ['#/', '.lot-row'],
    ['#/lots/1', '.offers button'],
    ['#/lots/3', '.price-block'],
    ['#/start', 'form input'],
  ],
  [
    ['#/catalogue', '.queue-lot'],
    ['#/bank', '.history .receipt button'],
    ['#/ring', 'button.ring-happening'],
    ['#/log', '[data-block]:not(.absent)'],
  ],
  [
    ['#/class', 'table td a'],
    ['#/lab', '#lab-set-up'],
    ['#/rooms', '.ways button'],
    ['#/settings', '.settings .facts'],
    ['#/projector/1', '[data-price]'],
  ],
]
const looks = [
  ['light', 'en', 1440, 900],
  ['dark', 'es', 390, 844],
] as const
const rounds = looks.flatMap((look) => screens.map((some) => [some.map(([place]) => place).join(' '), ...look, some] as const))

describeScreens('without a mouse, without colours, without movement', () => {
  test.each(rounds)(
    '%s, %s, in %s, %i wide: axe finds nothing, Tab reaches everything, and is seen where it is',
    async (_places, colorScheme, locale, width, height, some) => {
      const [ana] = await startFullRoom()
      const look = { colorScheme, locale, viewport: { width, height }, reducedMotion: 'reduce' } as const
      const page = await openPage(ana.profile, '#/', look)
      for (const [place, sign] of some) {
        await goTo(page, place)
        await page.locator(sign).first().waitFor()
        await expectAccessible(page, place)
        expect.soft([place, await page.evaluate(movements)]).toEqual([place, []])
        expect.soft([place, await tabThrough(page)]).toEqual([place, { unreached: [], unseen: [] }])
      }
    },
  )

  test('an outbid and a win are read out, on the page of the lot and on any other', async () => {
    const [ana, bob] = await startFullRoom()
    const lot = await openPage(bob.profile, '#/lots/1')
    const elsewhere = await openPage(bob.profile, '#/bank')
    await lot.getByRole('button', { name: 'Bid €40.00' }).press('Enter')
    await lot.getByText('You lead').waitFor()
    await call(ana, 'auction', 'bid', '1', '45', '--account', 'ann')
    await lot.getByRole('alert').filter({ hasText: 'You were outbid.' }).waitFor()
    await elsewhere
      .getByRole('status')
      .filter({ hasText: /Ship clock/ })
      .waitFor()
    // What it costs now is told, too.
    await lot.locator('[data-price="4500"][aria-live="polite"]').waitFor()
    await call(bob, 'auction', 'bid', '1', '90', '--account', 'bob')
    await lot
      .getByRole('alert')
      .filter({ hasText: /€90\.00/ })
      .waitFor()
    await elsewhere
      .getByRole('status')
      .filter({ hasText: /€90\.00/ })
      .waitFor()
  })
})

/** Lots that are open, ended and waiting, accounts with a history, and somebody else. */
async function startFullRoom(): Promise<[PeerProcess, PeerProcess]> {
  const [ana, bob] = await startPair()
  await openAccount(ana, 'ana', '10')
  await openAccount(ana, 'ann', '500')
  await openAccount(bob, 'bob', '500')
  const start = ['auction', 'start', '--payee', 'ana', '--seconds', '20m']
  await call(ana, ...start, 'Ship clock', '--price', '40', '--increment', '2.50', '--buy-now', '90')
  await call(ana, ...start, longName, '--price', '1164500')
  await call(ana, ...start, 'Chess set', '--price', '5', '--buy-now', '5')
  await call(bob, 'auction', 'bid', '3', '5', '--account', 'bob')
  await ana.api.catalogue.add({ item: 'Lamp', startingPrice: '8', increment: '1', durationMillis: 90_000 })
  await ana.api.catalogue.add({ item: longName, startingPrice: '8', increment: '1', durationMillis: 90_000 })
  return [ana, bob]
}

/** What moves although nobody wants it to. */
const movements = `document.getAnimations()
  .filter((each) => each.playState === 'running' && each.effect.getComputedTiming().duration > 20)
  .map((each) => each.animationName ?? each.transitionProperty)`

/** From the top of the page until Tab has gone round: what it never came to, and where nobody could see that it is there. */
async function tabThrough(page: Page): Promise<{ readonly unreached: readonly string[]; readonly unseen: readonly string[] }> {
  await page.evaluate(watchFocus)
  const steps = Number(await page.evaluate('wanted().length')) + 40
  for (let step = 0; step < steps; step++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('look()')) === true) break
  }
  return page.evaluate('({ unreached: unreached(), unseen: unseen() })')
}

const watchFocus = `{
  document.activeElement?.blur()
  // As if the page had just been opened: the next Tab begins at its top.
  const top = document.createElement('span')
  top.tabIndex = -1
  document.body.prepend(top)
  top.focus()
  top.remove()
  const nameOf = (element) => element.outerHTML.slice(0, 120)
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert], dialog:not([open])')
  window.wanted = () =>
    [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(
      (element) =>
        isShown(element) && element.tabIndex >= 0 && !element.disabled && element.type !== 'file' &&
        !(element.type === 'radio' && !element.checked),
    )
  const atFirst = wanted()
  const seen = new Set()
  const dark = new Set()
  const isMarked = (element) => {
    if (!element) return false
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element)
    return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1) || boxShadow !== 'none'
  }
  window.look = () => {
    const { activeElement: at } = document
    if (at === null || at === document.body) return seen.size > 0
    if (seen.has(at)) return false
    seen.add(at)
    if (![at, at.nextElementSibling, at.parentElement].some(isMarked)) dark.add(nameOf(at))
    return false
  }
  // A list that runs on has other lines by now.
  window.unreached = () => atFirst.filter((element) => element.isConnected && !seen.has(element)).map(nameOf)
  window.unseen = () => [...dark]
}`
