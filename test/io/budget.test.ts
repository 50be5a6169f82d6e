import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createAdmission } from '../../src/io/transport/admission.ts'
import { createBudget } from '../../src/io/transport/budget.ts'
import { createHearsayRates } from '../../src/io/transport/hearsay.ts'

describe('what a stranger may send over a stream', () => {
  const startAt = (lane: 'ring' | 'bulk') => {
    const time = { now: 0 }
    return { time, budget: createBudget(lane, () => time.now) }
  }

  it('is a burst, then so much a second, and a pause for the rest', () => {
    const { time, budget } = startAt('ring')
    expect([budget.charge(1_000, 0), budget.debt, budget.pauseMillis]).toEqual([true, 0, 0])
    expect([budget.charge(1, 0), budget.debt, budget.pauseMillis]).toEqual([true, 1, 2])
    expect([budget.charge(499, 0), budget.debt, budget.pauseMillis]).toEqual([true, 500, 1_000])
    time.now = 500
    expect([budget.debt, budget.pauseMillis]).toEqual([250, 500])
    time.now = 1_000
    expect([budget.debt, budget.charge(250, 0), budget.debt]).toEqual([0, true, 250])
  })

  it('is counted in bytes too: less for what may be blocks', () => {
    const owed = (lane: 'ring' | 'bulk', bytes: number): number => {
      const { budget } = startAt(lane)
      budget.charge(0, bytes)
      return budget.debt
    }
    expect([owed('ring', 1_001 * 4_096), owed('bulk', 1_001 * 4_096), owed('bulk', 1_001 * 10_240)]).toEqual([1, 0, 1])
  })

  it('is never followed by a pause so long that a stream would pass for dead', () => {
    const { budget } = startAt('ring')
    expect([budget.charge(6_000, 0), budget.debt, budget.pauseMillis]).toEqual([true, 5_000, 2_000])
  })

  it('is a flood where it is thousands of frames over', () => {
    expect(startAt('ring').budget.charge(6_001, 0)).toBe(false)
  })

  it('is no more after a long silence than the burst', () => {
    const { time, budget } = startAt('ring')
    time.now = 3_600_000
    budget.charge(1_001, 0)
    expect(budget.debt).toBe(1)
  })
})

describe('who says too much by gossip', () => {
  const [x, y, member, liar] = ['X', 'Y', 'member', 'liar'] as PeerId[] as [PeerId, PeerId, PeerId, PeerId]
  const start = (linked: readonly PeerId[] = [x, y, member, liar]) => {
    const time = { now: 0 }
    const out: PeerId[] = []
    const admission = createAdmission({
      now: () => time.now,
      isMember: (peer) => peer === member,
      isLinked: (peer) => linked.includes(peer),
      onOut: (peer) => out.push(peer),
    })
    const heard = (count: number, source: PeerId, from: (i: number) => PeerId = () => source): number =>
      Array.from({ length: count }, (_, i) => admission.mayBeHeard(source, from(i))).filter(Boolean).length
    return { time, out, admission, heard }
  }

  it('is out for 10 s, then for twice as long, and the others are not', () => {
    const { time, out, admission, heard } = start()
    expect([heard(300, x), out]).toEqual([300, []])
    expect([heard(500, x), out]).toEqual([0, [x]])
    time.now = 9_999
    expect([admission.isOut(x), admission.isOut(y), heard(1, y)]).toEqual([true, false, 1])
    time.now = 10_000
    expect(admission.isOut(x)).toBe(false)
    heard(1_500, x)
    time.now = 29_999
    expect([admission.isOut(x), out]).toEqual([true, [x, x]])
  })

  it('or floods a stream is out as long', () => {
    const { time, out, admission } = start()
    admission.cast(x)
    admission.cast(x)
    time.now = 9_999
    expect([admission.isOut(x), out]).toEqual([true, [x]])
    time.now = 10_000
    expect(admission.isOut(x)).toBe(false)
  })

  it('is nobody who says what a learner says, and no member', () => {
    const { time, out, heard } = start()
    for (; time.now < 600_000; time.now += 200) expect(heard(1, x)).toBe(1)
    expect([heard(100_000, member), out]).toEqual([100_000, []])
  })

  it('is whoever passes on what invented signers say, of which no more are heard than of a few', () => {
    const { out, heard } = start()
    expect(heard(71_170, liar, (i) => `invented ${i}` as PeerId)).toBe(300)
    expect(out).toEqual([liar])
  })

  it('however many pass on what invented signers say, so much is heard of all of these and no more; members are heard', () => {
    const { time, heard } = start()
    const passed = (count: number): number => heard(count, member, (i) => `invented ${i}` as PeerId)
    expect(passed(10_000)).toBe(500)
    time.now = 2_000
    expect(passed(10_000)).toBe(100)
    expect(heard(1_000, x, () => member)).toBe(1_000)
  })

  it('is nobody who passes on what members say', () => {
    const { out, heard } = start()
    expect([heard(10_000, x, () => member), out]).toEqual([10_000, []])
  })

  it('is out also where a member passes it on', () => {
    const { out, heard } = start()
    expect([heard(2_000, member, () => x), out]).toEqual([300, [x]])
  })
})

describe('dials that hearsay costs', () => {
  it('are so many of one teller, and so many of all', () => {
    let now = 0
    const rates = createHearsayRates(() => now)
    const [x, y] = ['X', 'Y'] as PeerId[] as [PeerId, PeerId]
    const spent = (teller: PeerId, count: number): number =>
      Array.from({ length: count }, () => rates.spend(teller)).filter(Boolean).length
    expect(spent(x, 1_000)).toBe(32)
    expect(spent(y, 1_000)).toBe(32)
    const others = Array.from({ length: 100 }, (_, i) => spent(`stranger ${i}` as PeerId, 100))
    expect(others.reduce((sum, one) => sum + one, 0)).toBe(256 - 64)
    now = 15_000
    expect(spent(x, 1_000)).toBe(30)
  })
})
