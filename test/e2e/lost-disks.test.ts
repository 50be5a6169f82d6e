import { cpSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { type Api, connectApi } from '../../src/api/client.ts'
import type { ExportedBlock, StatusView } from '../../src/api/views.ts'
import { roomFolder } from '../../src/app/room-folder.ts'
import { temporaryFolder } from '../cli/processes.ts'
import { accounts, balancesOf, checkLogs, expectedBalances, openAccounts } from './accounts.ts'
import { acknowledgedBy, askAgain, paidMore, pay, payAround } from './payments.ts'
import { allMembers, kill, type PeerProcess, restart, sameState, spawnPeer, startRoom, statusOf, stopAll, until } from './room.ts'

const deleteLog = ({ profile }: PeerProcess): void => rmSync(roomFolder(profile, 'classroom'), { recursive: true })

/** LevelDB takes that for a log in which nothing was ever written. */
function emptyJournal({ profile }: PeerProcess): void {
  const folder = roomFolder(profile, 'classroom')
  for (const name of readdirSync(folder)) if (name.endsWith('.log')) truncateSync(join(folder, name))
}

/** All that is committed, as one peer gives it. */
async function committedLog(api: Api): Promise<readonly ExportedBlock[]> {
  const { commit } = await api.status()
  const blocks: ExportedBlock[] = []
  while (blocks.length <= commit.index) blocks.push(...(await api.log.read({ from: blocks.length, count: 1_000 })))
  return blocks
}

/** Where the room has written down, first or last, that this peer lost its log. */
async function lossOf(peer: string, api: Api): Promise<number | undefined> {
  const names = ({ kind, content }: ExportedBlock): boolean =>
    kind === 'view' && 'lost' in content && Array.isArray(content.lost) && content.lost.includes(peer)
  return (await committedLog(api)).findLast(names)?.index
}

/** What it says of itself, from its start on until it is a member. */
async function untilMember({ name, api }: PeerProcess): Promise<readonly StatusView[]> {
  const seen: StatusView[] = []
  await until(`${name} is a member again`, async () => {
    const status = await api.status()
    seen.push(status)
    return status.role === 'member' && status.members.length === accounts.length
  })
  return seen
}

test.each([
  { how: 'its log was deleted while it was away', lose: deleteLog, flags: [] },
  { how: 'its journal was emptied while it was away', lose: emptyJournal, flags: [] },
  { how: 'it is told to fetch its log anew', lose: () => {}, flags: ['--refetch'] },
])('$how: it is no member before the room has written that down, then one again, with everything', async ({ lose, flags }) => {
  const peers = await startRoom()
  const [ana, bob, cleo] = peers
  const acknowledged = await openAccounts(peers)
  const { self } = await statusOf(cleo)
  const payers = payAround(peers, 'before')
  await paidMore(payers, 20)
  await kill(cleo)
  lose(cleo)
  await paidMore(payers.slice(0, 2), 20)

  const back = await restart(cleo, '--bootstrap', ana.address, ...flags)
  const seen = await untilMember(back)
  expect((await statusOf(back)).self).toBe(self)
  const loss = (await lossOf(self, ana.api)) ?? Number.POSITIVE_INFINITY
  for (const { role, commit } of seen) if (role === 'member') expect(commit.index).toBeGreaterThanOrEqual(loss)

  const everyone = [ana, bob, back]
  for (const payer of payers.flat()) await payer.stop()
  const again = await askAgain(back, payers[2] ?? [])
  await allMembers(everyone)
  await sameState(everyone)
  const paid = payers.map((own, index) => acknowledgedBy(own) + (index === 2 ? again.length : 0))
  for (const peer of everyone) expect(await balancesOf(peer)).toEqual(expectedBalances(paid))
  await stopAll(everyone)
  await checkLogs(everyone, [...acknowledged, ...payers.flat().flatMap((payer) => payer.acknowledged), ...again])
})

test.each([
  {
    how: 'stopped',
    cutOff: ({ running }: PeerProcess) => running.child.kill('SIGSTOP'),
    bringBack: async (peer: PeerProcess) => {
      peer.running.child.kill('SIGCONT')
      return peer
    },
  },
  {
    how: 'killed',
    cutOff: ({ running }: PeerProcess) => running.child.kill('SIGKILL'),
    bringBack: (peer: PeerProcess, ana: PeerProcess) => restart(peer, '--bootstrap', ana.address),
  },
])(
  'one of three has lost its log while another is $how: nobody claims a quorum until that one is back',
  async ({ cutOff, bringBack }) => {
    const peers = await startRoom()
    const [ana, bob, cleo] = peers
    const acknowledged = await openAccounts(peers)
    const payers = payAround(peers, 'before')
    await paidMore(payers, 20)
    // In one breath: the two that stay have no time to make a view without the first.
    cutOff(bob)
    await kill(cleo)
    deleteLog(cleo)

    const back = await restart(cleo, '--bootstrap', ana.address)
    const lost = await until('it says that its log was lost, and has what the others know to be committed', async () => {
      const [here, there] = await Promise.all([statusOf(back), statusOf(ana)])
      return here.role === 'forgotten' && here.commit.index === there.commit.index ? here : undefined
    })
    expect(lost.trouble).toMatch(/its log was lost/)
    await until('the one that is left says that it has no quorum', async () => !(await statusOf(ana)).quorum)
    const alone = { from: 'ana', to: 'bob', amount: '0.01', requestId: 'alone' } as const
    await expect(ana.api.transfer({ ...alone, deadlineMillis: 3_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/no-quorum|unsettled/i),
    })
    for (const peer of [ana, back]) {
      const { role, quorum, holdsToken } = await statusOf(peer)
      expect([peer.name, role, quorum, holdsToken]).toEqual([peer.name, peer === back ? 'forgotten' : 'read-only', false, false])
    }

    const returned = await bringBack(bob, ana)
    const everyone = [ana, returned, back]
    await allMembers(everyone)
    for (const payer of payers.flat()) await payer.stop()
    const again = await Promise.all(everyone.map((peer, index) => askAgain(peer, payers[index] ?? [])))
    again[0]?.push(await pay(ana.api, alone))
    await sameState(everyone)
    const paid = payers.map((own, index) => acknowledgedBy(own) + (again[index]?.length ?? 0))
    for (const peer of everyone) expect(await balancesOf(peer)).toEqual(expectedBalances(paid))
    await stopAll(everyone)
    await checkLogs(everyone, [...acknowledged, ...payers.flat().flatMap((payer) => payer.acknowledged), ...again.flat()])
  },
)

/** Payments of as many different amounts, whose answers can be told apart. */
const payments = (name: string) =>
  Array.from({ length: 9 }, (_, index) => ({
    from: 'cleo',
    to: 'ana',
    amount: `0.0${index + 1}`,
    requestId: `${name}-${index + 1}`,
  }))

/** Each that is answered, with the id of the operation that the answer names. */
async function payAll(api: Api, name: string, deadlineMillis: number): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>()
  const paying = payments(name).map(async (payment) => {
    const { operation } = await api.transfer({ ...payment, deadlineMillis })
    answers.set(payment.requestId, operation)
  })
  await Promise.allSettled(paying)
  return answers
}

