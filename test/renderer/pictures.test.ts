import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { test } from 'vitest'
import { call, kill, startRoom } from '../e2e/room.ts'
import { lanFor } from '../namespaces/hosts.ts'
import { buildInterface, goTo, launch, openPageIn } from './support/chromium.ts'
import { startOn } from './support/seats.ts'

/**
 * Not a test of anything: it draws the pictures of docs/images anew, from a real room, where it is asked to
 * (`GAVELRING_PICTURES=1 npx vitest run test/renderer/pictures.test.ts`).
 */
test.skipIf(process.env.GAVELRING_PICTURES === undefined)('the pictures of the interface are drawn', async () => {
  await buildInterface()
  const browser = await launch()
  try {
    const [ana, bob, cleo] = await startRoom()
    for (const [peer, account, holder, amount] of [
      [ana, 'ana', 'Ana Costa', '500'],
      [bob, 'bob', 'Bob', '1200'],
      [cleo, 'cleo', 'Cleo Duarte', '800.50'],
    ] as const) {
      await call(peer, 'account', 'open', account, '--holder', holder)
      await call(peer, 'deposit', account, amount)
    }
    await call(bob, 'transfer', 'bob', 'ana', '35.50', '--memo', 'Coffee and cake for the evening')

    const seller = await openPageIn(browser, ana.profile, '#/start', { viewport: { width: 1440, height: 900 } })
    await seller.getByLabel('What is it').fill('Brass ship clock')
    await seller.getByLabel('Description').fill('Eight-day movement, serviced in spring. The glass has a small scratch.')
    await seller.getByLabel('Starting price').fill('40')
    await seller.getByLabel('Increment').fill('2.50')
    await seller.getByLabel('Duration').selectOption({ label: '10 min' })
    const buffer = Buffer.from(String(await seller.evaluate(drawClock)), 'base64')
    await seller.locator('input[type=file]').setInputFiles({ name: 'clock.png', mimeType: 'image/png', buffer })
    await seller.getByRole('img', { name: 'Picture of Brass ship clock' }).waitFor()
    await save(seller, 'start-lot')
    await seller.getByRole('button', { name: 'Start the lot' }).click()
    await seller.getByRole('heading', { name: 'Brass ship clock' }).waitFor()
    await call(ana, 'auction', 'start', 'Chess set', '--payee', 'ana', '--price', '12', '--seconds', '20m')

    const dark = { colorScheme: 'dark', viewport: { width: 1440, height: 900 } } as const
    const loser = await openPageIn(browser, bob.profile, '#/lots/1', dark)
    await loser.getByRole('button', { name: 'Bid €40.00' }).click()
    await loser.getByText('You lead').waitFor()
    const phone = { colorScheme: 'dark', locale: 'pt-BR', viewport: { width: 390, height: 844 } } as const
    const leader = await openPageIn(browser, cleo.profile, '#/lots/1', phone)
    await leader.getByRole('button', { name: /42,50/ }).click()
    await leader.getByText('Você está na frente').waitFor()
    await loser.getByText('You were outbid.').waitFor()
    await save(loser, 'lot-dark')
    await save(leader, 'phone-dark-pt')

    const wall = await openPageIn(browser, ana.profile, '#/projector', { viewport: { width: 1920, height: 1080 } })
    await wall.locator('main.idle').waitFor()
    await save(wall, 'projector')
    const spanish = await openPageIn(browser, ana.profile, '#/lots/1', { locale: 'es', viewport: { width: 1000, height: 760 } })
    await spanish.getByText('cleo va en cabeza').waitFor()
    await save(spanish, 'lot-light-es')

    await goTo(loser, '#/rooms')
    await loser.getByRole('button', { name: 'Show link and QR code' }).click()
    await loser.getByRole('img', { name: 'QR code of the join link' }).waitFor()
    await save(loser, 'room-dark')
    const roster =
      'account,name,amount\nana,Ana Costa,50\ndora,Dora Lima,50\nno id,Elias,50\nfay,Fay Müller,50\ngil,Gil Pérez,1e3'
    const host = await openPageIn(browser, ana.profile, '#/class', { viewport: { width: 1440, height: 1100 } })
    await host.getByLabel('Lines').fill(roster)
    await host.locator('[data-line="5"]').waitFor()
    await save(host, 'class-light')
    await goTo(seller, '#/')
    await seller.getByRole('heading', { name: 'Auctions' }).waitFor()
    await save(seller, 'auctions-light')
    await goTo(seller, '#/bank')
    await seller.locator('[data-available="53550"]').waitFor()
    await save(seller, 'bank-light')

    for (const [item, startingPrice, durationMillis] of [
      ['Porcelain vase', '30', 300_000],
      ['Travelling chess set, rosewood', '12', 300_000],
      ['Reading lamp', '8', 180_000],
    ] as const) {
      const pictured = item === 'Reading lamp' ? {} : { picture: String(await seller.evaluate(drawVase)) }
      await ana.api.catalogue.add({ item, startingPrice, increment: '1', durationMillis, ...pictured })
    }
    await goTo(seller, '#/catalogue')
    await seller.locator('.queue-lot img').nth(1).waitFor()
    await save(seller, 'catalogue-light')
    // More than there is: the log keeps what the rules refuse, too.
    await bob.api.transfer({ from: 'bob', to: 'ana', amount: '90000' }).catch(() => {})
    await goTo(loser, '#/log')
    await loser.getByRole('button', { name: /Transfer €90,000\.00/ }).click()
    await loser.getByRole('button', { name: 'Check hash and signature' }).click()
    await loser.getByText(/^Checked here/).waitFor()
    await save(loser, 'log-dark')
    await goTo(loser, '#/settings')
    await loser.getByRole('heading', { name: 'Diagnostics' }).waitFor()
    await save(loser, 'settings-dark')
    // The token rests long enough for a picture.
    await ana.api.ring.pace({ millis: 1_000 })
    for (const page of [seller, loser]) await page.setViewportSize({ width: 1440, height: 1060 })
    await goTo(seller, '#/ring')
    await seller.locator('.token[data-moving="true"]').waitFor()
    // As much of the diagram as fills it.
    await seller.waitForTimeout(5_000)
    await call(bob, 'transfer', 'bob', 'ana', '1')
    await seller.getByRole('button', { name: 'Pause' }).click()
    await seller.locator('.token[data-moving="true"]').waitFor()
    await seller.locator('.token[data-moving="false"]').waitFor()
    await save(seller, 'ring-light')
    await goTo(loser, '#/ring')
    await loser
      .getByRole('button', { name: /token-ack.*arrived/ })
      .first()
      .waitFor()
    await loser.getByText('Lamport time', { exact: true }).click()
    await call(cleo, 'transfer', 'cleo', 'bob', '1')
    await loser
      .getByRole('button', { name: /blocks.*arrived/ })
      .first()
      .waitFor()
    await loser.getByRole('application', { name: 'Space-time diagram' }).press('Space')
    await save(loser, 'ring-lamport-dark')
    for (const page of [seller, loser]) await page.setViewportSize({ width: 1440, height: 900 })
    await goTo(seller, '#/bank')
    await seller.locator('[data-available="53650"]').waitFor()

    await Promise.all([kill(bob), kill(cleo)])
    await seller.getByText(/no quorum/).waitFor()
    await seller.getByLabel('Amount (EUR)').fill('5')
    await seller.getByRole('button', { name: 'Deposit €5.00' }).click()
    await seller.getByText('Deposit €5.00 to ana').waitFor()
    await save(seller, 'no-quorum')
  } finally {
    await browser.close()
  }
})

