import { accountCommands } from './account.ts'
import { auctionCommands } from './auction.ts'
import { bankCommands } from './bank.ts'
import type { Command } from './command.ts'
import { demo } from './demo/demo.ts'
import { logCommands } from './log.ts'
import { peer } from './peer.ts'
import { pendingCommands } from './pending.ts'
import { peers, refound, status } from './status.ts'
import { auctionWatch } from './watch.ts'

/** Every command, in the order in which help lists them. */
export const commands: readonly Command[] = [
  peer,
  demo,
  status,
  peers,
  ...accountCommands,
  ...bankCommands,
  ...pendingCommands,
  ...auctionCommands,
  auctionWatch,
  ...logCommands,
  refound,
]
