import { describe, expect, test } from 'vitest'
import { nearest } from '../../src/cli/nearest.ts'

describe('what was meant is found among what there is', () => {
  const known = ['status', 'peers', 'peer', 'account', 'auction', 'transfer', '--wait', '--request-id', '-f', 'log']
  const cases: readonly (readonly [typed: string, meant: string | undefined])[] = [
    ['statsu', 'status'],
    ['Status', 'status'],
    ['sttus', 'status'],
    ['statuss', 'status'],
    ['peeers', 'peers'],
    ['acount', 'account'],
    ['tarnsfer', 'transfer'],
    ['--wiat', '--wait'],
    ['--requestid', '--request-id'],
    ['lgo', 'log'],
    ['ls', undefined],
    ['-x', undefined],
    ['help', undefined],
    ['', undefined],
    ['withdraw', undefined],
  ]
  for (const [typed, meant] of cases) {
    test(`${typed || 'nothing'}: ${meant ?? 'nothing is near'}`, () => expect(nearest(typed, known)).toBe(meant))
  }
})
