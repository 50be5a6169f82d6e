import { beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'
import { call, startPeer } from '../e2e/room.ts'
import { lanFor } from '../namespaces/hosts.ts'
import { buildInterface, launch, openPageIn } from './support/chromium.ts'
import { describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'
import { expectUnsaid, startOn, startSeat } from './support/seats.ts'

/** Into a room, and out of it: real peers, real Chromium, and a network of its own where rooms are to be heard. */

const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] }

describeScreens('the way into a room', () => {
  test('in no room every screen leads to the rooms; one is created, its code is told when asked for, and it is left and found again', async () => {
    const seat = await startSeat('Ana', '--last')
    const page = await openPage(seat.profile, '#/bank', clipboard)
    await page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor()
    await page.getByText('In no room', { exact: true }).waitFor()
    for (const place of ['#/', '#/ring', '#/projector', '#/lots/1']) {
      await goTo(page, place)
      await page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor()
    }
    await page.getByText('No room is in sight yet.').waitFor()
    for (const open of ['', 'Create a room', 'Join by link or address']) {
      if (open !== '') await page.getByRole('button', { name: open }).click()
      await expectAccessible(page, `no room: ${open}`)
      for (const width of [360, 1920]) {
        await page.setViewportSize({ width, height: 900 })
        await expectNoOverflow(page, `no room: ${open} ${width}`)
      }
    }
    await page.getByRole('button', { name: 'Join by link or address' }).click()

    // The two other ways are a click away, or a key, and only one of them is open.
    const form = page.getByRole('form', { name: 'Create a room' })
    const byLink = page.getByRole('form', { name: 'Join by link or address' })
    expect([await form.isVisible(), await byLink.isVisible()]).toEqual([false, false])
    const creating = page.getByRole('button', { name: 'Create a room' })
    await page.getByRole('button', { name: 'Join by link or address' }).press('Enter')
    await page.keyboard.type('evening:x')
    await creating.press('Enter')
    await form.waitFor()
    expect(await byLink.isVisible()).toBe(false)
    await page.keyboard.press('Escape')
    await form.waitFor({ state: 'hidden' })
    await page.locator('button:focus', { hasText: 'Create a room' }).waitFor()
    // What was typed is still there.
    await page.getByRole('button', { name: 'Join by link or address' }).click()
    expect(await byLink.getByLabel('Link, address or room id').inputValue()).toBe('evening:x')
    await creating.press('Enter')
    await page.keyboard.type('evening')
    expect(await form.getByLabel('Name of the room').inputValue()).toBe('evening')
    await form.getByText('Make one', { exact: true }).click()
    await form.getByLabel('Currency').selectOption('another')
    await form.getByLabel('Its three letters (ISO 4217)').fill('ZZZ')
    await form.getByText('The host', { exact: true }).click()
    await form.getByRole('button', { name: 'Create the room' }).click()
    await form.getByText('This is no currency that people pay with').waitFor()
    await form.getByLabel('Currency').selectOption('JPY')
    await form.getByRole('button', { name: 'Create the room' }).click()

    const sheet = page.getByRole('region', { name: 'evening' })
    await sheet.getByText(/JPY/).waitFor()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    const { link } = await seat.api.rooms.link()
    const code = new URLSearchParams(link.slice(link.indexOf('?'))).get('code') ?? ''
    expect(code).not.toBe('')
    await expectUnsaid(page, code)
    await sheet.getByRole('button', { name: 'Show link and QR code' }).click()
    await sheet.getByRole('img', { name: 'QR code of the join link' }).waitFor()
    await sheet.getByText(code, { exact: true }).waitFor()
    await sheet.getByRole('button', { name: 'Copy the link' }).click()
    await sheet.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(link)
    await sheet.getByRole('button', { name: 'Hide it' }).click()
    await expectUnsaid(page, code)
    expect((await seat.api.status()).room).toMatchObject({ name: 'evening', currency: 'JPY', deposits: 'host', hasCode: true })

    await sheet.getByRole('button', { name: 'Leave this room' }).click()
    await sheet.getByText(/You leave in good order/).waitFor()
    await sheet.getByRole('button', { name: 'Stay here' }).click()
    await sheet.getByRole('button', { name: 'Leave this room' }).click()
    await sheet.getByRole('button', { name: 'Leave this room' }).click()
    await page.getByText('In no room', { exact: true }).waitFor()
    expect(await seat.api.rooms.list()).toMatchObject({ state: 'none' })

    await page.getByRole('button', { name: /^Go back to evening, id / }).click()
    await page.getByRole('heading', { name: 'Auctions' }).waitFor()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
  })

  test('a link leads in, and what leads nowhere is refused in words', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--room', 'evening', '--create')
    await call(ana, 'account', 'open', 'ana')
    const { link } = await ana.api.rooms.link()
    const bob = await startSeat('Bob', '--last')
    const page = await openPage(bob.profile, '#/')
    await page.getByRole('button', { name: 'Join by link or address' }).click()
    const form = page.getByRole('form', { name: 'Join by link or address' })
    const target = form.getByLabel('Link, address or room id')
    await target.fill('gavelring://join?rom=evening')
    await form.getByRole('button', { name: 'Join' }).click()
    await form.getByText('This is no join link: it looks like gavelring://join?room=evening.').waitFor()
    await target.fill('no such\u202eplace')
    await form.getByRole('button', { name: 'Join' }).click()
    await form.locator('[data-asked=refused]').waitFor()
    // With the code of another room.
    await target.fill(link.replace('code=old%20lamp', 'code=new%20lamp'))
    await form.getByRole('button', { name: 'Join' }).click()
    await form.getByText('The room has another code.').waitFor()
    expect(await bob.api.rooms.list()).toMatchObject({ state: 'none' })

    await target.fill(link)
    // The link has the code: none is asked for.
    await form.getByLabel('Room code, if there is one').waitFor({ state: 'hidden' })
    await form.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('heading', { name: 'Auctions' }).waitFor()
    await page.getByText('Quorum: 2 of 2 members').waitFor()
    // What was done in the room is here.
    await goTo(page, '#/bank/ana')
    await page.getByRole('heading', { name: 'ana' }).first().waitFor()
  })

  test('on the way into a room it says for whom it waits and why, and that can be called off', async () => {
    const nowhere = 'gavelring://join?room=evening&at=/ip4/127.0.0.1/tcp/9'
    const seat = await startSeat('Ana', '--join', nowhere)
    const page = await openPage(seat.profile, '#/')
    const entering = page.getByRole('region', { name: 'On the way into evening' })
    await entering.getByRole('list', { name: 'What it waits for' }).getByRole('listitem').first().waitFor()
    await page.getByText('On the way into the room', { exact: true }).waitFor()
    await entering.getByText('Nobody answers at 127.0.0.1:9.').waitFor()
    await expectAccessible(page, 'entering')
    // In the language of whoever waits, as all else there.
    for (const [locale, region, reason] of [
      ['pt', 'A caminho de evening', 'Ninguém responde em 127.0.0.1:9.'],
      ['es', 'De camino a evening', 'Nadie responde en 127.0.0.1:9.'],
    ] as const) {
      const other = await openPage(seat.profile, '#/', { locale })
      await other.getByRole('region', { name: region }).getByText(reason).waitFor()
      expect(await other.locator('main [lang=en]').count()).toBe(0)
    }
    await entering.getByRole('button', { name: 'Call it off' }).click()
    await page.getByText('In no room', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Create a room' }).waitFor()
    expect(await seat.api.rooms.list()).toMatchObject({ state: 'none' })
  })

  test('who has a new name has it for the others as well', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    const other = await openPage(bob.profile, '#/class')
    await other.getByRole('row', { name: /Ana/ }).waitFor()
    const page = await openPage(ana.profile, '#/rooms')
    const changing = page.getByRole('button', { name: 'Change your name' })
    await changing.click()
    const form = page.getByRole('form', { name: 'Your name' })
    const name = form.getByRole('textbox', { name: 'Your name' })
    await name.fill('Ana\u200bCosta')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('A name is made of characters that a screen shows.').waitFor()
    await name.fill('Ana Costa')
    await name.press('Enter')
    await other.getByRole('row', { name: /Ana Costa/ }).waitFor()
    await form.waitFor({ state: 'hidden' })
    await page.getByText('The others see you as Ana Costa').waitFor()
    await page.locator('button:focus', { hasText: 'Change' }).waitFor()
  })
})

