import type { AccountId } from '../../../src/core/ids.ts'
import type { Cents } from '../../../src/core/money.ts'
import { gif } from '../../market/room.ts'

export const chess = { item: 'Chess', startingPrice: '5', increment: '0.50' }
export const nowhere = { name: undefined, code: undefined, room: undefined, addresses: [] }

export const cents = 7 as Cents
/** What becomes of it on its way out. */
export const seven = { cents: 7, text: '0.07 EUR', currency: 'EUR' }
export const ten = { cents: 1_000, text: '10.00 EUR', currency: 'EUR' }
export const gifText = Buffer.from(gif()).toString('base64url')
export const account = 'ana' as AccountId
