import { describe, expect, it } from 'vitest'
import { failureWords, instantText, nextStep, rejectionText } from '../../src/api/texts.ts'
import { fakeAuction, fakeTime } from '../support/fake-peer.ts'

describe('words about a refusal', () => {
  it('are about the seller and the host where an auction was to be governed, else about the account', () => {
    const rejection = { code: 'not-owner', account: 'ana' as never } as const
    expect(rejectionText(rejection, 'pause-auction')).toBe('Only the seller and the host may do this.')
    expect(rejectionText(rejection, 'withdraw')).toBe('The account ana belongs to another peer.')
    expect(rejectionText(rejection)).toBe('The account ana belongs to another peer.')
  })

  it('count bids as people do', () => {
    const words = (bids: number): string => rejectionText({ code: 'reason-needed', auction: fakeAuction, bids })
    expect([words(1), words(2)]).toEqual([expect.stringMatching(/^There is a bid /), expect.stringMatching(/^There are 2 bids /)])
  })

  it.each(Object.keys(failureWords))('%s is a sentence, and what to do is another', (code) => {
    const { text, status } = failureWords[code as keyof typeof failureWords]
    expect(text).toMatch(/^[A-Z].*\.$/)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(nextStep(code) ?? 'Nothing.').toMatch(/^[A-Z].*(\.|–)$/)
  })

  it('of a code that nobody knows have no next step', () => {
    expect(nextStep('nonsense')).toBeUndefined()
  })
})

describe('an instant in words', () => {
  it('is exact to the second, wherever it is read', () => {
    expect(instantText(fakeTime)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
    expect(Date.parse(instantText(fakeTime + 999).replace(' ', 'T'))).toBe(fakeTime)
    expect(instantText(fakeTime, fakeTime)).toMatch(/^\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)
  })

  it('that is none is no error', () => {
    expect(instantText(Number.MAX_SAFE_INTEGER)).toBe('no time')
  })
})
