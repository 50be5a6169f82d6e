import { parseOperationId } from '../../core/ids.ts'
import { pageOf } from '../page.ts'
import { refuseField, refuseUnknownAccount } from '../refuse.ts'
import { toAccount, toAccountDetail, toOperation } from '../to-view.ts'
import { api } from './api.ts'
import type { Desk } from './desk.ts'

/** Accounts, money between them, and operations that wait for a block. */
export const createBankRoutes = (desk: Desk) => ({
  accounts: {
    open: api.accounts.open.handler(({ input }) =>
      desk.settle(input, { kind: 'open-account', account: input.account, holder: input.holder }),
    ),
    list: api.accounts.list.handler(({ input, context }) =>
      pageOf(desk.peer.accounts(), input, context, ({ id }) => id).map((account) => toAccount(account, desk.currency())),
    ),
    show: api.accounts.show.handler(({ input }) => {
      const account = desk.peer.account(input.account)
      if (account === undefined) throw refuseUnknownAccount(input.account)
      return toAccountDetail(account, desk.currency(), (id) => desk.peer.auction(id))
    }),
    close: api.accounts.close.handler(({ input }) => desk.settle(input, { kind: 'close-account', account: input.account })),
  },

  deposit: api.deposit.handler(({ input }) =>
    desk.settle(input, { kind: 'deposit', account: input.account, amount: desk.amount(input.amount) }),
  ),
  withdraw: api.withdraw.handler(({ input }) =>
    desk.settle(input, { kind: 'withdraw', account: input.account, amount: desk.amount(input.amount) }),
  ),
  transfer: api.transfer.handler(({ input }) => {
    const { from, to, memo } = input
    return desk.settle(input, { kind: 'transfer', from, to, amount: desk.amount(input.amount), memo })
  }),

  pending: {
    list: api.pending.list.handler(({ input, context }) => {
      const cursor = input.cursor === undefined ? undefined : parseOperationId(input.cursor)
      if (cursor?.ok === false) throw refuseField('cursor', cursor.error)
      const page = pageOf(desk.peer.pending(), input, context, ({ id }) => id, isBehind)
      return page.map(({ id, written, operation }) => ({ operation: id, written, what: toOperation(operation, desk.currency()) }))
    }),
    void: api.pending.void.handler(({ input }) => {
      desk.peer.voidPending(input.operation)
      return { operation: input.operation }
    }),
  },
})

/** In the order in which this peer asked for them; what was written meanwhile is in the list no more. */
function isBehind({ id }: { readonly id: string }, cursor: string): boolean {
  const placeOf = (operation: string): readonly number[] => operation.split('/').slice(1).map(Number)
  const [[incarnation = 0, sequence = 0], [ofCursor = 0, sequenceOfCursor = 0]] = [placeOf(id), placeOf(cursor)]
  return incarnation === ofCursor ? sequence > sequenceOfCursor : incarnation > ofCursor
}
