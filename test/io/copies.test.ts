import { describe, expect, it } from 'vitest'
import { type Copies, createCopies, type Testimony } from '../../src/io/discovery/copies.ts'
import { decodePacket, encodeFacts, type Facts } from '../../src/io/discovery/packet.ts'
import { createIdentity, type KeyedIdentity } from '../../src/io/identity.ts'

const startOf = (digit: string): string => digit.repeat(32)

interface Copy {
  readonly copies: Copies
  /** Whether it was told that it is the later one, each time. */
  readonly told: boolean[]
}

function copy(identity: KeyedIdentity, digit: string, began: number, mayLook = () => true): Copy {
  const told: boolean[] = []
  const { self, crypto } = identity
  const options = { self, crypto, began, start: startOf(digit), mayLook, onCopy: (isLater: boolean) => told.push(isLater) }
  return { copies: createCopies(options), told }
}

/** Each hears what the other says, as often as that is worth while. */
function meet(one: Copy, other: Copy): void {
  for (let i = 0; i < 3; i++) {
    one.copies.hear(other.copies.said())
    other.copies.hear(one.copies.said())
  }
}

describe('two copies of one profile', () => {
  it.each([
    ['which began one after the other', 1_000, 2_000, [false, true]],
    ['which began in the same millisecond', 1_000, 1_000, [false, true]],
    ['whose clocks are apart', 9_000_000, 1_000, [true, false]],
  ])('%s hear of each other, and one of them is the later', (_title, first, second, [isFirstLater, isSecondLater]) => {
    const identity = createIdentity()
    const [a, b] = [copy(identity, 'a', first), copy(identity, 'b', second)]
    meet(a, b)
    expect([new Set(a.told), new Set(b.told)]).toEqual([new Set([isFirstLater]), new Set([isSecondLater])])
  })

  it('of which a third is there too: one goes on', () => {
    const identity = createIdentity()
    const all = [copy(identity, 'a', 3), copy(identity, 'b', 1), copy(identity, 'c', 2)]
    for (const one of all) for (const other of all) if (one !== other) meet(one, other)
    expect(all.map(({ told }) => told.includes(true))).toEqual([true, false, true])
    expect(all[1]?.told.length).toBeGreaterThan(0)
  })

  it('say in their next packet what the other is to hear', () => {
    const identity = createIdentity()
    const [a, b] = [copy(identity, 'a', 1), copy(identity, 'b', 2)]
    expect(a.copies.hear(b.copies.said())).toBe(true)
    expect(a.copies.hear(b.copies.said())).toBe(false)
    const said = a.copies.said()
    expect(said).toEqual({ start: startOf('a'), proof: expect.stringMatching(/^1\.[\w-]{86}$/) })
    const facts: Facts = {
      ...{ peer: identity.self, version: 2, name: 'Ana', roomName: 'evening', hasCode: false, room: undefined, clock: 1 },
      ...{ places: [{ ip: '192.168.9.1', port: 4001 }], testimony: said },
    }
    expect(decodePacket(encodeFacts(facts))?.facts[0]?.testimony).toEqual(said)
  })
})

describe('a peer alone', () => {
  const identity = createIdentity()
  const forged = (other: KeyedIdentity, to: string): Testimony => {
    const [liar, victim] = [copy(other, 'f', 0), copy(other, to, 1)]
    liar.copies.hear(victim.copies.said())
    return liar.copies.said()
  }

  it('does not take its own packets, or others’ lies, for a copy', () => {
    const a = copy(identity, 'a', 1_000)
    a.copies.hear(a.copies.said())
    const lies: Testimony[] = [
      { start: startOf('f'), proof: undefined },
      { start: startOf('f'), proof: '0.' },
      { start: startOf('f'), proof: `0.${'A'.repeat(86)}` },
      { start: startOf('f'), proof: 'x'.repeat(10_000) },
      // Signed by somebody else.
      forged(createIdentity(), 'a'),
    ]
    for (const lie of lies) a.copies.hear(lie)
    expect(a.told).toEqual([])
  })

  it('is not stopped by what a copy said to an earlier start of it, nor by its own words', () => {
    const before = copy(identity, '1', 500)
    const copyThen = copy(identity, 'c', 100)
    meet(before, copyThen)
    const now = copy(identity, 'a', 1_000)
    now.copies.hear(copyThen.copies.said())
    now.copies.hear(before.copies.said())
    // What it answers, thrown back under the other name.
    now.copies.hear({ start: startOf('c'), proof: now.copies.said().proof })
    expect(now.told).toEqual([])
  })

  it('looks at no more packets than it may, and answers none of the rest', () => {
    let left = 5
    const a = copy(identity, 'a', 1_000, () => left-- > 0)
    const heard = Array.from({ length: 50 }, (_, i) => a.copies.hear({ start: String(i).padStart(32, '0'), proof: undefined }))
    expect(heard.filter(Boolean).length).toBe(5)
  })
})
