import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { icnsOf, icoOf } from './icon-files.ts'

// Makes every icon out of the mark, with the system's Chromium: `node build/icons.ts`. The results are committed.

const folder = fileURLToPath(new URL('../src/desktop/icons', import.meta.url))
const mark = readFileSync(fileURLToPath(new URL('../renderer/theme/mark.svg', import.meta.url)), 'utf8')
/** Up to 32 pixels. */
const smallMark = readFileSync(join(folder, 'mark-small.svg'), 'utf8')

/** What is drawn at so many pixels. */
type Drawing = (pixels: number) => string

/** The mark on paper with round corners, as systems show apps; `margin`, of 64: what macOS leaves free around it. */
const onPaper =
  (margin: number) =>
  (pixels: number): string => {
    const size = 64 - 2 * margin
    const inner = size * (pixels > 32 ? 0.84 : 0.94)
    const at = (64 - inner) / 2
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
    <rect x="${margin}" y="${margin}" width="${size}" height="${size}" rx="${size * 0.22}" fill="#fbfaf7"/>
    <svg x="${at}" y="${at}" width="${inner}" height="${inner}" viewBox="0 0 64 64">${pixels > 32 ? mark : smallMark}</svg>
  </svg>`
  }
/** macOS colours it itself, and looks at what is opaque only. */
const template = (): string => smallMark.replaceAll(/fill="#[0-9a-f]{6}"/g, 'fill="#000000"')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  chromiumSandbox: process.getuid?.() !== 0,
})
try {
  const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(folder, name), bytes)
  mkdirSync(join(folder, 'linux'), { recursive: true })
  for (const size of [16, 32, 48, 64, 128, 256, 512])
    write(join('linux', `${size}x${size}.png`), await draw(browser, onPaper(0), size))
  write('icon.png', await draw(browser, onPaper(0), 512))
  write('tray.png', await draw(browser, onPaper(0), 32))
  write('trayTemplate.png', await draw(browser, template, 16))
  write('trayTemplate@2x.png', await draw(browser, template, 32))
  write('icon.ico', icoOf(await drawAll(browser, onPaper(0), [16, 24, 32, 48, 64, 128, 256])))
  write('icon.icns', icnsOf(await drawAll(browser, onPaper(6), [16, 32, 64, 128, 256, 512, 1024])))
} finally {
  await browser.close()
}

async function drawAll(on: Browser, svg: Drawing, sizes: readonly number[]): Promise<{ size: number; png: Buffer }[]> {
  const pictures: { size: number; png: Buffer }[] = []
  for (const size of sizes) pictures.push({ size, png: await draw(on, svg, size) })
  return pictures
}

async function draw(on: Browser, svg: Drawing, size: number): Promise<Buffer> {
  const page = await on.newPage({ viewport: { width: size, height: size } })
  await page.setContent(
    `<style>* { margin: 0 } body > svg { display: block; width: ${size}px; height: ${size}px }</style>${svg(size)}`,
  )
  const png = await page.screenshot({ omitBackground: true })
  await page.close()
  return png
}
