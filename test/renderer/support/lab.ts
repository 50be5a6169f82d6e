import type { Page } from 'playwright-core'
import { temporaryFolder } from '../../cli/processes.ts'
import { allMembers, type PeerProcess, startPeer } from '../../e2e/room.ts'

/** A class in its lab: Ana, who founded the room, and four more. */
export async function startFive(): Promise<[PeerProcess, PeerProcess, PeerProcess, ...PeerProcess[]]> {
  const ana = await startPeer('Ana', temporaryFolder(), '--create')
  const others = await Promise.all(
    ['Bruno', 'Clara', 'Davi', 'Eva'].map((name) => startPeer(name, temporaryFolder(), '--bootstrap', ana.address)),
  )
  const all = [ana, ...others] as [PeerProcess, PeerProcess, PeerProcess, ...PeerProcess[]]
  await allMembers(all)
  return all
}

/** By what stands beside the fields of the form. */
export async function fillIn(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    const field = page.getByLabel(label, { exact: true })
    if ((await field.and(page.locator('select')).count()) > 0) await field.selectOption(value)
    else await field.fill(value)
  }
}

/** Over in a moment. */
export const quick = {
  ...{ 'Entries of each peer': '4', 'Think at most (ms)': '0' },
  ...{ 'Stay at least (ms)': '0', 'Stay at most (ms)': '0' },
}

export const start = (page: Page): Promise<void> => page.getByRole('button', { name: 'Start', exact: true }).click()

/** It is shown, and over. */
export const ended = (page: Page, experiment: number, how: 'result' | 'stop' = 'result'): Promise<void> =>
  page.locator(`.lab-run[data-experiment="${experiment}"][data-ended="${how}"]`).waitFor({ timeout: 120_000 })
