import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { kill, type PeerProcess, startPeer, startRoom, statusOf } from '../e2e/room.ts'
import { ended, fillIn, quick, start, startFive } from './support/lab.ts'
import { describeScreens, expectAccessible, expectNoOverflow, openPage } from './support/screens.ts'

/** The lab as people see it: five real peers, real Chromium. */

/** Real processes and a real browser share two cores: a deadline only catches a hang. */
const calm = { timeout: 30_000 }
const long = { timeout: 300_000 }

const phone = { colorScheme: 'dark', locale: 'pt', viewport: { width: 360, height: 780 }, reducedMotion: 'reduce' } as const

describeScreens('the lab’s screen', () => {
  test('one click runs the three; everybody sees them beside the theory, and side by side', long, async () => {
    const [ana, bruno] = await startFive()
    const host = await openPage(ana.profile, '#/lab')
    const guest = await openPage(bruno.profile, '#/lab', phone)
    await host.getByText('Choose an algorithm below and start it: all members take part.').waitFor()
    await guest.getByText('Ana, que fundou a sala, começa os experimentos.', { exact: false }).waitFor()
    expect(await guest.getByRole('button', { name: 'Começar' }).count()).toBe(0)

    // Twenty stays one after the other: each of the three takes long enough to be seen.
    await fillIn(host, { ...quick, 'Stay at least (ms)': '60', 'Stay at most (ms)': '60' })
    await host.getByRole('button', { name: 'Run the whole series' }).click()
    await host.getByText(/^Series: \d of 3/).waitFor()
    for (const page of [host, guest]) {
      await ended(page, 3)
      for (const experiment of [1, 2, 3]) await page.locator(`[data-result="${experiment}"]`).waitFor()
      await page.locator('.lab-plots canvas').nth(3).waitFor()
    }
    const besides = host.getByRole('region', { name: 'Figures side by side' })
    // A coordinator says nothing to itself: of five that enter equally often, four fifths of 3.
    expect(await besides.getByRole('row', { name: /^Messages per entry/ }).innerText()).toMatch(/2\.40\s+8\.00\s+\d/)
    expect(await besides.getByRole('row', { name: /^Theory/ }).innerText()).toMatch(
      /3\(n-1\)\/n = 2\.40\s+2\(n-1\) = 8\.00\s+1 to n/,
    )
    expect(await host.getByRole('img', { name: /^Messages per entry: centralized 2\.40, ricart-agrawala 8\.00/ }).count()).toBe(1)
    await expectNoOverflow(guest, 'results on a phone')
    await expectAccessible(host, 'results')
    await expectAccessible(guest, 'results on a phone')
    // No name in the bar below lies on the one beside it.
    expect(await guest.evaluate(wideNames)).toEqual([])

    await host.getByRole('link', { name: /^2 ricart-agrawala/ }).click()
    await host.locator('[data-messages="8.00"]').getByText('as the theory says').waitFor()
    await host.getByRole('button', { name: 'Repeat with the same seed' }).click()
    await ended(host, 4)
    await host.getByRole('heading', { name: /^Experiment 4: ricart-agrawala/ }).waitFor()
    await host.locator('[data-messages="8.00"]').waitFor()
  })

  test('a run is told as a diagram: past and future of an event, times, and files', long, async () => {
    const [ana] = await startFive()
    const page = await openPage(ana.profile, '#/lab')
    await fillIn(page, { ...quick, Algorithm: 'ricart-agrawala' })
    await start(page)
    await ended(page, 1)
    await page.locator('.lab-rows[data-whole="true"]').waitFor()
    const stage = page.getByRole('application', { name: 'Space-time diagram' })
    await stage.focus()
    await page.keyboard.press('ArrowLeft')
    const cones = page.locator('.lab-chosen [data-past]')
    await cones.waitFor()
    // The last event of all: nothing knows of it, and it is not the whole past.
    expect(await cones.getAttribute('data-future')).toBe('0')
    const last = Number(await page.locator('[data-chosen]').getAttribute('data-chosen'))
    await page.keyboard.press('ArrowLeft')
    await page.locator(`[data-chosen="${last - 1}"]`).waitFor()
    await page.keyboard.press('ArrowUp')
    await expect
      .poll(async () => Number(await page.locator('[data-chosen]').getAttribute('data-chosen')), calm)
      .toBeLessThan(last - 1)
    const counts = await page.locator('.lab-chosen').innerText()
    const [, past, future, apart] = /of (\d+) events, (\d+) can know of it, (\d+) are concurrent/.exec(counts) ?? []
    expect(await page.locator('.lab-mark.chosen').count()).toBe(1)
    expect(await page.locator('.lab-mark.past').count()).toBeGreaterThan(0)
    expect(counts).toMatch(/Vector time: (\w+ \d+(, )?){2,5}\./)

    // An entry that is clicked is chosen, too.
    await page.locator('.lab-stage .lab-mark.entered').last().click()
    await page
      .locator('.lab-chosen')
      .getByText(/enters, Lamport \d+/)
      .waitFor()
    await page.getByText('Vector', { exact: true }).click()
    await page
      .locator('.lab-label')
      .filter({ hasText: /^\d+(,\d+){4}$/ })
      .first()
      .waitFor()
    for (const axis of ['Time', 'Lamport time', 'Order']) await page.getByText(axis, { exact: true }).click()
    const slider = page.getByLabel('Move through the run')
    const ticks = () => page.locator('.lab-tick').allTextContents()
    const before = await ticks()
    await slider.focus()
    await page.keyboard.press('Home')
    await expect.poll(ticks, calm).not.toEqual(before)
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await expectAccessible(page, 'a diagram')

    const files = new Map<string, Buffer>()
    for (const kind of ['SVG', 'PNG', 'CSV', 'JSON', 'ShiViz']) {
      const downloading = page.waitForEvent('download')
      await page.getByRole('button', { name: kind, exact: true }).click()
      const download = await downloading
      expect(download.suggestedFilename()).toMatch(/^gavelring-lab-1-ricart-agrawala\.(svg|png|csv|json|log)$/)
      files.set(kind, await readFile(await download.path()))
    }
    const handingIn = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Report', exact: true }).click()
    const handedIn = await handingIn
    const paper = join(temporaryFolder(), handedIn.suggestedFilename())
    await handedIn.saveAs(paper)
    expect(paper).toMatch(/gavelring-lab-1-ricart-agrawala\.html$/)
    expect(await run(['lab', 'check', paper, '--profile', ana.profile])).toMatchObject({ exitCode: 0 })

    const text = (kind: string): string => files.get(kind)?.toString('utf8') ?? ''
    expect(text('SVG')).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*Experiment 1: ricart-agrawala[\s\S]*<\/svg>$/,
    )
    expect(files.get('PNG')?.subarray(1, 4).toString('latin1')).toBe('PNG')
    expect(files.get('PNG')?.length).toBeGreaterThan(2_000)
    const events: { kind: string; what?: string }[] = JSON.parse(text('JSON'))
    const own = events.filter(({ kind }) => kind === 'event')
    expect(events.filter(({ what }) => what === 'entered')).toHaveLength(20)
    expect(Number(past) + Number(future) + Number(apart) + 1).toBe(own.length)
    expect(text('CSV').trimEnd().split('\r\n')).toHaveLength(events.length + 1)
    expect(text('ShiViz').split('\n')[0]).toMatch(/\(\?<event>/)
    expect(text('ShiViz').match(/^(Ana|Bruno|Clara|Davi|Eva) \{/gm)).toHaveLength(own.length)
  })

  test('step by step: everybody says who enters next, the host lets messages go, drops and delays them', long, async () => {
    const [ana, bruno, clara] = await startFive()
    const host = await openPage(ana.profile, '#/lab')
    const guests = [await openPage(bruno.profile, '#/lab'), await openPage(clara.profile, '#/lab', phone)]
    await fillIn(host, { ...quick, 'Entries of each peer': '1', Algorithm: 'ricart-agrawala' })
    await host.getByLabel('Step mode').check()
    await start(host)
    const held = host.locator('[data-held]')
    // Each of the five asks the four others.
    await held.nth(19).waitFor()
    for (const guest of guests) {
      await guest.locator('[data-held]').nth(19).waitFor()
      expect(await guest.locator('.lab-held button').count()).toBe(0)
    }
    await expectAccessible(host, 'step mode')
    await expectAccessible(guests[1] as Page, 'step mode, a guest on a phone')
    await expectNoOverflow(guests[1] as Page, 'step mode on a phone')

    await host.locator('.lab-predict').getByRole('button', { name: 'Ana' }).click()
    for (const guest of guests) await guest.locator('.lab-predict').getByRole('button', { name: 'Bruno' }).click()
    await host.getByText('Round 1: 3 votes. The next step closes it.').waitFor()
    await host.locator('.lab-predict').getByRole('button', { name: 'Ana', pressed: true }).waitFor()

    const idOf = async (index: number): Promise<string> => (await held.nth(index).getAttribute('data-held')) ?? ''
    const first = await idOf(0)
    await host.locator('h1').click()
    await host.keyboard.press('Space')
    await host.locator(`[data-held="${first}"]`).waitFor({ state: 'detached' })
    for (const page of [host, ...guests]) {
      const closed = page.locator('[data-closed="1"]')
      await closed.waitFor()
      expect(await closed.locator('.lab-tally').allInnerTexts()).toEqual([
        expect.stringMatching(/^Bruno\s+2 vot/),
        expect.stringMatching(/^Ana\s+1 vot/),
      ])
    }
    const second = await idOf(0)
    await host
      .locator(`[data-held="${second}"]`)
      .getByRole('button', { name: /^Drop: / })
      .click()
    await host.locator(`[data-held="${second}"]`).getByText('attempt 2').waitFor()
    const third = await host.locator('[data-held]').filter({ hasNotText: 'attempt' }).first().getAttribute('data-held')
    await host
      .locator(`[data-held="${third}"]`)
      .getByRole('button', { name: /^Put last/ })
      .click()
    await host.locator(`[data-held="${third}"]:last-child`).getByText('· put last').waitFor()

    // Presenters have one key; until somebody is in.
    await host.locator('h1').click()
    await expect
      .poll(
        async () => {
          if ((await held.count()) > 0) await host.keyboard.press('PageDown')
          return host.locator('[data-closed="1"]').getAttribute('data-entered')
        },
        { timeout: 60_000, interval: 50 },
      )
      .not.toBe('')
    const entered = await host.locator('[data-closed="1"]').getAttribute('data-entered')
    for (const guest of guests) await guest.locator(`[data-closed="1"][data-entered="${entered}"]`).waitFor()
    await host.getByRole('button', { name: 'Stop', exact: true }).click()
    for (const page of [host, ...guests]) await ended(page, 1, 'stop')
    // All votes were of one round, and the sum of all rounds stays.
    const name = await host.locator(`.lab-members tr[data-peer="${entered}"] td`).first().innerText()
    const right = name.startsWith('Bruno') ? 2 : name.startsWith('Ana') ? 1 : 0
    for (const page of [host, ...guests]) await page.locator(`[data-predicted="${right}/3"]`).waitFor()
    await host.locator('[data-result="1"][data-what="stop"]').waitFor()
  })

  test('a peer that is killed in the middle is seen to be gone, and the others come to an end', long, async () => {
    const five = await startFive()
    const [ana] = five
    const eva = five[4] as PeerProcess
    const { self } = await statusOf(eva)
    const page = await openPage(ana.profile, '#/lab')
    await fillIn(page, {
      ...quick,
      'Entries of each peer': '30',
      Algorithm: 'token-ring',
      'Stay at least (ms)': '40',
      'Stay at most (ms)': '60',
    })
    await start(page)
    await page
      .locator(`.lab-members [data-peer="${self}"] .figures`)
      .filter({ hasText: /^[1-9]\d* \/ 30/ })
      .waitFor()
    await page.locator('[data-inside="1"]').waitFor()
    await kill(eva)
    // The next view is without it: another line in the diagram, and its part is at its end.
    await expect
      .poll(
        () =>
          page
            .locator(`.lab-members tr[data-peer="${self}"]`)
            .getAttribute('data-part')
            .catch(() => null),
        { timeout: 60_000 },
      )
      .not.toMatch(/^(out|waiting|inside)$/)
    await page.locator('.lab-run[data-ended="result"]').waitFor({ timeout: 120_000 })
    expect(await page.locator('.lab-run .faults').count()).toBe(0)
    const rest = page.locator('.lab-members tr').filter({ hasText: /(Bruno|Clara|Davi|Ana).*30 \/ 30/ })
    expect(await rest.count()).toBe(4)
  })

  test('two inside at once are told with their two entries; an own algorithm says who has it', long, async () => {
    const [ana, bob, cleo] = await startRoom()
    for (const { profile } of [ana, bob]) {
      mkdirSync(join(profile, 'lab'), { recursive: true })
      writeFileSync(join(profile, 'lab', 'rude.mjs'), rude)
    }
    const { self } = await statusOf(cleo)
    const page = await openPage(ana.profile, '#/lab')
    const algorithm = page.getByLabel('Algorithm', { exact: true })
    await algorithm.locator('option[value="rude"]').waitFor({ state: 'attached' })
    await fillIn(page, { ...quick, Algorithm: 'rude', 'Stay at least (ms)': '300', 'Stay at most (ms)': '300' })
    await page.getByText(/^2 of 3 members have this file \([0-9a-f]{8}\): (Ana and Bob|Bob and Ana)\./).waitFor()
    await start(page)
    await page.getByText('Cleo takes no part: it does not have this algorithm.').waitFor()
    const told = page.getByRole('alert').filter({ hasText: 'Two were inside at once' })
    await told
      .getByText(/(Ana|Bob) entered at .*; (Ana|Bob) entered at .*, before the first had left/)
      .first()
      .waitFor()
    await ended(page, 1)
    expect(await page.locator(`.lab-members tr[data-peer="${self}"][data-part="absent"]`).count()).toBe(1)
    await page.locator('[data-result="1"] .bad').waitFor()
    await page.locator('.lab-stage .lab-stay.bad').first().waitFor()
    await expectAccessible(page, 'a violation')
  })

  test('what is not right in the form is told before anything is asked; faults are lines of it', long, async () => {
    const [ana, bob] = await startRoom()
    const page = await openPage(ana.profile, '#/lab')
    await fillIn(page, { 'Entries of each peer': '0', 'Think at least (ms)': '500', 'Think at most (ms)': '100' })
    await start(page)
    await page.getByRole('alert').filter({ hasText: '2 fields are not right yet.' }).waitFor()
    await page.getByText('A whole number from 1 to 10,000.').waitFor()
    await page.getByText('The least is above the most.').first().waitFor()
    await fillIn(page, { ...quick, 'Think at least (ms)': '0', 'Entries of each peer': '3' })
    await page.getByText('Faults (0) and section').click()
    await page.getByRole('button', { name: 'Add a fault' }).click()
    await fillIn(page, { What: 'cut', Who: (await statusOf(bob)).self, 'From whom': (await statusOf(ana)).self })
    await fillIn(page, { 'After (ms)': '0', 'For (ms)': '1500' })
    await expectAccessible(page, 'the form')
    await start(page)
    await ended(page, 1)
    await page.locator('.lab-run').getByText('1 fault', { exact: false }).first().waitFor()
    // The form takes a setting back, faults included.
    await page.getByLabel('Entries of each peer').fill('9')
    await page.getByRole('button', { name: 'Take its setting' }).click()
    expect(await page.getByLabel('Entries of each peer').inputValue()).toBe('3')
    expect(await page.getByLabel('What', { exact: true }).inputValue()).toBe('cut')
  })

  test('alone, in a room of older rules, and without a quorum it says so, and what to do', long, async () => {
    const alone = await startPeer('Ana', temporaryFolder(), '--create')
    const page = await openPage(alone.profile, '#/lab')
    await page.getByText('You are the only member: nobody has to wait for anybody.').waitFor()
    expect(await page.getByRole('link', { name: 'Invite others' }).getAttribute('href')).toBe('#/rooms')

    const older = await openPage(alone.profile, '#/settings')
    await older.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        const text = typeof message === 'string' ? message : message.toString('utf8')
        socket.send(text.replaceAll('"rulesVersion":4', '"rulesVersion":3'))
      })
    })
    await older.reload()
    await older.evaluate(`location.hash = '#/lab'`)
    await older.getByText('The rules of this room know no experiments').waitFor()
    expect(await older.getByRole('button', { name: 'Start', exact: true }).count()).toBe(0)
    await expectAccessible(older, 'a room of older rules')

    const [ana, bob, cleo] = await startRoom()
    const host = await openPage(ana.profile, '#/lab')
    await fillIn(host, { ...quick, 'Entries of each peer': '5000' })
    await start(host)
    await host.locator('.lab-run[data-experiment="1"]').waitFor()
    await Promise.all([kill(bob), kill(cleo)])
    await host.getByText('No quorum: it goes on among those who are here', { exact: false }).waitFor()
    await host.getByRole('button', { name: 'Stop', exact: true }).click()
    await host.getByText('Waiting for the quorum').waitFor()
  })
})

/** Whoever wants in is in. */
const rude = `export default {
  name: 'rude',
  create: (_place, { enter }) => ({ request: () => enter(), release: () => {}, receive: () => {} }),
}
`

/** Names of the rail that are wider than their places. */
const wideNames = `[...document.querySelectorAll('.rail a')]
  .filter((link) => link.checkVisibility() && link.querySelector('span').getBoundingClientRect().width > link.getBoundingClientRect().width)
  .map((link) => link.textContent)`
