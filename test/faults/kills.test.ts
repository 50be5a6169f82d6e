import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { auditProfile } from '../../src/app/audit-log.ts'
import { gavelring, type Running, temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { centsOf, connectTo, emptyTally, faultsOf, freePort, isLong, pay } from './load.ts'

/**
 * Real peers, ended by SIGKILL at random moments while they are paid through. What a peer said was done is there afterwards, once,
 * and its log verifies. `FAULTS=long npx vitest run test/faults/kills.test.ts` kills 200 times each, which takes half an hour; with `KILLS=50` that many times.
 */

const kills = Number(process.env.KILLS ?? (isLong ? 200 : 6))
const timeout = 60_000 + kills * 30_000
const room = 'evening'

interface Seat {
  readonly name: string
  readonly profile: string
  readonly port: number
}

const newSeat = async (name: string): Promise<Seat> => ({ name, profile: temporaryFolder(), port: await freePort() })

/** `others`: whose room it comes into; none: it founds one, or goes on in the one that it has. */
function start({ name, profile, port }: Seat, others: readonly Seat[]): Running {
  const entry = others.length === 0 ? ['--create'] : others.flatMap((other) => ['--bootstrap', `127.0.0.1:${other.port}`])
  const place = ['--no-mdns', '--listen', `127.0.0.1:${port}`, '--profile', profile]
  return gavelring(['peer', '--room', room, '--name', name, ...place, ...entry])
}

const end = async (peer: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
  peer.child.kill(signal)
  return (await peer.finished).exitCode
}

describe.skipIf(process.platform === 'win32')('killed while it works', () => {
  test(`a peer alone, ${kills} times, loses nothing that it acknowledged`, { timeout }, async () => {
    const seat = await newSeat('Ana')
    const tally = emptyTally()
    for (let round = 0; round < kills; round++) {
      if (round % 4 === 3) {
        // In the middle of a start.
        const starting = start(seat, [])
        await sleep(1_000 * Math.random())
        await end(starting, 'SIGKILL')
      }
      const peer = start(seat, [])
      await peer.said(/^Others join with/)
      const client = await connectTo(seat.profile)
      if (round === 0) {
        for (const account of ['ana', 'bob']) await client.api.accounts.open({ account, holder: account })
        await client.api.deposit({ account: 'ana', amount: '1000000' })
      }
      const cents = await centsOf(client, 'bob')
      expect(cents).toBeGreaterThanOrEqual(tally.acknowledged.size)
      expect(cents).toBeLessThanOrEqual(tally.asked)
      const load = pay(client, 'ana', 'bob', tally)
      await sleep(500 * Math.random())
      await end(peer, 'SIGKILL')
      await load.stop()
    }
    const last = start(seat, [])
    await last.said(/^Others join with/)
    expect(await end(last, 'SIGTERM')).toBe(0)
    expect(await faultsOf(seat.profile, room, tally)).toEqual([])
    expect(tally.acknowledged.size).toBeGreaterThan(kills)
    expect(await run(['log', 'verify', '--profile', seat.profile])).toMatchObject({ exitCode: 0 })
  })

  test(`a room of three, ${kills} times one or all of them, loses nothing that one of them acknowledged`, {
    timeout,
  }, async () => {
    const seats = [await newSeat('Ana'), await newSeat('Bob'), await newSeat('Cleo')]
    const others = (seat: Seat): readonly Seat[] => seats.filter((one) => one !== seat)
    const tallies = new Map(seats.map((seat) => [seat, emptyTally()]))
    const tallyOf = (seat: Seat) => tallies.get(seat) ?? emptyTally()
    const running = new Map<Seat, Running>()
    for (const seat of seats) {
      const peer = start(seat, running.size === 0 ? [] : others(seat))
      running.set(seat, peer)
      await peer.said(/^Others join with/)
      await isMember(seat.profile)
      const { api, close } = await connectTo(seat.profile)
      for (const kind of ['from', 'to'])
        await api.accounts.open({ account: `${kind}-${seat.name.toLowerCase()}`, holder: seat.name })
      await api.deposit({ account: `from-${seat.name.toLowerCase()}`, amount: '1000000' })
      close()
    }
    for (let round = 0; round < kills; round++) {
      const loads = await Promise.all(
        seats.map(async (seat) => {
          const client = await connectTo(seat.profile)
          const name = seat.name.toLowerCase()
          return { client, load: pay(client, `from-${name}`, `to-${name}`, tallyOf(seat)) }
        }),
      )
      await sleep(1_000 * Math.random())
      // Now and then the lights go out for all.
      const killed = round % 3 === 2 ? seats : [seats[Math.floor(3 * Math.random())] ?? seats[0]]
      const hit = seats.filter((seat) => killed.includes(seat))
      await Promise.all(hit.map((seat) => end(running.get(seat) as Running, 'SIGKILL')))
      await sleep(500 * Math.random())
      await Promise.all(loads.map(({ load }) => load.stop()))
      for (const { client } of loads) client.close()
      for (const seat of hit) running.set(seat, start(seat, others(seat)))
      for (const seat of seats) {
        await running.get(seat)?.said(/^Others join with/)
        await isMember(seat.profile)
      }
      for (const seat of seats) {
        const client = await connectTo(seat.profile)
        const account = `to-${seat.name.toLowerCase()}`
        // What is committed it may hear a moment later; what is lost it never hears of.
        const deadline = performance.now() + 60_000
        let cents = await centsOf(client, account)
        while (cents < tallyOf(seat).acknowledged.size && performance.now() < deadline) {
          await sleep(50)
          cents = await centsOf(client, account)
        }
        client.close()
        expect(cents).toBeGreaterThanOrEqual(tallyOf(seat).acknowledged.size)
        expect(cents).toBeLessThanOrEqual(tallyOf(seat).asked)
      }
    }
    for (const seat of seats) expect(await end(running.get(seat) as Running, 'SIGTERM')).toBe(0)
    const audits = await Promise.all(seats.map((seat) => auditProfile(seat.name, seat.profile, room)))
    const longest = audits.reduce((most, { hashes }) => (hashes.length > most.length ? hashes : most), [] as readonly string[])
    for (const { fault, sum, hashes } of audits)
      expect([fault, sum, hashes]).toEqual([undefined, 0, longest.slice(0, hashes.length)])
    const all = { asked: 0, acknowledged: new Set([...tallies.values()].flatMap(({ acknowledged }) => [...acknowledged])) }
    // Whoever leaves last has it all.
    expect(await faultsOf(seats[2]?.profile ?? '', room, all)).toEqual([])
    expect(all.acknowledged.size).toBeGreaterThan(kills)
    for (const { profile } of seats) expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({ exitCode: 0 })
  })
})

/** And up to date: what it says of its accounts counts. */
async function isMember(profile: string): Promise<void> {
  const deadline = performance.now() + 180_000
  for (;;) {
    const { out } = await run(['status', '--json', '--profile', profile])
    const { role, quorum, trouble } = JSON.parse(out.join('')) as { role?: string; quorum?: boolean; trouble?: string }
    if (role === 'member' && quorum === true && trouble === undefined) return
    if (performance.now() > deadline) throw new Error(`it is no member again: ${out.join('')}`)
    await sleep(100)
  }
}
