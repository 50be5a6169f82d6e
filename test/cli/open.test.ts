import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { connectApi } from '../../src/api/client.ts'
import { startPeer, temporaryFolder } from './processes.ts'
import { type Person, peopleInRoom } from './room.ts'
import { run } from './run.ts'

const one = async (): Promise<Person> => ((await peopleInRoom(['Ana'])) as [Person])[0]

test('the address that is printed opens the interface with its token', async () => {
  const ana = await one()
  const { exitCode, out, notes } = await ana.call('open', '--print')
  expect([exitCode, out.length, notes]).toEqual([0, 1, []])
  const { origin, hash } = new URL(out[0] ?? '')
  const client = await connectApi({ url: origin, token: hash.slice('#token='.length) })
  expect((await client.api.status()).name).toBe('Ana')
  client.close()
})

const onUnix = test.skipIf(process.platform === 'win32' || process.platform === 'darwin')

/** An opener that notes what it was started with and what it was to show. */
function opener(exitCode: number): { readonly folder: string; readonly seen: string } {
  const folder = temporaryFolder()
  const [program, seen] = [join(folder, 'xdg-open'), join(folder, 'seen')]
  writeFileSync(program, `#!/bin/sh\nPATH=/usr/bin:/bin\necho "$@" >${seen}\ncat "$1" >>${seen}\nexit ${exitCode}\n`)
  chmodSync(program, 0o755)
  return { folder, seen }
}

onUnix('the browser gets it by a page that only its owner can read, and nobody else sees the token', async () => {
  const ana = await one()
  const { folder, seen } = opener(0)
  const page = join(ana.profile, 'open.html')
  // Whoever could make a link there would have the page written to where it leads.
  symlinkSync(join(folder, 'elsewhere'), page)
  const { exitCode, out, notes } = await run(['open', '--profile', ana.profile], { PATH: folder, DISPLAY: ':0' })
  const { url, token } = readApiAddress(ana.profile) ?? { url: '', token: '?' }
  expect([exitCode, out, notes]).toEqual([0, [`The browser opens ${url}`], []])
  const [started, shown] = readFileSync(seen, 'utf8').split('\n')
  expect(started).toBe(page)
  expect(shown).toContain(`url=${url}/#token=${token}"`)
  expect(statSync(page).mode & 0o777).toBe(0o600)
  expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
})

onUnix.each(['SIGINT', 'SIGTERM'] as const)('the page goes with its peer: after %s there is none', async (signal) => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  const page = join(profile, 'open.html')
  const opened = await run(['open', '--profile', profile], { PATH: opener(0).folder, DISPLAY: ':0' })
  expect([opened.exitCode, existsSync(page)]).toEqual([0, true])
  peer.child.kill(signal)
  expect((await peer.finished).exitCode).toBe(0)
  expect(existsSync(page)).toBe(false)
})

onUnix('where no browser can be opened it says so, and how the address is had', async () => {
  const ana = await one()
  const says = async (env: Record<string, string>) => {
    const { exitCode, out, notes } = await run(['open', '--profile', ana.profile], env)
    return [exitCode, out, ...notes]
  }
  const hint = '`gavelring open --print` prints the address, for a browser on this machine.'
  expect(await says({})).toEqual([3, [], 'There is no display here to open a browser on.', hint])
  const display = { DISPLAY: ':0' }
  const failed = 'The browser could not be opened: xdg-open'
  expect(await says({ ...display, PATH: opener(4).folder })).toEqual([3, [], `${failed} ended with 4.`, hint])
  expect(await says({ ...display, PATH: temporaryFolder() })).toEqual([3, [], `${failed} cannot be started.`, hint])
})
