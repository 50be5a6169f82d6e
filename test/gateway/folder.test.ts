import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { currencyOf } from '../../src/core/currency.ts'
import type { AccountId } from '../../src/core/ids.ts'
import { printClassicAccount, readClassicAccount } from '../../src/gateway/folder.ts'

const euro = currencyOf('EUR')
const ana = { account: '1111111111', holder: 'Ana Lima', cents: 11_000 }

describe('a file of the classic bank', () => {
  test.each<[string, object]>([
    ['{"rg": "1111111111", "nome": "Ana Lima", "saldo": 110.0}', ana],
    ['{"saldo": "110.0", "nome": " Ana Lima ", "rg": " 1111111111 ", "mais": []}', ana],
    ['\uFEFF{"rg": "1111111111", "nome": "Ana Lima", "saldo": 110}', ana],
    ['{"rg": "1111111111", "nome": "", "saldo": 0.0}', { account: '1111111111', holder: '1111111111', cents: 0 }],
    ['{"rg": "0000000001"}', { account: '0000000001', holder: '0000000001', cents: 0 }],
    [
      '{"rg": "1", "nome": "A", "saldo": 0.30000000000000004}',
      { account: '1', holder: 'A', cents: 30, rounded: '0.30000000000000004' },
    ],
  ])('%s is an account', (text, account) => {
    expect(readClassicAccount(text, euro)).toEqual(account)
  })

  test.each<[string, RegExp]>([
    ['', /no JSON object/],
    ['[]', /no JSON object/],
    ['null', /no JSON object/],
    ['{"nome": "A", "saldo": 1}', /^rg is missing/],
    ['{"rg": 1111111111, "saldo": 1}', /^rg is missing, or is no text/],
    ['{"rg": "a/b", "saldo": 1}', /^An account id/],
    ['{"rg": "..", "nome": "a\\u0007b", "saldo": 1}', /^A name/],
    ['{"rg": "1", "saldo": -5}', /^saldo: /],
    ['{"rg": "1", "saldo": 0.001}', /^saldo: /],
    ['{"rg": "1", "saldo": 10.005}', /^saldo: /],
    ['{"rg": "1", "saldo": 1e308}', /^saldo: /],
    ['{"rg": "1", "saldo": "nan"}', /^saldo: /],
    ['{"rg": "1", "saldo": true}', /^saldo is no number/],
    ['{"rg": "1", "saldo": NaN}', /no JSON object/],
  ])('%s is none', (text, fault) => {
    expect(readClassicAccount(text, euro)).toEqual({ fault: expect.stringMatching(fault) })
  })

  test('is written as Python writes it', () => {
    const account = { account: '1' as AccountId, holder: 'João "J" 🙂', cents: 1_050 }
    expect(printClassicAccount(account, euro)).toBe('{"rg": "1", "nome": "Jo\\u00e3o \\"J\\" \\ud83d\\ude42", "saldo": 10.5}\n')
  })

  test('what is written is read as the same', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() === text && !/[\p{C}\p{Z}]/u.test(text))
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 10 ** 13 }), fc.constantFrom('EUR', 'JPY', 'KWD'), (holder, cents, code) => {
        const account = { account: '1' as AccountId, holder, cents }
        const read = readClassicAccount(printClassicAccount(account, currencyOf(code)), currencyOf(code))
        if ('fault' in read) expect(read.fault).toMatch(/^A name/)
        else expect(read).toEqual(account)
      }),
    )
  })
})
