import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { roomFolder } from '../../src/app/room-folder.ts'
import type { RoomId } from '../../src/core/ids.ts'
import { openProfile } from '../../src/io/profile.ts'
import { gavelring, temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { allMembers, call, startPeer, stopAll, until } from '../e2e/room.ts'
import { writeLongLog } from '../support/long-log.ts'
import { describeScreens, expectAccessible, expectNoOverflow, goTo, openPage } from './support/screens.ts'

/** A log that is damaged: what the pages say of it, and the ways on. */

/** Flips a bit in the middle of everything that LevelDB has written. */
function damage(profile: string): void {
  const folder = roomFolder(profile, 'classroom')
  for (const name of readdirSync(folder).filter((one) => /\.(?:log|ldb)$/.test(one))) {
    const bytes = readFileSync(join(folder, name))
    const at = bytes.length >> 1
    if (bytes.length === 0) continue
    bytes[at] = (bytes[at] ?? 0) ^ 4
    writeFileSync(join(folder, name), bytes)
  }
}

/** The same, in the newest of its tables only: what is older stays whole. */
function damageNewest(profile: string): void {
  const folder = roomFolder(profile, 'classroom')
  const [newest = ''] = readdirSync(folder)
    .filter((one) => /\.(?:log|ldb)$/.test(one) && statSync(join(folder, one)).size > 1_000)
    .sort()
    .reverse()
  const path = join(folder, newest)
  const bytes = readFileSync(path)
  const at = bytes.length >> 1
  bytes[at] = (bytes[at] ?? 0) ^ 4
  writeFileSync(path, bytes)
}

/** The log of the room, and what stands beside it: names and contents. */
function filesIn(profile: string): ReadonlyMap<string, Buffer | string[]> {
  const folder = roomFolder(profile, 'classroom')
  return new Map<string, Buffer | string[]>([
    ...readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const),
    ['beside', readdirSync(join(profile, 'rooms'))],
  ])
}

/** As the app starts it: it stays where it does not come into its room. */
async function startAgain(profile: string, ...more: readonly string[]): Promise<void> {
  gavelring(['peer', '--last', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile, ...more])
  await until('its API is up', async () => readApiAddress(profile))
}

describeScreens('a damaged log', () => {
  test('of a peer alone: the last good block is named, and the ways on are those of the command line', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    for (const name of ['a', 'b', 'c']) await call(ana, 'account', 'open', name, '--holder', 'Ana')
    await stopAll([ana])
    damage(ana.profile)
    await startAgain(ana.profile)
    const page = await openPage(ana.profile, '#/rooms')
    // While it looks for the others.
    await page
      .locator('[data-notice="log-damaged"]')
      .getByText(/The log that was here is damaged. Block \d+ is the last good one. It is kept as it was, in /)
      .waitFor()

    const sheet = page.getByRole('region', { name: 'The log of classroom on this disk is damaged' })
    const whole = Number(await sheet.getAttribute('data-damaged', { timeout: 60_000 }))
    expect(whole).toBeGreaterThan(0)
    await sheet.getByText(`Block ${whole - 1} is the last good one.`).waitFor()
    await expectNoOverflow(page, 'a damaged log')
    await expectAccessible(page, 'a damaged log')
    const looks = [
      { locale: 'pt-BR', colorScheme: 'dark', title: 'O registro de classroom neste disco está danificado' },
      { locale: 'es', colorScheme: 'light', title: 'El registro de classroom en este disco está dañado' },
    ] as const
    for (const { title, ...look } of looks) {
      const other = await openPage(ana.profile, '#/rooms', { ...look, viewport: { width: 360, height: 640 } })
      await other.getByRole('region', { name: title }).waitFor()
      await expectNoOverflow(other, title)
      await expectAccessible(other, title)
    }

    await sheet.getByRole('button', { name: 'Fetch it from the others' }).click()
    await page.getByRole('heading', { name: /^On the way into/ }).waitFor()
    await page.getByRole('button', { name: 'Call it off' }).click()
    await sheet.waitFor()
    await sheet.getByRole('button', { name: `Go on from block ${whole - 1}` }).click()
    await sheet.getByRole('button', { name: 'Found it anew' }).click()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    await sheet.waitFor({ state: 'detached' })
  })

  test('what is whole is exported: JSON Lines that `log verify` accepts, and CSV; it says how far it is, can be stopped, and changes nothing', async () => {
    const profile = temporaryFolder()
    await writeLongLog(profile, 'classroom', 20_000)
    await (await openProfile(profile)).rememberRoom({ id: 'a'.repeat(64) as RoomId, name: 'classroom', code: '' })
    damageNewest(profile)
    const before = filesIn(profile)
    await startAgain(profile)
    const page = await openPage(profile, '#/rooms')
    const sheet = page.getByRole('region', { name: 'The log of classroom on this disk is damaged' })
    const whole = Number(await sheet.getAttribute('data-damaged', { timeout: 60_000 }))
    expect(whole).toBeGreaterThan(1_000)

    await sheet.getByRole('button', { name: 'Export JSON Lines' }).click()
    await sheet.getByText(/^Exported [\d,]+ of [\d,]+ blocks$/).waitFor()
    await sheet.getByRole('button', { name: 'Cancel' }).click()
    await sheet.getByText('Stopped.').waitFor()
    await expectAccessible(page, 'an export that was stopped')

    const saved = async (button: string): Promise<string> => {
      const coming = page.waitForEvent('download')
      await sheet.getByRole('button', { name: button }).press('Enter')
      const download = await coming
      const path = join(temporaryFolder(), download.suggestedFilename())
      await download.saveAs(path)
      return path
    }
    const lines = await saved('Export JSON Lines')
    expect(lines).toMatch(/gavelring-classroom\.jsonl$/)
    expect(readFileSync(lines, 'utf8').trimEnd().split('\n')).toHaveLength(whole)
    expect(await run(['log', 'verify', lines])).toMatchObject({ exitCode: 0 })
    const count = whole.toLocaleString('en')
    await sheet.getByText(`${count} blocks exported: gavelring-classroom.jsonl`).waitFor()
    await sheet.getByText(`Block ${count} is bad: it is missing on the disk, or damaged there.`).waitFor()
    await expectAccessible(page, 'an export that is done')
    const rows = readFileSync(await saved('Export CSV'), 'utf8')
      .trimEnd()
      .split('\r\n')
    expect(rows).toHaveLength(whole + 1)
    expect(filesIn(profile)).toEqual(before)
  })

  test('of one of two: it comes back with everything, and says what it found', async () => {
    const ana = await startPeer('Ana', temporaryFolder(), '--create')
    const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
    await allMembers([ana, bob])
    await call(bob, 'account', 'open', 'bob', '--holder', 'Bob')
    await stopAll([bob])
    damage(bob.profile)
    await startAgain(bob.profile, '--bootstrap', ana.address)
    const page = await openPage(bob.profile, '#/settings')
    const notice = page.locator('[data-notice="log-damaged"]')
    await notice.getByText(/is the last good one\. It is kept as it was, in .*\.old\. The other members give/).waitFor()
    await goTo(page, '#/rooms')
    await notice.waitFor()
    await page.getByText('Quorum: 2 of 2 members').waitFor()
  })
})
