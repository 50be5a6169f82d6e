import type { Command } from './command.ts'

/**
 * Commands by their first word, in the order in which help lists them. Each module is loaded only when one of its commands is
 * asked for, so that a word of help does not wait for a network stack.
 */
const groups: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  peer: async () => [(await import('./peer.ts')).peer],
  demo: async () => [(await import('./demo/demo.ts')).demo],
  status: async () => [(await import('./status.ts')).status],
  peers: async () => [(await import('./peers.ts')).peers],
  open: async () => [(await import('./open.ts')).open],
  roster: async () => [(await import('./roster.ts')).roster],
  account: async () => {
    const [{ accountCommands }, { accountUse }, { accountFolderCommands }] = await Promise.all([
      import('./account.ts'),
      import('./settings.ts'),
      import('./account-folder.ts'),
    ])
    return [...accountCommands, accountUse, ...accountFolderCommands]
  },
  deposit: bank('deposit'),
  withdraw: bank('withdraw'),
  transfer: bank('transfer'),
  pending: async () => (await import('./pending.ts')).pendingCommands,
  auction: async () => {
    const [{ auctionCommands }, { auctionWatch }] = await Promise.all([import('./auction.ts'), import('./watch.ts')])
    return [...auctionCommands, auctionWatch]
  },
  events: async () => [(await import('./events.ts')).events],
  pace: async () => [(await import('./pace.ts')).pace],
  log: async () => (await import('./log.ts')).logCommands,
  'log-level': async () => [(await import('./log-level.ts')).logLevel],
  lab: async () => (await import('./lab.ts')).labCommands,
  rooms: async () => [(await import('./room.ts')).rooms],
  create: async () => [(await import('./room.ts')).create],
  join: async () => [(await import('./room.ts')).join],
  leave: async () => [(await import('./room.ts')).leave],
  rename: async () => [(await import('./room.ts')).rename],
  bridge: async () => (await import('./bridge.ts')).bridgeCommands,
  token: async () => (await import('./token.ts')).tokenCommands,
  doctor: async () => [(await import('./doctor.ts')).doctor],
  backup: async () => [(await import('./backup.ts')).backup],
  restore: async () => [(await import('./restore.ts')).restore],
  refound: async () => [(await import('./refound.ts')).refound],
  completion: async () => [(await import('./completion.ts')).completion],
}

function bank(name: string): () => Promise<readonly Command[]> {
  return async () => (await import('./bank.ts')).bankCommands.filter((command) => command.name === name)
}

/** First words of commands. */
export const commandWords: readonly string[] = Object.keys(groups)

/** Those that begin with the word; none: there is no such command. */
export async function loadCommands(word: string): Promise<readonly Command[]> {
  return Object.hasOwn(groups, word) ? ((await groups[word]?.()) ?? []) : []
}

/** All of them, in the order of help. */
export async function loadAllCommands(): Promise<readonly Command[]> {
  return (await Promise.all(commandWords.map(loadCommands))).flat()
}
