import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { TokenMove } from '../../src/mutex/room-ring.ts'
import type { ExperimentFrame, OwnAlgorithm, TellFrame } from '../../src/peer/experiment-frame.ts'
import type { OwnKind } from '../../src/peer/experiments.ts'
import { encodeLabFrame } from '../../src/peer/lab-frame.ts'
import { until } from '../support/wait.ts'
import { settingOf } from './experiment-room.ts'
import { peerNamed } from './keyed-crypto.ts'
import { ana, endRoom, roomAhead, roomOfAna } from './lab-alone.ts'
import { createTestClock } from './test-clock.ts'
import { tellOf } from './told.ts'

const [bob, cleo] = ['B', 'C'].map(peerNamed) as [PeerId, PeerId]
afterEach(endRoom)

const tokenRing = algorithms.find(({ name }) => name === 'token-ring') as AlgorithmKind
const ownOf = (name: string, letter: string): OwnKind => ({ kind: { ...tokenRing, name }, sha256: letter.repeat(64) })
const claimOf = (name: string, letter: string): OwnAlgorithm => ({ name, sha256: letter.repeat(64) })
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Two others are in it; time goes on in small steps while a promise is open. */
async function roomOfThree(given: readonly OwnKind[] = []) {
  const { clock, moveTo } = createTestClock()
  let reads = 0
  const ownAlgorithms = async (): Promise<readonly OwnKind[]> => {
    reads++
    return given
  }
  const room = await roomOfAna(undefined, { members: [ana, bob, cleo], clock, ownAlgorithms })
  const say = (from: PeerId, frame: ExperimentFrame) => room.lab.heard(from, encodeLabFrame(frame))
  return {
    ...room,
    ...{ say, clock },
    reads: () => reads,
    pass: async (millis: number) => {
      for (const end = clock.monotonic() + millis; clock.monotonic() < end; await settle()) moveTo(clock.monotonic() + 10)
    },
    asks: () => room.said.filter((frame) => (frame as ExperimentFrame).kind === 'ask-own').length,
    answers: () => room.said.filter((frame) => (frame as ExperimentFrame).kind === 'own'),
  }
}

describe('what is said of the lab', () => {
  it('counts where a member says it, in this version, and well', async () => {
    const { lab, say, news } = await roomOfThree()
    expect(say(peerNamed('D'), { kind: 'ask-own' })).toBe('ignore')
    expect(lab.heard(bob, Uint8Array.of(0x4c, wireVersion + 1, 2, 7))).toBe('ignore')
    expect(lab.heard(bob, Uint8Array.of(0x4c, wireVersion, 2, 7))).toBe('reject')
    expect(news.map(({ kind }) => kind)).toEqual(['version', 'malformed'])
    expect(lab.heard(bob, encodeLabFrame({ kind: 'watch' }))).toBe('ignore')
    expect(say(bob, { kind: 'vote', experiment: 7, round: 1, choice: bob })).toBe('accept')
  })

  it('goes to its experiment', async () => {
    const { lab, say, submit } = await roomOfThree()
    for (const section of ['main', 'other']) await submit(lab.setupOf(settingOf('lamport', { section })))
    say(bob, { ...tellOf({ entries: 9 }), experiment: 2 })
    expect(lab.runs.map(({ record }) => record.members.find(({ peer }) => peer === bob)?.entries)).toEqual([0, 9])
  })
})

