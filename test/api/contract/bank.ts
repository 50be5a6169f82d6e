import { expect } from 'vitest'
import type { AccountId } from '../../../src/core/ids.ts'
import type { Cents } from '../../../src/core/money.ts'
import { type FakePeer, fakeSelf } from '../../support/fake-peer.ts'

import { type Cases, codeOf, submits } from './case.ts'

export const bankCases = {
  'accounts.open': {
    sentence: 'submits what opens an account',
    run: submits((api) => api.accounts.open({ account: 'ana', holder: 'Ana' }), {
      kind: 'open-account',
      account: 'ana',
      holder: 'Ana',
    }),
  },
  'accounts.list': {
    sentence: 'lists accounts with amounts as cents and text',
    run: async (api) => {
      const [account] = await api.accounts.list()
      expect(account).toMatchObject({ account: 'ana', available: { cents: 1_050, text: '10.50 EUR', currency: 'EUR' } })
    },
  },
  'accounts.show': {
    sentence: 'shows an account with its history, and names one that is not there',
    run: async (api) => {
      const account = await api.accounts.show({ account: 'ana' })
      expect(account.history).toMatchObject([{ kind: 'deposit', change: { text: '10.50 EUR' }, counterparty: 'issuer' }])
      expect(await codeOf(api.accounts.show({ account: 'bob' }))).toBe('account-unknown')
    },
  },
  'accounts.close': {
    sentence: 'submits what closes an account',
    run: submits((api) => api.accounts.close({ account: 'ana' }), { kind: 'close-account', account: 'ana' }),
  },
  deposit: {
    sentence: 'reads the amount exactly and keeps the request id',
    run: submits(
      (api) => api.deposit({ account: 'ana', amount: '10.5', requestId: 'r-1' }),
      { kind: 'deposit', account: 'ana', amount: 1_050 },
      'r-1',
    ),
  },
  withdraw: {
    sentence: 'submits a withdrawal',
    run: submits((api) => api.withdraw({ account: 'ana', amount: '0.01' }), {
      kind: 'withdraw',
      account: 'ana',
      amount: 1,
    }),
  },
  transfer: {
    sentence: 'submits a transfer with its memo',
    run: submits((api) => api.transfer({ from: 'ana', to: 'bob', amount: '3', memo: 'tea' }), {
      kind: 'transfer',
      from: 'ana',
      to: 'bob',
      amount: 300,
      memo: 'tea',
    }),
  },
  'pending.list': {
    sentence: 'lists what waits',
    run: async (api, peer) => {
      const id = `${fakeSelf}/1/1` as Parameters<FakePeer['voidPending']>[0]
      const operation = { kind: 'deposit', account: 'ana' as AccountId, amount: 5 as Cents } as const
      peer.setPending([{ id, written: false, operation }])
      const what = { ...operation, amount: { cents: 5, text: '0.05 EUR', currency: 'EUR' } }
      expect(await api.pending.list()).toEqual([{ operation: id, written: false, what }])
    },
  },
  'pending.void': {
    sentence: 'withdraws what waits, and says so where nothing does',
    run: async (api, peer) => {
      const id = `${fakeSelf}/1/1`
      expect(await codeOf(api.pending.void({ operation: id }))).toBe('not-pending')
      const operation = { kind: 'void' } as const
      peer.setPending([{ id: id as Parameters<FakePeer['voidPending']>[0], written: false, operation }])
      expect(await api.pending.void({ operation: id })).toEqual({ operation: id })
      expect(peer.voided).toEqual([id])
    },
  },
} satisfies Cases