/** The operations in the log by their ids. */
async function operationsIn(api: Api): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const operations = new Map<string, Readonly<Record<string, unknown>>>()
  for (const { content } of await committedLog(api)) {
    if (!Array.isArray(content)) continue
    for (const one of content) operations.set(String(one.operation), one)
  }
  return operations
}

/** What an answer names is what was asked for: the request, and the amount. */
async function expectOwnResults(answers: ReadonlyMap<string, string>, api: Api): Promise<void> {
  const operations = await operationsIn(api)
  for (const [requestId, operation] of answers) {
    const amount = Number(requestId.split('-').at(-1))
    expect([requestId, operations.get(operation)]).toEqual([requestId, expect.objectContaining({ requestId, amount })])
  }
}

test('a folder that was put back from an older copy: the peer says so and stops, no payment gets another’s answer, and --refetch helps', async () => {
  const [ana, bob, first] = await startRoom()
  const acknowledged = await openAccounts([ana, bob, first])
  const { profile } = first
  const copy = join(temporaryFolder(), 'copy')
  await kill(first)
  cpSync(profile, copy, { recursive: true })

  const second = await restart(first, '--bootstrap', ana.address)
  await allMembers([ana, bob, second])
  const before = await payAll(second.api, 'second', 60_000)
  expect(before.size).toBe(9)
  await kill(second)
  await allMembers([ana, bob])
  rmSync(profile, { recursive: true })
  cpSync(copy, profile, { recursive: true })

  const old = spawnPeer('Cleo', profile, '--bootstrap', ana.address)
  const isUp = old.said(/^Others join with/).then(
    () => true,
    () => false,
  )
  const address = (await isUp) ? readApiAddress(profile) : undefined
  const client = address && (await connectApi(address).catch(() => undefined))
  const during = client === undefined ? new Map<string, string>() : await payAll(client.api, 'third', 60_000)
  client?.close()
  const { exitCode, out, errors } = await old.finished
  expect(exitCode).toBe(3)
  expect(out + errors).toMatch(/Stopped: .*(older copy|a copy of this folder).*--refetch/)
  await expectOwnResults(during, ana.api)

  const back = await restart(first, '--bootstrap', ana.address, '--refetch')
  await allMembers([ana, bob, back])
  const after = await payAll(back.api, 'third', 60_000)
  expect(after.size).toBe(9)
  await sameState([ana, bob, back])
  await expectOwnResults(new Map([...before, ...during]), back.api)
  await expectOwnResults(after, back.api)
  for (const [requestId, operation] of during) expect(after.get(requestId)).toBe(operation)
  const cents = 45
  for (const peer of [ana, bob, back]) {
    expect(await balancesOf(peer)).toEqual({ ana: 100_000 + 2 * cents, bob: 100_000, cleo: 100_000 - 2 * cents })
  }
  await stopAll([ana, bob, back])
  await checkLogs([ana, bob, back], [...acknowledged, ...before.values(), ...after.values()])
})

test('all peers killed, and started again together at the addresses that they had: they go on with all that was acknowledged', async () => {
  const peers = await startRoom()
  const acknowledged = await openAccounts(peers)
  const payers = payAround(peers, 'before')
  await paidMore(payers, 20)
  await Promise.all(peers.map(kill))
  for (const payer of payers.flat()) await payer.stop()

  const known = peers.flatMap(({ address }) => ['--bootstrap', address])
  const everyone = await Promise.all(
    peers.map((peer) => restart(peer, '--listen', peer.address.split('/p2p/')[0] ?? '', ...known)),
  )
  await allMembers(everyone)
  const again = await Promise.all(everyone.map((peer, index) => askAgain(peer, payers[index] ?? [])))
  await sameState(everyone)
  const paid = payers.map((own, index) => acknowledgedBy(own) + (again[index]?.length ?? 0))
  for (const peer of everyone) expect(await balancesOf(peer)).toEqual(expectedBalances(paid))
  await stopAll(everyone)
  await checkLogs(everyone, [...acknowledged, ...payers.flat().flatMap((payer) => payer.acknowledged), ...again.flat()])
})