describe('algorithms of somebody’s own', () => {
  it('are told to whoever asks, as they are on the disk, at most sixteen, twice a second', async () => {
    const given = Array.from({ length: 20 }, (_, at) => ownOf(`mine ${at}`, 'a'))
    const { say, pass, answers, reads } = await roomOfThree(given)
    const before = reads()
    for (let times = 0; times < 3; times++) say(bob, { kind: 'ask-own' })
    await settle()
    const answer = { kind: 'own', algorithms: given.slice(0, 16).map(({ kind }) => claimOf(kind.name, 'a')) }
    expect([answers(), reads()]).toEqual([[answer], before + 1])
    await pass(490)
    say(bob, { kind: 'ask-own' })
    await settle()
    expect(answers()).toHaveLength(1)
    await pass(10)
    say(bob, { kind: 'ask-own' })
    await settle()
    expect(answers()).toHaveLength(2)
  })

  it('are asked for every 700 ms for three seconds, and no longer than all have answered', async () => {
    const room = await roomOfThree([ownOf('mine', 'a')])
    let known: Awaited<ReturnType<typeof room.lab.algorithms>> | undefined
    void room.lab.algorithms().then((found) => {
      known = found
    })
    room.say(bob, { kind: 'own', algorithms: [claimOf('mine', 'a'), claimOf('mine', 'b')] })
    await room.pass(2_980)
    expect([known, room.asks()]).toEqual([undefined, 5])
    await room.pass(100)
    expect(known?.filter(({ kind }) => kind === 'own')).toEqual([
      { name: 'mine', sha256: 'a'.repeat(64), peers: [bob, ana], kind: 'own' },
      { name: 'mine', sha256: 'b'.repeat(64), peers: [bob], kind: 'own' },
    ])
    expect(known?.filter(({ kind }) => kind === 'built-in').map(({ name }) => name)).toEqual([
      ...algorithms.map(({ name }) => name),
      'room',
    ])
    room.say(cleo, { kind: 'own', algorithms: [] })
    known = undefined
    void room.lab.algorithms().then((found) => {
      known = found
    })
    await room.pass(50)
    // What they said the last time may be so no more.
    expect([known, room.asks()]).toEqual([undefined, 6])
    for (const peer of [bob, cleo]) room.say(peer, { kind: 'own', algorithms: [] })
    await room.pass(50)
    expect((known ?? []).filter(({ kind }) => kind === 'own')).toMatchObject([{ name: 'mine', peers: [ana] }])
  })

  it('name who lacks one, has another one under its name, or does not answer; a built-in one is everybody’s', async () => {
    const room = await roomOfThree([ownOf('other', 'c'), ownOf('mine', 'a')])
    expect(await room.lab.prepare({ ...settingOf('lamport'), sha256: 'a'.repeat(64), peers: [bob] })).toEqual({
      ...{ setting: settingOf('lamport'), absent: [] },
    })
    expect(room.asks()).toBe(0)
    const prepare = async (name: string, claims: readonly OwnAlgorithm[]) => {
      const prepared = room.lab.prepare(settingOf(name))
      room.say(bob, { kind: 'own', algorithms: claims })
      await room.pass(3_100)
      return prepared
    }
    expect(await prepare('none', [])).toBeUndefined()
    expect(await prepare('mine', [claimOf('mine', 'b')])).toEqual({
      setting: { ...settingOf('mine'), sha256: 'a'.repeat(64), peers: [ana] },
      absent: [
        { peer: bob, why: 'other-hash' },
        { peer: cleo, why: 'silent' },
      ],
    })
    expect((await prepare('mine', [claimOf('yours', 'a')]))?.absent[0]).toEqual({ peer: bob, why: 'lacks' })
    expect((await prepare('mine', [claimOf('mine', 'a')]))?.setting.peers).toEqual([ana, bob])
  })
})

