import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { AlgorithmKind, Place } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import { Part, type PartOutput } from '../../src/mutex/part.ts'
import type { MutexFrame } from '../../src/mutex/participant.ts'
import { type RoomToken, roomRing } from '../../src/mutex/room-ring.ts'
import type { ExperimentSetting } from '../../src/mutex/setting.ts'
import { lifeEvents } from '../../src/mutex/witness.ts'
import { plainSetting } from '../support/lab-setting.ts'

const [ana, bob] = ['ana', 'bob'] as [PeerId, PeerId]
const kindOf = (name: string) => algorithms.find((kind) => kind.name === name) as AlgorithmKind
const settingOf = (changes: Partial<ExperimentSetting> = {}): ExperimentSetting => ({
  ...plainSetting,
  entries: 2,
  think: { least: 10, most: 10 },
  stay: { least: 5, most: 5 },
  ...changes,
})
const partOf = (self: PeerId, changes: Partial<ExperimentSetting> = {}, kind = kindOf('ricart-agrawala')) =>
  new Part({ self, kind, setting: settingOf(changes), life: 1, now: 0 })
const wakeIn = (outputs: readonly PartOutput[]): number | undefined =>
  outputs.flatMap((one) => (one.kind === 'wake' ? [one.at] : [])).at(-1)
const whatIn = (outputs: readonly PartOutput[]) => outputs.flatMap((one) => (one.kind === 'event' ? [one.event.what] : []))