test.skipIf(process.env.GAVELRING_PICTURES === undefined)('the pictures of the rooms are drawn', async (context) => {
  await buildInterface()
  const lan = lanFor(context)
  const net = lan.addSwitch()
  const [a, b, c] = [lan.host('a'), lan.host('b'), lan.host('c')]
  for (const [at, host] of [a, b, c].entries()) host.plug('eth0', net, `192.168.9.${at + 1}/24`)
  await startOn(a, 'Ana Costa', '--room', 'evening', '--code', 'old lamp', '--create')
  await startOn(b, 'Bob', '--room', 'evening', '--create')
  await startOn(b, 'Dora Lima', '--room', 'chess club', '--create')
  const profile = await startOn(c, 'Cleo', '--last')
  const browser = await launch(c.namespace)
  try {
    const page = await openPageIn(browser, profile, '#/', { viewport: { width: 1440, height: 1080 } })
    await page.locator('[data-room]').nth(2).waitFor()
    await page.getByRole('button', { name: /^Join evening, founded by Ana Costa/ }).click()
    await page.getByRole('textbox', { name: 'Room code', exact: true }).fill('old lamp')
    await save(page, 'rooms-light')
  } finally {
    await browser.close()
  }
})

/** What moves is waited for: a picture shows where it ends. */
async function save(page: Page, name: string): Promise<void> {
  await page.evaluate('document.fonts.ready')
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url))
  await page.screenshot({ path, animations: 'disabled' })
}

/** Runs in the page; base64url. */
const drawVase = `(async () => {
  const canvas = new OffscreenCanvas(640, 480)
  const brush = canvas.getContext('2d')
  brush.fillStyle = '#20303c'
  brush.fillRect(0, 0, 640, 480)
  brush.fillStyle = '#dfe8ef'
  brush.beginPath()
  brush.moveTo(280, 90)
  brush.bezierCurveTo(300, 180, 190, 210, 200, 310)
  brush.bezierCurveTo(205, 390, 260, 420, 260, 420)
  brush.lineTo(380, 420)
  brush.bezierCurveTo(380, 420, 435, 390, 440, 310)
  brush.bezierCurveTo(450, 210, 340, 180, 360, 90)
  brush.fill()
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp' })).arrayBuffer())
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
})()`

/** Runs in the page: a photograph would not be ours to give away. */
const drawClock = `(async () => {
  const canvas = new OffscreenCanvas(2400, 1800)
  const brush = canvas.getContext('2d')
  const shade = brush.createLinearGradient(0, 0, 2400, 1800)
  shade.addColorStop(0, '#3b2a1a')
  shade.addColorStop(1, '#0d1b2a')
  brush.fillStyle = shade
  brush.fillRect(0, 0, 2400, 1800)
  for (const [radius, colour] of [[640, '#c9a34e'], [540, '#f4efe2']]) {
    brush.fillStyle = colour
    brush.beginPath()
    brush.arc(1200, 900, radius, 0, 2 * Math.PI)
    brush.fill()
  }
  brush.strokeStyle = '#222222'
  const line = (width, ...points) => {
    brush.lineWidth = width
    brush.beginPath()
    for (const [x, y] of points) brush.lineTo(x, y)
    brush.stroke()
  }
  for (let hour = 0; hour < 12; hour++) {
    const [x, y] = [Math.cos((hour * Math.PI) / 6), Math.sin((hour * Math.PI) / 6)]
    line(28, [1200 + 440 * x, 900 + 440 * y], [1200 + 500 * x, 900 + 500 * y])
  }
  line(34, [1200, 520], [1200, 900], [1480, 1010])
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
})()`