describe('the experiments of a room', () => {
  const one = settingOf('centralized', { entries: 1, think: { least: 0, most: 0 }, stay: { least: 0, most: 0 } })

  it('are those that run, and the newest eight that ended; events are kept of the newest three', async () => {
    const { clock, moveTo } = createTestClock()
    const { lab, submit } = await roomOfAna(undefined, { clock })
    for (let number = 1; number <= 11; number++) {
      await submit(lab.setupOf(one))
      await until('it has ended', () => {
        moveTo(clock.monotonic() + 50)
        return lab.runs.at(-1)?.isClosed === true
      })
      if (number === 5) expect(lab.runs.map(({ record }) => record.kept.length > 0)).toEqual([false, true, true, true, true])
    }
    expect(lab.runs.map(({ setup }) => setup.number)).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    // Of those that had ended as the newest one began.
    expect(lab.runs.map(({ record }) => record.kept.length > 0)).toEqual([...Array(4).fill(false), ...Array(4).fill(true)])
  })

  it('are begun by what the room accepted, once, and said to be none where they cannot be read', async () => {
    const { lab, apply, logger } = await roomOfAna()
    const begun = (experiment: number) =>
      ({ accepted: true, events: [{ kind: 'experiment-started', experiment, section: 'main' }] }) as const
    const setup = lab.setupOf(one)
    apply(setup, { accepted: false, rejection: { code: 'not-host' } })
    apply(setup, begun(1), true)
    expect(lab.runs).toEqual([])
    apply({ ...setup, content: Uint8Array.of(9) } as typeof setup, begun(1))
    expect([lab.runs, logger.warnings.map(({ facts }) => facts)]).toEqual([[], [{ experiment: 1, reason: expect.any(String) }]])
    apply(setup, begun(2))
    expect(lab.runs.map(({ setup: { number, block, setting } }) => [number, block, setting.algorithm])).toEqual([
      [2, 5, 'centralized'],
    ])
  })

  it('have their result also where it could not be written at first', async () => {
    let results = 0
    const { lab, submit } = await roomOfAna(async (operation, { number }) => {
      if (operation.kind !== 'record-experiment' || operation.what !== 'result') return
      if (number < 0 && ++results === 1) throw new Error('no quorum')
    })
    await submit(lab.setupOf(one))
    await until('it is written', () => lab.runs[0]?.ended === 'result')
    expect(results).toBe(2)
  })

  it('are entered in a view that the peer is active in, or that comes later', async () => {
    const epochs = async (active: boolean) => {
      const { lab, submit, enterView } = await roomOfAna(undefined, { active })
      await submit(lab.setupOf(settingOf('lamport', { entries: 1_000 })))
      const before = lab.runs[0]?.epoch
      enterView()
      return [before, lab.runs[0]?.epoch]
    }
    expect([await epochs(true), await epochs(false)]).toEqual([
      [1, 3],
      [0, 3],
    ])
  })

  it('that ran as the peer started are there, and are entered in the next view', async () => {
    const { lab } = await roomOfAna()
    const running = ['other', 'main'].map((section) => lab.setupOf(settingOf('lamport', { section, entries: 1_000 })))
    endRoom()
    const again = await roomOfAna(undefined, { running, active: false })
    const shown = () => again.lab.runs.map(({ setup, epoch }) => [setup.number, setup.setting.section, setup.block, epoch])
    expect(shown()).toEqual([
      [1, 'other', 2, 0],
      [2, 'main', 2, 0],
    ])
    again.enterView()
    expect(again.lab.runs.map(({ epoch }) => epoch)).toEqual([2, 2])
  })

  it('are by somebody’s own algorithm where that very file was here as the peer started', async () => {
    const parts: unknown[] = []
    for (const letter of ['a', 'b']) {
      const { lab, submit } = await roomOfAna(undefined, { ownAlgorithms: async () => [ownOf('mine', 'a')] })
      await submit(lab.setupOf({ ...settingOf('mine'), sha256: letter.repeat(64), peers: [ana] }))
      parts.push(lab.runs[0]?.hasPart)
      endRoom()
    }
    expect(parts).toEqual([true, false])
  })

  it('have events with numbers that can be told, however often this peer was started', async () => {
    const { lab, submit, said } = await roomOfAna(undefined, { incarnation: 2 ** 30 + 5 })
    await submit(lab.setupOf(one))
    await until('it is done', () => lab.runs[0]?.record.isFinished === true)
    const tells = said.filter((frame) => (frame as ExperimentFrame).kind === 'tell')
    expect(tells.at(-1)).toMatchObject({ part: 'done', entries: 1 })
    for (const { events } of tells as TellFrame[])
      for (const { at } of events) expect(at, 'by the room clock').toBeGreaterThan(roomAhead)
  })

  it('are all there as long as they run', async () => {
    const { lab, submit } = await roomOfAna()
    for (let at = 0; at < 12; at++) await submit(lab.setupOf(settingOf('lamport', { entries: 10_000, section: `s${at}` })))
    expect(lab.runs.map(({ record }) => record.isFull)).toEqual(Array(12).fill(false))
  })

  it('on the room’s own ring hear of its token, all of them, only while one of them runs', async () => {
    const { clock, moveTo } = createTestClock()
    const { lab, submit, tokenListeners } = await roomOfAna(undefined, { clock })
    const place = { epoch: '1.AAAAAA', turn: 4 }
    const move = (next: TokenMove) => {
      for (const listener of tokenListeners) listener(next)
      moveTo(clock.monotonic() + 5)
    }
    const watched = (section: string, think = 0) =>
      lab.setupOf({ ...one, algorithm: 'room', section, think: { least: think, most: think } })
    await submit(lab.setupOf({ ...settingOf('lamport', { entries: 10_000 }), section: 'beside' }))
    expect(tokenListeners.size).toBe(0)
    await submit(watched('main'))
    await submit(watched('other', 20_000))
    expect(tokenListeners.size).toBe(1)
    const entries = () => lab.runs.map(({ record }) => record.figures.entries)
    moveTo(400)
    expect(entries().slice(1)).toEqual([0, 0])
    move({ kind: 'came', place, from: undefined })
    moveTo(800)
    expect(entries().slice(1)).toEqual([1, 0])
    await until('the first has its result', () => {
      moveTo(clock.monotonic() + 50)
      return lab.runs[1]?.ended !== undefined
    })
    expect(tokenListeners.size).toBe(1)
    move({ kind: 'left', hop: undefined })
    moveTo(30_000)
    expect(entries()[2]).toBe(0)
    move({ kind: 'came', place: { ...place, turn: 5 }, from: undefined })
    await until('so has the second', () => {
      moveTo(clock.monotonic() + 50)
      return lab.runs[2]?.ended !== undefined
    })
    expect(tokenListeners.size).toBe(0)
    // Where the token is nobody knows any more.
    await submit(watched('main'))
    moveTo(clock.monotonic() + 1_000)
    expect([tokenListeners.size, entries().at(-1)]).toEqual([1, 0])
    endRoom()
    expect(tokenListeners.size).toBe(0)
  })

  it('have a result that the founder’s peer writes, and no other', async () => {
    const results = async (founder: PeerId) => {
      const written: string[] = []
      const { lab, submit } = await roomOfAna(
        async (operation) => {
          if (operation.kind === 'record-experiment') written.push(operation.what)
        },
        { founder },
      )
      await submit(lab.setupOf(one))
      await until('it is done', () => lab.runs[0]?.record.isFinished === true)
      await until('nothing more is to come', () => lab.runs[0]?.ended !== undefined || founder !== ana)
      await new Promise((resolve) => setImmediate(resolve))
      endRoom()
      return [lab.isHost, written.includes('result')]
    }
    expect([await results(ana), await results(bob)]).toEqual([
      [true, true],
      [false, false],
    ])
  })
})
