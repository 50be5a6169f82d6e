import { auctions } from './auctions.ts'
import { bank } from './bank.ts'
import { catalogue } from './catalogue.ts'
import { classTexts } from './class.ts'
import { common } from './common.ts'
import { damage } from './damage.ts'
import { findings } from './findings.ts'
import { lab } from './lab.ts'
import { log } from './log.ts'
import { refusals } from './refusals.ts'
import { ring } from './ring.ts'
import { settings } from './settings.ts'
import { trouble } from './trouble.ts'
import { waiting } from './waiting.ts'
import { welcome } from './welcome.ts'

export const en = {
  auctions,
  bank,
  catalogue,
  class: classTexts,
  common,
  damage,
  findings,
  lab,
  log,
  refusals,
  ring,
  settings,
  trouble,
  waiting,
  welcome,
} as const
