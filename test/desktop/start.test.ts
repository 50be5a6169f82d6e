import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test, vi } from 'vitest'
import { electronBinary, whyNoWindow } from '../../build/electron-binary.ts'
import { root } from '../../build/processes.ts'
import { type ApiClient, connectApi } from '../../src/api/client.ts'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-start-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

interface Shown {
  readonly client: ApiClient
  stop(): Promise<number | null>
}

/** `npm start`, as it is without a display. */
async function startHeadless(...args: readonly string[]): Promise<Shown> {
  const profile = makeFolder()
  // Without npm nothing is built: others look into `dist` meanwhile.
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, npm_execpath: _npm, ...env } = process.env
  const where = ['--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile]
  const child = spawn(process.execPath, [join(root, 'build', 'start.ts'), ...args, ...where], {
    env: { ...env, ELECTRON_OVERRIDE_DIST_PATH: profile },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^Gavelring is at (\S+)$/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    void closed.then((code) => reject(new Error(`it ended with ${code}: ${errors.join('\n')}`)))
  })
  const told = process.platform === 'linux' ? 'There is no display here' : 'Electron is not installed'
  expect(errors[0]).toContain(told)

  const { origin, hash } = new URL(address)
  expect(await (await fetch(address)).text()).toContain('Gavelring')
  const client = await connectApi({ url: origin, token: hash.slice('#token='.length) })
  return {
    client,
    async stop() {
      client.close()
      child.kill('SIGTERM')
      return closed
    },
  }
}

test('without a display `npm start` says so, and shows the interface of a headless peer at an address that opens it', async () => {
  const { client, stop } = await startHeadless('--create', '--room', 'start')
  await vi.waitUntil(async () => (await client.api.rooms.list()).state === 'in', 30_000)
  expect(await client.api.status()).toMatchObject({ room: { name: 'start' } })
  expect(await stop()).toBe(0)
})

test('the very first start is in no room, where nobody names one', async () => {
  const { client, stop } = await startHeadless('--name', 'Ana')
  expect(await client.api.rooms.list()).toMatchObject({ state: 'none', name: 'Ana', known: [] })
  expect(await stop()).toBe(0)
})

test('Electron’s executable is looked for where it would be, and not fetched', () => {
  const folder = makeFolder()
  expect(electronBinary({}, folder)).toBeUndefined()
  writeFileSync(join(folder, 'path.txt'), 'electron')
  expect(electronBinary({}, folder), 'the path alone is not the executable').toBeUndefined()
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist', 'electron'), '')
  expect(electronBinary({}, folder)).toBe(join(folder, 'dist', 'electron'))
  expect(electronBinary({ ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'other') }, folder)).toBeUndefined()
})

test.each<[NodeJS.Platform, NodeJS.ProcessEnv, boolean]>([
  ['linux', {}, false],
  ['linux', { DISPLAY: '' }, false],
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['darwin', {}, true],
  ['win32', {}, true],
])('on %s with %j there can be a window: %s', (platform, env, can) => {
  expect(whyNoWindow(platform, env) === undefined).toBe(can)
})