describe('a part in an experiment', () => {
  it('alone thinks, enters, stays and leaves as often as it is to, and then rests', () => {
    const part = partOf(ana)
    let at = wakeIn(part.enterView(0, { epoch: 1, members: [ana] }))
    const told: string[] = []
    for (; at !== undefined; ) {
      const outputs = part.tick(at)
      told.push(...whatIn(outputs).map((what) => `${at} ${what}`))
      at = wakeIn(outputs)
    }
    expect(told).toEqual(['10 wished', '10 entered', '15 released', '25 wished', '25 entered', '30 released'])
    expect([part.state(30), part.entries]).toEqual(['done', 2])
  })

  it('leaves an empty section and wants in again at once, in one step; and no more than that, for others wait', () => {
    const span = { least: 0, most: 0 }
    const part = partOf(ana, { think: span, stay: span, entries: 3 })
    const steps = [whatIn(part.enterView(0, { epoch: 1, members: [ana] }))]
    while (part.state(0) !== 'done') steps.push(whatIn(part.tick(0)))
    expect(steps.flat()).toEqual(['began', ...Array.from({ length: 3 }, () => ['wished', 'entered', 'released']).flat()])
    expect(Math.max(...steps.map(({ length }) => length))).toBeLessThan(5)
  })

  describe('that looks at the token of the room’s ring', () => {
    const ring = (changes: Partial<ExperimentSetting> = {}) => {
      let token: RoomToken | undefined
      const tokenHere = () => token
      const setting = settingOf({ algorithm: 'room', think: { least: 0, most: 0 }, stay: { least: 0, most: 0 }, ...changes })
      const part = new Part({ self: ana, kind: roomRing(tokenHere), setting, life: 1, now: 0, tokenHere })
      part.enterView(0, { epoch: 1, members: [ana, bob] })
      part.receive(0, bob, beginOf(1))
      part.tick(0)
      const move = (now: number, place: RoomToken | undefined, isHop = false) => {
        const next = token && { epoch: token.epoch, turn: token.turn + 1 }
        token = place
        if (place !== undefined) return whatIn(part.tokenMoved(now, { kind: 'came', place, from: undefined }))
        const hop = isHop && next !== undefined ? { to: bob, place: next } : undefined
        return whatIn(part.tokenMoved(now, { kind: 'left', hop }))
      }
      return { part, move }
    }

    it('enters when it comes, once a turn, and not without it', () => {
      const { part, move } = ring()
      expect(part.state(0)).toBe('waiting')
      expect(move(1, { epoch: 'e', turn: 1 })).toEqual(['entered', 'released', 'wished'])
      expect([part.state(1), whatIn(part.tick(2))]).toEqual(['waiting', []])
      expect(move(3, undefined, true)).toEqual(['sent'])
      expect(move(4, { epoch: 'e', turn: 3 })).toEqual(['entered', 'released'])
      expect(move(5, undefined, true)).toEqual(['sent'])
      expect([part.state(5), part.entries, part.sent.entry]).toEqual(['done', 2, 2])
    })

    it('is out when it is handed on, also before its time; and not inside any more with the one that it has lost', () => {
      const { part, move } = ring({ stay: { least: 1_000, most: 1_000 } })
      expect(move(1, { epoch: 'e', turn: 1 })).toEqual(['entered'])
      expect(move(2, undefined, true)).toEqual(['released', 'sent', 'wished'])
      expect(move(3, { epoch: 'e', turn: 3 })).toEqual(['entered'])
      expect(move(4, { epoch: 'f', turn: 3 })).toEqual(['released'])
      expect(part.state(4)).toBe('done')
    })

    it('goes by where it is when it wakes up, not by what it slept through', () => {
      const { part, move } = ring({ faults: [{ kind: 'pause', peer: ana, at: 1, millis: 50 }] })
      expect(move(10, { epoch: 'e', turn: 1 })).toEqual([])
      expect(move(20, undefined, true), 'the ring does not stand still').toEqual(['sent'])
      expect(whatIn(part.tick(51))).toEqual([])
      expect(move(60, { epoch: 'e', turn: 4 })[0]).toBe('entered')
      expect(part.sent.entry, 'the ring went on meanwhile').toBe(1)
    })
  })

  it('wants in again where the room was without it for a view, also where it had only waited', () => {
    const part = partOf(ana)
    part.enterView(0, { epoch: 1, members: [ana, bob] })
    expect(whatIn(part.tick(10))).toEqual(['wished'])
    const outputs = part.enterView(20, { epoch: 2, members: [bob] })
    expect([whatIn(outputs), wakeIn(outputs)]).toEqual([['left'], 30])
    part.enterView(25, { epoch: 3, members: [ana] })
    expect(whatIn(part.tick(30))).toEqual(['wished', 'entered'])
  })

  it('wants in only while it is in a view: not before its first one, and not after it was dropped', () => {
    const part = partOf(ana, { think: { least: 0, most: 0 } })
    const early = part.tick(0)
    expect([whatIn(early), wakeIn(early), part.state(0)]).toEqual([[], undefined, 'begins'])
    expect(whatIn(part.enterView(1, { epoch: 1, members: [bob] }))).toEqual([])
    expect(whatIn(part.tick(2))).toEqual([])
    expect(whatIn(part.enterView(3, { epoch: 2, members: [ana] }))).toEqual(['wished', 'began', 'entered'])
    const dropped = part.enterView(4, { epoch: 3, members: [bob] })
    expect([whatIn(dropped), wakeIn(dropped)]).toEqual([['left'], undefined])
    expect(whatIn([...part.tick(5), ...part.enterView(6, { epoch: 4, members: [bob] }), ...part.tick(7)])).toEqual([])
    expect(whatIn(part.enterView(8, { epoch: 5, members: [ana] }))).toEqual(['wished', 'began', 'entered'])
    expect([...whatIn(part.tick(13)), ...whatIn(part.tick(18))]).toEqual(['released', 'wished', 'entered', 'released'])
    expect([part.state(18), part.entries], 'what it wanted while it was away is no wish more').toEqual(['done', 2])
  })

  it('stands still during a pause, and hears nothing', () => {
    const part = partOf(ana, { faults: [{ kind: 'pause', peer: ana, at: 5, millis: 50 }] })
    part.enterView(0, { epoch: 1, members: [ana] })
    expect(part.state(10)).toBe('paused')
    const outputs = part.tick(10)
    expect([whatIn(outputs), wakeIn(outputs)]).toEqual([[], 55])
    expect(whatIn(part.tick(55))).toEqual(['wished', 'entered'])
  })

  it('says nothing over a link that is cut, either way, and again after that', () => {
    const faults = [{ kind: 'cut', peer: bob, to: ana, at: 0, millis: 100 }] as const
    const part = partOf(ana, { faults })
    const sends = (outputs: readonly PartOutput[]) => outputs.filter(({ kind }) => kind === 'send').length
    expect(sends(part.enterView(0, { epoch: 1, members: [ana, bob] }))).toBe(0)
    expect(part.receive(50, bob, beginOf(1))).toEqual([])
    expect(sends(part.tick(250))).toBe(1)
    expect(part.receive(250, bob, beginOf(1)).length).toBeGreaterThan(0)
  })

  it('hears all others over links that are whole, and over one that two others cannot use', () => {
    const cleo = 'cleo' as PeerId
    const cut = { kind: 'cut', at: 0, millis: 100 } as const
    const faults = [
      { ...cut, peer: bob, to: ana },
      { ...cut, peer: cleo, to: bob },
    ]
    const part = partOf(ana, { faults })
    const outputs = part.enterView(0, { epoch: 1, members: [ana, bob, cleo] })
    expect(outputs.flatMap((one) => (one.kind === 'send' ? [one.to] : []))).toEqual([cleo])
    expect([bob, cleo].map((from) => part.receive(50, from, beginOf(1, 1, { [from]: 1 })).length > 0)).toEqual([false, true])
  })

  const beginOf = (epoch: number, lamport = 1, vector: Record<PeerId, number> = { [bob]: 1 }): MutexFrame => ({
    epoch,
    part: { kind: 'data', number: 1, payload: { message: { kind: 'begin', isInside: false }, lamport, vector } },
  })

  it('dies when it is killed, and lives again in the next view, with other numbers for its events', () => {
    const part = partOf(ana, { faults: [{ kind: 'kill', peer: ana, at: 12 }] })
    part.enterView(0, { epoch: 1, members: [ana] })
    part.tick(10)
    expect([part.state(10), part.state(12), part.tick(20)]).toEqual(['inside', 'dead', []])
    const before = part.events
    part.enterView(30, { epoch: 2, members: [ana] })
    expect([part.state(30), part.life]).toEqual(['out', 2])
    expect(part.events).toBeGreaterThan(before + 1_000_000)
  })

  it('counts what it does in each life anew, and goes on with what was left to do', () => {
    const part = partOf(ana, { faults: [{ kind: 'kill', peer: ana, at: 20 }] })
    part.enterView(0, { epoch: 1, members: [ana, bob] })
    part.receive(1, bob, beginOf(1))
    part.enterView(5, { epoch: 2, members: [ana] })
    for (const now of [10, 15]) part.tick(now)
    expect([part.entries, part.sent.overhead]).toEqual([1, 1])
    part.enterView(30, { epoch: 3, members: [ana] })
    expect([part.entries, part.sent.overhead]).toEqual([0, 0])
    for (const now of [40, 45, 60]) part.tick(now)
    expect([part.entries, part.state(60)]).toEqual([1, 'done'])
  })

  it.each([
    ['a clock that leaps', beginOf(1, 2 ** 21)],
    ['more of its own events than there were', beginOf(1, 1, { [ana]: 2 ** 30 })],
    ['peers without end', beginOf(1, 1, Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`p${at}`, 1])))],
  ])('does not believe %s', (_what, frame) => {
    const part = partOf(ana)
    part.enterView(0, { epoch: 1, members: [ana, bob] })
    expect(part.receive(1, bob, frame)).toEqual([])
    expect(whatIn(part.receive(1, bob, beginOf(1)))).toEqual(['received', 'began'])
  })

  it.each(['create', 'request', 'release', 'receive', 'accepts'])(
    'fails, and says so, where its algorithm throws in %s',
    (where) => {
      const boom = (here: string): void => {
        if (here === where) throw new Error(`no ${here}`)
      }
      const broken = {
        name: 'mine',
        needsFifo: false,
        accepts: () => {
          boom('accepts')
          return true
        },
        create: (_: unknown, { enter }: { enter: () => void }) => {
          boom('create')
          return {
            request() {
              boom('request')
              enter()
            },
            release: () => boom('release'),
            receive: () => boom('receive'),
          }
        },
      } as unknown as AlgorithmKind
      const part = partOf(ana, {}, broken)
      part.enterView(0, { epoch: 1, members: [ana, bob] })
      part.receive(1, bob, beginOf(1))
      part.receive(2, bob, {
        epoch: 1,
        part: { kind: 'data', number: 2, payload: { message: { kind: 'x' }, lamport: 2, vector: { [bob]: 2 } } },
      })
      for (const now of [10, 15, 20]) part.tick(now)
      expect([part.state(20), part.failure]).toEqual(['failed', `no ${where}`])
      // What it owes the others still comes: that it is there at all.
      expect(part.tick(200).filter(({ kind }) => kind === 'send').length).toBeGreaterThan(0)
    },
  )

  it('in step mode holds back what its algorithm says, until it is let go, or the room has another view', () => {
    const part = partOf(ana, { step: true })
    const begin = (epoch: number): void => {
      part.enterView(0, { epoch, members: [ana, bob] })
      part.receive(1, bob, beginOf(epoch))
    }
    const sendsOf = (outputs: readonly PartOutput[]) =>
      outputs.flatMap((one) => (one.kind === 'send' ? [one.frame.part.kind] : []))
    begin(1)
    expect(sendsOf(part.tick(10))).not.toContain('data')
    const [held] = part.held
    expect([part.held.length, held?.message.kind, held?.to]).toEqual([1, 'request', bob])
    expect(sendsOf(part.step(11, held?.event ?? 0, 'release', 1))).toEqual(['data'])
    expect(part.held).toEqual([])
    begin(2)
    expect(part.held).toHaveLength(1)
    part.enterView(30, { epoch: 3, members: [ana, bob] })
    expect(part.held, 'of another view nothing waits').toEqual([])
  })

  it('whose algorithm has thrown once asks it nothing more, and what that says counts for entries', () => {
    const asked: string[] = []
    const broken = {
      name: 'mine',
      needsFifo: false,
      isOverhead: () => {
        throw new Error('no idea')
      },
      accepts: () => true,
      create: (_: unknown, { send }: { send: (to: PeerId, message: { kind: string }) => void }) => ({
        request: () => {
          asked.push('request')
          send(bob, { kind: 'x' })
        },
        release: () => asked.push('release'),
        receive: () => asked.push('receive'),
      }),
    } as unknown as AlgorithmKind
    const part = partOf(ana, { think: { least: 0, most: 0 } }, broken)
    part.enterView(0, { epoch: 1, members: [ana, bob] })
    part.receive(1, bob, beginOf(1))
    const frame = { kind: 'data', number: 2, payload: { message: { kind: 'x' }, lamport: 9, vector: { [bob]: 2 } } } as const
    part.receive(2, bob, { epoch: 1, part: frame })
    expect([part.state(2), part.failure, asked]).toEqual(['failed', 'no idea', ['request']])
    expect(part.sent).toEqual({ entry: 1, overhead: 1 })
  })

  it('numbers its events one by one, from the number of its life on', () => {
    const part = partOf(ana)
    const own = (outputs: readonly PartOutput[]) =>
      outputs.flatMap((one) => (one.kind === 'event' ? [one.event.vector[ana] ?? 0] : []))
    const numbers = [
      ...own(part.enterView(0, { epoch: 1, members: [ana, bob] })),
      ...own(part.receive(1, bob, beginOf(1))),
      ...own(part.tick(10)),
    ]
    expect(numbers).toEqual([1, 2, 3, 4, 5].map((number) => lifeEvents + number))
    expect(part.events).toBe(lifeEvents + 5)
  })

  it('believes what a member says first of whether it is inside', () => {
    let holder: PeerId | undefined
    const kind = {
      ...kindOf('lamport'),
      create: (place: Place, effects: never) => {
        holder = place.holder
        return kindOf('lamport').create(place, effects)
      },
    } as AlgorithmKind
    const begin = (number: number, isInside: boolean): MutexFrame => ({
      epoch: 1,
      part: { kind: 'data', number, payload: { message: { kind: 'begin', isInside }, lamport: number, vector: {} } },
    })
    for (const first of [true, false]) {
      const part = partOf(ana, {}, kind)
      part.enterView(0, { epoch: 1, members: [ana, bob, 'cleo' as PeerId] })
      part.receive(1, bob, begin(1, first))
      part.receive(2, bob, begin(2, !first))
      part.receive(3, 'cleo' as PeerId, begin(1, false))
      expect(holder).toBe(first ? bob : undefined)
    }
  })

  it('loses the share of its messages that it is to lose', () => {
    const part = partOf(ana, { lostShare: 0.5 })
    let sent = part.enterView(0, { epoch: 1, members: [ana, bob] }).filter(({ kind }) => kind === 'send').length
    for (let now = 200; now < 400_000; now += 2_000) sent += part.tick(now).filter(({ kind }) => kind === 'send').length
    expect(sent).toBeGreaterThan(60)
    expect(sent).toBeLessThan(140)
  })
})
