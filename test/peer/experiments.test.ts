import { afterEach, describe, expect, it } from 'vitest'
import type { AccountId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { happenedBefore } from '../../src/mutex/happened-before.ts'
import { flightsIn } from '../../src/mutex/messages-in.ts'
import { eventsIn, type RunStep } from '../../src/mutex/run-steps.ts'
import { shivizLog } from '../../src/mutex/shiviz.ts'
import type { ExperimentEvent } from '../../src/peer/experiment-kept.ts'
import { encodeLabFrame } from '../../src/peer/lab-frame.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { begin, ended, entriesAt, idOf, numberIn, runOf, settingOf, startRoom } from './experiment-room.ts'
import { accept, createRig, type Rig, submit } from './rig.ts'

let rig: Rig
afterEach(() => rig.end())

async function stop(host: Peer, number: number): Promise<void> {
  const operation = host.lab().stopOf(number)
  if (operation === undefined) throw new Error('it does not run')
  await accept(host, operation)
}

/** Each hop of the token is an arrow with both ends, and whoever enters with it knows that the one before has left. */
function expectHops(kept: readonly ExperimentEvent[]): void {
  const steps = kept.flatMap((one): RunStep[] => {
    if (one.kind !== 'event') return []
    const { peer: other, vector, message, ...event } = one.event
    const { number, at, kind, peer, own } = one
    const known = Object.entries(vector).map(([id, count]) => ({ peer: id, count }))
    return [{ ...event, number, at, kind, peer, own, other, message: message && { ...message }, vector: known }]
  })
  const events = eventsIn(steps)
  const flights = flightsIn(steps).filter(({ sent, received }) => (sent ?? received)?.message?.kind === 'token')
  const whole = flights.filter(({ sent, received }) => sent !== undefined && received !== undefined)
  // Peers begin and end to look at different times.
  expect(whole.length).toBeGreaterThanOrEqual(12)
  expect(flights.length - whole.length).toBeLessThanOrEqual(6)
  for (const { sent, received } of whole) {
    expect([sent?.other, received?.other]).toEqual([received?.peer, sent?.peer])
    expect(received?.lamport).toBeGreaterThan(sent?.lamport ?? 0)
    expect(received?.vector.find(({ peer }) => peer === sent?.peer)?.count).toBe(sent?.own)
  }
  const entries = events.filter(({ what }) => what === 'entered')
  for (const [at, entry] of entries.entries()) {
    const before = events.find(({ peer, own, what }) => {
      const last = entries[at - 1]
      return last !== undefined && what === 'released' && peer === last.peer && own > last.own
    })
    if (before !== undefined) expect(happenedBefore(before, entry)).toBe(true)
  }
  const clocks = new Map<string, number>()
  const lines = shivizLog(steps, (peer) => peer)
    .split('\n')
    .slice(2)
  for (const line of lines) {
    const [, host, clock] = /^(\S+) (\{.*\})$/.exec(line) ?? []
    if (host === undefined || clock === undefined) continue
    expect(JSON.parse(clock)[host]).toBe((clocks.get(host) ?? 0) + 1)
    clocks.set(host, (clocks.get(host) ?? 0) + 1)
  }
  expect([...clocks.values()].reduce((sum, count) => sum + count, 0)).toBe(events.length)
}

describe('an experiment in a real room', () => {
  it.each(algorithms.map(({ name }) => name))(
    '%s: each enters as often as it should, never two at once, for as many messages as the theory says',
    async (name) => {
      rig = createRig()
      const { peers, host } = await startRoom(rig, 3)
      const number = await begin(host, settingOf(name))
      await ended(peers, number)
      for (const peer of peers) {
        const { record, ended: how } = runOf(peer, number)
        const { expected, messages } = record.figures
        expect(how).toBe('result')
        expect(entriesAt(peer, number)).toEqual([5, 5, 5])
        expect([record.missed, record.violations]).toEqual([0, []])
        expect(record.members.map(({ part }) => part)).toEqual(['done', 'done', 'done'])
        expect(messages.entry).toBeGreaterThanOrEqual(expected?.least ?? 0)
        expect(messages.entry).toBeLessThanOrEqual(expected?.most ?? Number.POSITIVE_INFINITY)
      }
    },
  )

  it.each([true, false])(
    'the room’s own ring, watched: each enters by the token, one entry a turn, and nothing else is in the log (record: %s)',
    async (record) => {
      rig = createRig()
      const { peers, host } = await startRoom(rig, 3)
      const number = await begin(host, settingOf('room', { record, think: { least: 0, most: 20 } }))
      const set = host.status().commit.index
      await ended(peers, number)
      // Its set-up is the last block but one: the result follows it.
      expect(host.status().commit.index - set).toBe(1)
      for (const peer of peers) {
        const { figures, violations, missed, kept } = runOf(peer, number).record
        expect(entriesAt(peer, number)).toEqual([5, 5, 5])
        expect([violations, missed]).toEqual([[], 0])
        if (record) expectHops(kept)
        const fences = kept.flatMap((one) => (one.kind === 'event' && one.event.what === 'entered' ? [one.event.message] : []))
        expect(new Set(fences.map((fence) => JSON.stringify(fence))).size, 'a turn for each').toBe(15)
        expect(figures.expected?.formula).toBe('1 to n')
        expect(figures.messages.entry).toBeGreaterThanOrEqual(figures.expected?.least ?? Number.POSITIVE_INFINITY)
      }
    },
  )

  it('the room’s own ring, watched while operations are written: the token comes in between, and each enters all the same', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('room', { entries: 10, think: { least: 0, most: 0 } }))
    for (let at = 0; runOf(host, number).ended === undefined; at++)
      await submit(peers[at % 3] as Peer, { kind: 'open-account', account: `a${at}` as AccountId, holder: '' })
    await ended(peers, number)
    for (const peer of peers) {
      expect(entriesAt(peer, number)).toEqual([10, 10, 10])
      expect(runOf(peer, number).record.violations).toEqual([])
    }
  })

  it('is told to everybody alike: each event once, after all that it knew of, and each peer’s own without a gap', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('ricart-agrawala', { lostShare: 0.2 }))
    await ended(peers, number)
    const events = peers.map((peer) => runOf(peer, number).record.kept.flatMap((one) => (one.kind === 'event' ? [one] : [])))
    const keys = events.map((some) => some.map(({ peer, own }) => `${peer} ${own}`).sort())
    expect(keys[1]).toEqual(keys[0])
    expect(keys[2]).toEqual(keys[0])
    for (const some of events) {
      const done = new Map<string, number>()
      for (const { peer, own, event } of some) {
        expect(own).toBe((done.get(peer) ?? 0) + 1)
        done.set(peer, own)
        for (const [known, count] of Object.entries(event.vector)) expect(done.get(known) ?? 0).toBeGreaterThanOrEqual(count)
      }
    }
    expect(runOf(host, number).record.figures.messages.entry).toBe(2 * 2 * 15)
  })

  it('tells only entries where messages are not to be recorded, and counts them all the same', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('ricart-agrawala', { record: false }))
    await ended(peers, number)
    for (const peer of peers) {
      const { record } = runOf(peer, number)
      expect(record.kept.some((one) => one.kind === 'event' && one.event.what === 'sent')).toBe(false)
      expect([record.figures.entries, record.figures.messages.entry, record.missed]).toEqual([15, 60, 0])
    }
  })

  it('runs beside another one in another section, and not twice in one', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const one = await begin(host, settingOf('token-ring'))
    const other = await begin(host, settingOf('lamport', { section: 'other' }))
    const refused = await submit(host, host.lab().setupOf(settingOf('maekawa')))
    expect(refused.outcome).toEqual({
      accepted: false,
      rejection: { code: 'experiment-running', section: 'main', experiment: one },
    })
    const stranger = await submit(peers[1] as Peer, host.lab().setupOf(settingOf('maekawa', { section: 'third' })))
    expect(stranger.outcome).toMatchObject({ rejection: { code: 'not-host' } })
    await Promise.all([ended(peers, one), ended(peers, other)])
    for (const peer of peers)
      expect([entriesAt(peer, one), entriesAt(peer, other)]).toEqual([
        [5, 5, 5],
        [5, 5, 5],
      ])
  })

  it('is stopped by the host everywhere, with what has come of it', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('token-ring', { entries: 10_000 }))
    await until('it is under way', () => runOf(host, number).record.figures.entries > 5)
    await stop(host, number)
    await ended(peers, number)
    expect(peers.map((peer) => runOf(peer, number).ended)).toEqual(['stop', 'stop', 'stop'])
    expect(host.lab().stopOf(number)).toBeUndefined()
    const again = await begin(host, settingOf('token-ring'))
    await ended(peers, again)
    expect(entriesAt(host, again)).toEqual([5, 5, 5])
  })

  it('comes in a series, one after the other', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const names = ['centralized', 'ricart-agrawala', 'token-ring']
    const first = numberIn(
      await host.lab().startSeries(
        names.map((name) => settingOf(name)),
        10_000,
      ),
    )
    expect(host.lab().series).toEqual({ algorithms: names, at: 0, experiments: [first] })
    for (const [at, name] of names.entries()) {
      await ended(peers, first + at)
      for (const peer of peers) expect(runOf(peer, first + at).setup.setting.algorithm).toBe(name)
    }
    expect(host.lab().series).toBeUndefined()
    expect(host.lab().runs.map((run) => run.ended)).toEqual(['result', 'result', 'result'])
    const [oldest] = host.lab().runs
    expect(oldest?.record.kept.length).toBeGreaterThan(0)
    const more = numberIn(await host.lab().startSeries([settingOf('lamport'), settingOf('maekawa')], 10_000))
    await ended(peers, more + 1)
    expect([oldest?.record.kept.length, oldest?.record.figures.entries], 'its figures stay').toEqual([0, 15])
  })
})

