import { describe, expect, it } from 'vitest'
import { diagnose, type Findings } from '../../src/app/diagnosis.ts'
import { wireVersion } from '../../src/core/limits.ts'
import { ana, bruno, far, healthy, looks, tried } from './looks.ts'

describe('a diagnosis', () => {
  it.each(looks)('where %s', (_what, found, codes) => {
    const diagnoses = diagnose({ ...healthy, ...found })
    expect(diagnoses.map(({ code }) => code)).toEqual(codes)
    for (const { cause, remedy } of diagnoses) for (const text of [cause, remedy]) expect(text).toMatch(/^[A-Z“][^!]*\S$/u)
  })

  it('says of whom it speaks, and where', () => {
    const causes = (found: Partial<Findings>): string[] => diagnose({ ...healthy, ...found }).map(({ cause }) => cause)
    expect(causes({ peers: [{ ...ana, tried: [tried('refused', far), tried('refused')] }] })).toEqual([
      'Ana does not answer at 192.168.1.7:4001: the machine is there, but the port is closed.',
    ])
    expect(causes({ peers: [ana, { ...bruno, name: '', version: 1 }] })).toEqual([
      `The peer bbbbbb speaks version 1 of the protocol, this program ${wireVersion}.`,
    ])
    expect(causes({ peers: [{ ...ana, clockOffset: 7_200_000 }, bruno] })).toEqual([
      'The clock of Ana is 2 h ahead of the one of this machine.',
    ])
  })

  it('takes the own clock for the wrong one where the others agree', () => {
    const three = [ana, bruno, { ...ana, peer: 'c', name: 'Clara' }].map((peer) => ({ ...peer, clockOffset: 86_400_000 * 3 }))
    const [first, ...rest] = diagnose({ ...healthy, peers: three })
    expect(first?.cause).toBe('The clock of this machine is 3 days behind those of 3 others.')
    expect(rest).toEqual([])
  })
})
