import { expect, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { temporaryFolder } from '../cli/processes.ts'
import { allMembers, call, kill, startPeer, startRoom } from '../e2e/room.ts'
import { browser, describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'
import { rewriteAnswers } from './support/seats.ts'

/** What is around every screen: head, bars, notices, keys. */

describeScreens('around the screens', () => {
  test('every screen is reached by keys, which a list tells', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const page = await openPage(ana.profile, '#/')
    await page.getByRole('heading', { name: 'Auctions' }).waitFor()
    await page.keyboard.press('?')
    const list = page.getByRole('dialog', { name: 'Keys' })
    await list.getByText('Bank', { exact: true }).waitFor()
    await expectAccessible(page, 'keys')
    // A dialog has the keyboard to itself.
    await page.keyboard.type('gb')
    expect(await page.evaluate('location.hash')).toBe('#/')
    await page.keyboard.press('Escape')
    await list.waitFor({ state: 'hidden' })
    for (const [letter, heading] of [
      ['b', 'Bank'],
      ['r', 'Ring'],
      ['l', 'Log'],
      ['c', 'Class'],
      ['e', 'Lab'],
      ['s', 'Settings'],
      ['h', 'Rooms'],
      ['a', 'Auctions'],
    ] as const) {
      await page.keyboard.type(`g${letter}`)
      await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor()
    }
    // What is typed into a field is that field's.
    await page.keyboard.type('gh')
    await page.getByRole('button', { name: 'Create a room' }).click()
    await page.getByLabel('Name of the room').fill('')
    await page.getByLabel('Name of the room').pressSequentially('gb?')
    expect(await page.getByLabel('Name of the room').inputValue()).toBe('gb?')
    await page.getByRole('heading', { name: 'Rooms', exact: true, level: 1 }).waitFor()
  })

  test('of two members: with the first one gone there is no quorum; with the other gone the ring goes on alone, and says so', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    const first = await openPage(ana.profile, '#/')
    await first.getByText('Quorum: 2 of 2 members').waitFor()
    // What it is called comes by another answer than how many there are.
    await first.getByTitle(/\bBob\b/).waitFor()
    await kill(bob)
    await first.getByText('Bob is no longer a member. The ring goes on with 1 member.').waitFor()
    await first.getByText('Quorum: 1 of 1 member', { exact: true }).waitFor()

    const again = await startPeer('Bob', bob.profile, '--bootstrap', ana.address)
    await allMembers([ana, again])
    const second = await openPage(again.profile, '#/')
    await second.getByText('Quorum: 2 of 2 members').waitFor()
    await kill(ana)
    await second.getByText(/^The room is waiting: no quorum, 1 of 2 members reachable, since /).waitFor()
    await second.getByText(/^Missing: Ana\. You can look at everything\./).waitFor()
    await second.getByText('No quorum: 1 of 2 members', { exact: true }).waitFor()
    await second.getByText('read-only', { exact: true }).waitFor()
  })

  test('a name of ten thousand characters, or one that turns the writing around, breaks no screen', async () => {
    const [ana] = await startRoom()
    for (const name of [
      `${'N'.repeat(9_990)}<b>bold</b>`,
      `\u202egnorw \u2066\u2067\u200f${'e\u0301\u0302\u0303\u0304'.repeat(200)}`,
    ]) {
      for (const viewport of [
        { width: 1440, height: 900 },
        { width: 360, height: 640 },
      ]) {
        const context = await browser().newContext({ locale: 'en', viewport })
        const page = await context.newPage()
        const mishaps: string[] = []
        page.on('pageerror', (error) => mishaps.push(error.message))
        await rewriteAnswers(page, 'Bob', name)
        const address = readApiAddress(ana.profile)
        await page.goto(`${address?.url}/#token=${address?.token}`)
        await page.getByText('Quorum: 3 of 3 members').waitFor()
        for (const [place, screen] of [
          ['#/', 'auctions'],
          ['#/bank', 'bank'],
          ['#/ring', 'ring'],
          ['#/log', 'log'],
          ['#/class', 'class'],
          ['#/rooms', 'welcome'],
          ['#/settings', 'settings'],
        ] as const) {
          await goTo(page, place)
          await page.locator(`main[data-screen=${screen}] h1`).first().waitFor()
          await expectNoOverflow(page, `${place} ${viewport.width} ${name.length}`)
          // Shown as text, cut, without what turns it around.
          expect(await page.locator('main b').count()).toBe(0)
          expect(await page.locator('body').innerText()).not.toMatch(/N{70}|[\u202e\u2067\u200f]/)
        }
        await page.locator('.member').nth(1).waitFor()
        await context.close()
        expect(mishaps).toEqual([])
      }
    }
  })

  test('catching up is shown with the blocks that are left', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const page = await (await browser().newContext({ locale: 'en' })).newPage()
    await page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer()
      server.onMessage((message) => {
        const text = typeof message === 'string' ? message : message.toString('utf8')
        socket.send(text.replaceAll('"behind":0', '"behind":1234'))
      })
    })
    const address = readApiAddress(ana.profile)
    await page.goto(`${address?.url}/#token=${address?.token}`)
    await page.getByText('Catching up: 1,234 blocks left').waitFor()
    await page.getByRole('progressbar', { name: 'Catching up: 1,234 blocks left' }).waitFor({ state: 'attached' })
    await page.context().close()
  })

  test('why a peer writes nothing is said in the language that is shown, and in the peer’s words only where those are news', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    for (const [code, said] of [
      ['disk-full', 'Este par não escreve nada agora. O disco está cheio. Libere espaço e inicie o par de novo.'],
      ['moon-phase', 'Este par não escreve nada agora. the moon is full'],
    ] as const) {
      const page = await (await browser().newContext({ locale: 'pt' })).newPage()
      await page.routeWebSocket(/\/ws$/, (socket) => {
        const server = socket.connectToServer()
        server.onMessage((message) => {
          const text = typeof message === 'string' ? message : message.toString('utf8')
          const trouble = `"role":"read-only","trouble":"the moon is full","troubleCode":"${code}",`
          socket.send(text.replaceAll('"role":"member",', trouble))
        })
      })
      const address = readApiAddress(ana.profile)
      await page.goto(`${address?.url}/#token=${address?.token}`)
      await page.getByText(said, { exact: true }).waitFor()
      await page.context().close()
    }
  })

  test('the language changes everything that is shown, at once', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    await call(ana, 'account', 'open', 'ana')
    await call(ana, 'deposit', 'ana', '1234.50')
    const page = await openPage(ana.profile, '#/settings')
    await page.getByLabel('Language').selectOption('pt')
    await page.getByText('Quórum: 1 de 1 membro').waitFor()
    await page.getByRole('link', { name: 'Leilões' }).waitFor()
    for (const [place, word] of [
      ['#/', 'Leilões'],
      ['#/bank', 'Banco'],
      ['#/ring', 'Anel'],
      ['#/log', 'Registro'],
      ['#/class', 'Turma'],
      ['#/rooms', 'Salas'],
    ] as const) {
      await goTo(page, place)
      await page.getByRole('heading', { name: word, exact: true, level: 1 }).waitFor()
      expect(await page.locator('html').getAttribute('lang')).toBe('pt')
    }
  })
})