describeScreens('rooms on a network', () => {
  beforeAll(buildInterface)

  test('two of one name are told apart, joined by choice only, and each shows the way to the other', async (context) => {
    const lan = lanFor(context)
    const net = lan.addSwitch()
    const [a, b, c] = [lan.host('a'), lan.host('b'), lan.host('c')]
    for (const [at, host] of [a, b, c].entries()) host.plug('eth0', net, `192.168.9.${at + 1}/24`)
    await startOn(a, 'Ana Costa', '--room', 'evening', '--code', 'old lamp', '--create')
    await startOn(b, 'Bob', '--room', 'evening', '--create')
    const profile = await startOn(c, 'Cleo', '--last')
    const browser = await launch(c.namespace)
    try {
      const page = await openPageIn(browser, profile, '#/')
      const rooms = page.locator('[data-room]')
      const ofAna = rooms.filter({ hasText: 'Founded by Ana Costa' })
      const ofBob = rooms.filter({ hasText: 'Founded by Bob' })
      await Promise.all([ofAna.waitFor(), ofBob.waitFor()])
      expect(await page.getByText('There are several rooms named evening, and they do not mix.').count()).toBe(1)
      await ofAna.getByText('code', { exact: true }).waitFor()
      expect(await ofBob.getByText('code', { exact: true }).count()).toBe(0)
      for (const look of [
        { width: 1440, height: 900 },
        { width: 360, height: 640 },
      ]) {
        await page.setViewportSize(look)
        await expectNoOverflow(page, `rooms ${look.width}`)
        await expectAccessible(page, `rooms ${look.width}`)
      }

      // One tap is no choice where there are two of the name: it is looked at first.
      await ofBob.getByRole('button', { name: /^Join evening, founded by Bob, id / }).click()
      await ofBob.getByRole('button', { name: 'Not this one' }).click()
      await ofBob.locator('button:focus', { hasText: 'Join' }).press('Enter')
      await ofBob.getByRole('button', { name: 'Join this room' }).press('Escape')
      await ofBob.locator('button:focus', { hasText: /^Join$/ }).waitFor()
      await ofAna.getByRole('button', { name: /^Join evening, founded by Ana Costa, id / }).click()
      await ofAna.getByLabel('Room code').fill('new lamp')
      await ofAna.getByRole('button', { name: 'Join this room' }).click()
      await ofAna.getByText('The room has another code.').waitFor()
      await ofBob.getByRole('button', { name: /^Join evening, founded by Bob, id / }).click()
      await ofBob.getByRole('button', { name: 'Join this room' }).click()
      await page.getByText('Quorum: 2 of 2 members').waitFor()
      const opening = c.node('src/cli/gavelring.mjs', 'account', 'open', 'cleo', '--profile', profile)
      expect(await opening.ended, opening.lines.join('\n')).toBe(0)

      // In the wrong one of the two: the way out is on every screen.
      const bar = page.getByText(/^There is another room named evening here, with 1 member, founded by Ana Costa/)
      await bar.waitFor()
      // From the screen of the rooms, too.
      await goTo(page, '#/rooms')
      await ofAna.getByRole('button', { name: /^Join evening/ }).waitFor()
      await page.getByRole('link', { name: 'Move there' }).click()
      await ofAna.getByText('You leave evening for it.').waitFor()
      await ofBob.getByText('you are here').waitFor()
      await ofAna.getByLabel('Room code').fill('old lamp')
      await ofAna.getByRole('button', { name: 'Move there' }).click()
      // The room that is left stays on this disk only as a file: that is asked for, not done.
      await ofAna.getByText('Something was done in the room that is here').waitFor()
      await ofAna.getByRole('button', { name: /^Move all the same/ }).click()
      await page.getByRole('heading', { name: 'Auctions' }).waitFor()
      await goTo(page, '#/rooms')
      await page.getByText('Quorum: 2 of 2 members').waitFor()
      await page
        .getByRole('region', { name: 'evening' })
        .getByText(/Founded by Ana Costa/)
        .waitFor()
    } finally {
      await browser.close()
    }
  })

  test('where nobody is found it says why, and what to do', async (context) => {
    const host = lanFor(context).host('a')
    const profile = await startOn(host, 'Ana', '--last')
    const browser = await launch(host.namespace)
    try {
      const page = await openPageIn(browser, profile, '#/')
      await page.getByRole('button', { name: 'Find out why nobody is found' }).click()
      await page.getByText('Looking at the network: some seconds').waitFor()
      await page.locator('.found .bad').first().waitFor()
      await page.locator('.found .remedy').first().waitFor()
      await expectAccessible(page, 'findings')
      await page.getByText('This machine is in no network: no interface is up with an address.').waitFor()
      const other = await openPageIn(browser, profile, '#/settings', { locale: 'es' })
      await other.getByRole('button', { name: 'Averiguar por qué no aparece nadie' }).click()
      await other.getByText('Esta máquina no está en ninguna red: ninguna interfaz activa tiene dirección.').waitFor()
      await other.getByText('Conéctate al wifi de los demás').waitFor()
      expect(await other.locator('main [lang=en]').count()).toBe(0)
      // Whoever does not want to wait need not.
      await page.getByRole('button', { name: 'Look again' }).click()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('button', { name: 'Look again' }).waitFor()
    } finally {
      await browser.close()
    }
  })
})