describe('what goes wrong in an experiment', () => {
  it.each(['centralized', 'ricart-agrawala', 'token-ring', 'maekawa'])(
    '%s goes on without a member that crashed, which takes part again once it is back',
    async (name) => {
      rig = createRig()
      const { machines, peers, host } = await startRoom(rig, 3)
      const [, , cleo] = peers as [Peer, Peer, Peer]
      const number = await begin(host, settingOf(name, { entries: 10_000, think: { least: 5, most: 60 } }))
      await until('it is under way', () => entriesAt(host, number).every((entries) => entries >= 3))
      await machines[2]?.crash()
      const left = [host, peers[1] as Peer]
      await until('two are left', () => left.every((peer) => peer.status().members.length === 2))
      const before = runOf(host, number).record.figures.entries
      await until('they go on', () => runOf(host, number).record.figures.entries > before + 3)
      const again = await machines[2]?.start()
      if (again === undefined) throw new Error('no machine')
      const stateOf = (peer: Peer) => runOf(peer, number).record.members.find((one) => one.peer === idOf(cleo))
      const had = stateOf(host)?.entries ?? 0
      await until('it takes part again', () => (stateOf(host)?.entries ?? 0) > had + 3)
      await stop(host, number)
      await ended([...left, again], number)
      for (const peer of left) {
        const { record } = runOf(peer, number)
        expect(record.violations).toEqual([])
        expect(record.figures.recovery).toBeGreaterThan(0)
        const own = record.kept.flatMap((one) => (one.kind === 'event' && one.peer === idOf(cleo) ? [one.own] : []))
        expect(own.length).toBeGreaterThan(0)
        expect(own).toEqual([...own].sort((a, b) => a - b))
      }
      expect(runOf(again, number).record.violations).toEqual([])
    },
  )

  it('is a part that stands still, and then goes on', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const [, bob] = peers as [Peer, Peer, Peer]
    const number = await begin(
      host,
      settingOf('ricart-agrawala', { entries: 20, faults: [{ kind: 'pause', peer: idOf(bob), at: 100, millis: 900 }] }),
    )
    await until('it stands still', () => runOf(host, number).record.members.some(({ part }) => part === 'paused'))
    await ended(peers, number)
    expect(entriesAt(host, number)).toEqual([20, 20, 20])
    expect(runOf(host, number).record.violations).toEqual([])
  })

  it('is a pair that cannot hear each other, for a while', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const [, bob, cleo] = peers as [Peer, Peer, Peer]
    const number = await begin(
      host,
      settingOf('lamport', { faults: [{ kind: 'cut', peer: idOf(bob), to: idOf(cleo), at: 0, millis: 700 }] }),
    )
    await ended(peers, number)
    expect(entriesAt(host, number)).toEqual([5, 5, 5])
  })

  it('is a part that dies: the others wait for it until the room’s next view, in which it begins anew', async () => {
    rig = createRig()
    const { machines, peers, host } = await startRoom(rig, 3)
    const [, bob] = peers as [Peer, Peer, Peer]
    const number = await begin(
      host,
      settingOf('ricart-agrawala', { entries: 10, faults: [{ kind: 'kill', peer: idOf(bob), at: 0 }] }),
    )
    await until('it is dead', () => runOf(host, number).record.members.some(({ part }) => part === 'dead'))
    expect(entriesAt(host, number)).toEqual([0, 0, 0])
    await machines[2]?.crash()
    await until('Bob is alive in a new view', () =>
      runOf(host, number).record.members.some(({ peer, part }) => peer === idOf(bob) && part === 'done'),
    )
    await ended([host, bob], number)
    expect(runOf(host, number).record.figures.entries).toBeGreaterThanOrEqual(20)
    expect(runOf(host, number).record.violations).toEqual([])
  })

  it('is a member that talks nonsense: it is named, and nobody else is disturbed', async () => {
    rig = createRig()
    const { machines, peers, host } = await startRoom(rig, 3)
    const liar = machines[2]
    const [ana, bob, cleo] = peers as [Peer, Peer, Peer]
    const number = await begin(host, settingOf('suzuki-kasami', { entries: 60 }))
    const random = createRandom(1)
    const vector = { [idOf(ana)]: 2 ** 47 }
    const nonsense = (): Uint8Array => {
      const data = { message: { kind: 'token', served: [9, 9, 9], queue: ['nobody'] }, lamport: 2 ** 47, vector }
      const frames = [
        encodeLabFrame({
          kind: 'talk',
          experiment: number,
          parts: [
            { to: idOf(bob), frame: { epoch: runOf(host, number).epoch, part: { kind: 'data', number: 900, payload: data } } },
          ],
        }),
        encodeLabFrame({ kind: 'talk', experiment: number + 7, parts: [] }),
        encodeLabFrame({ kind: 'vote', experiment: number, round: 2 ** 40, choice: idOf(bob) }),
        encodeLabFrame({
          ...{ kind: 'step', experiment: number, round: 1, tally: [], act: 'drop' },
          sender: idOf(bob),
          event: 1,
        }),
        Uint8Array.of(0x4c, 2, 2, random.below(256), random.below(256)),
        Uint8Array.of(0x4c, 2, 3, random.below(256)),
      ]
      return frames[random.below(frames.length)] as Uint8Array
    }
    for (let i = 0; i < 500; i++) liar?.say('lab', nonsense())
    await ended(peers, number)
    expect([ana, bob].map((peer) => peer.peers().find((one) => one.peer === idOf(cleo))?.refused !== undefined)).toEqual([
      true,
      true,
    ])
    for (const peer of [ana, bob]) {
      expect(entriesAt(peer, number)).toEqual([60, 60, 60])
      expect(runOf(peer, number).record.violations).toEqual([])
      expect(runOf(peer, number).predictions.round).toBe(1)
      expect(peer.status()).toMatchObject({ role: 'member', trouble: undefined })
    }
  })
})
