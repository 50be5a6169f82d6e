import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { stageApp } from '../../build/compile.ts'
import { electronBinary, whyNoWindow } from '../../build/electron-binary.ts'
import { lookAround } from '../../build/smoke.ts'

const binary = electronBinary()
const why = whyNoWindow(process.platform, process.env) ?? (binary === undefined ? 'Electron is not installed here' : undefined)

test('the real window shows our page, gets one port, and can reach nothing else', async ({ skip }) => {
  if (binary === undefined || why !== undefined) return skip(`${why}: npx install-electron, and a display`)
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-window-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const main = await stageApp(folder)
  const where = ['--create', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', join(folder, 'profile')]
  // Chromium's sandbox refuses to be run by root.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const app = await _electron.launch({ executablePath: binary, args: [...root, main, ...where] })
  onTestFinished(() => app.close())
  const page = await app.firstWindow()
  await page.waitForURL('app://gavelring/')
  expect(await page.evaluate(lookAround)).toEqual({
    title: 'Gavelring',
    ports: 1,
    node: 'undefined undefined',
    opened: 'nothing',
  })

  await page.evaluate("location.href = 'https://example.org/'")
  await page.evaluate("location.href = 'file:///etc/passwd'").catch(() => {})
  expect(page.url()).toBe('app://gavelring/')
  expect(app.windows()).toHaveLength(1)
})
