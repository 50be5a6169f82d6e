import type { Texts } from '../texts.ts'
import { auctions } from './auctions.ts'
import { bank } from './bank.ts'
import { common } from './common.ts'
import { refusals } from './refusals.ts'
import { settings } from './settings.ts'

export const es: Texts = { auctions, bank, common, refusals, settings }
