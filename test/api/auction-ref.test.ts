import { describe, expect, it } from 'vitest'
import { findAuction, parseAuctionRef, refText } from '../../src/api/auction-ref.ts'
import type { AuctionId } from '../../src/core/ids.ts'

const lots = [
  { id: 'AAAAAA-1-1' as AuctionId, number: 1 },
  { id: 'BBBBBB-1-1' as AuctionId, number: 2 },
]

describe('a lot is named', () => {
  it.each([
    ['1', 1],
    ['#2', 2],
    ['last', 2],
    ['AAAAAA-1-1', 1],
    ['3', undefined],
    ['CCCCCC-1-1', undefined],
  ])('%s', (text, number) => {
    const ref = parseAuctionRef(text)
    if (!ref.ok) throw new Error(ref.error.message)
    expect(findAuction(ref.value, lots)?.number).toBe(number)
    expect(refText(ref.value)).toBe(text.replace('#', ''))
  })

  it.each(['', '0', '01', '-1', '1.5', '1e3', '##1', 'Last', 'lot', '12345678901', 'AAAAAA-1'])(
    '%j is no name of one',
    (text) => {
      expect(parseAuctionRef(text)).toMatchObject({ ok: false, error: { code: 'auction-id-invalid' } })
    },
  )

  it('where there are none, the last is none', () => {
    expect(findAuction('last', [])).toBeUndefined()
  })
})
