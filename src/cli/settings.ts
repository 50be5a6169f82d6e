import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { profileFolder } from '../app/flags.ts'
import { readAtMostSync } from '../app/own-files.ts'
import { type AccountId, parseAccountId } from '../core/ids.ts'
import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { createNewFile } from './new-file.ts'
import { tell } from './output.ts'

/** What a person chose for one profile, in its `settings.json`. */
export interface Settings {
  /** The account that commands mean where none is named. */
  readonly account?: AccountId
}

/** Far more than what is chosen takes. */
const bytesMax = 64 * 1024

/** Of a file that is not there, or that cannot be read, nothing is chosen. */
export function readSettings(profile: string): Settings {
  let told: unknown
  try {
    const bytes = readAtMostSync(join(profile, 'settings.json'), bytesMax + 1)
    if (bytes.length > bytesMax) return {}
    told = JSON.parse(bytes.toString('utf8'))
  } catch {
    return {}
  }
  if (typeof told !== 'object' || told === null || !('account' in told) || typeof told.account !== 'string') return {}
  const account = parseAccountId(told.account)
  return account.ok ? { account: account.value } : {}
}

/** `undefined`: none was chosen. */
export const defaultAccount = (profile: string): AccountId | undefined => readSettings(profile).account

/** Readable by its owner only; whole or not at all. */
async function writeSettings(profile: string, settings: Settings): Promise<void> {
  mkdirSync(profile, { recursive: true, mode: 0o700 })
  const file = await createNewFile(join(profile, 'settings.json'), true)
  try {
    await file.write(`${JSON.stringify(settings)}\n`)
    await file.finish()
  } finally {
    await file.discard()
  }
}

export const accountUse: Command = {
  name: 'account use',
  summary: 'the account that is meant where none is named; without ACCOUNT: say which',
  operands: ['ACCOUNT?'],
  options: [{ name: 'none', text: 'forget it' }, profileOption],
  examples: ['gavelring account use ana', 'gavelring account use', 'gavelring account use --none'],
  details: 'Kept in settings.json of the profile folder.',
  async run(call) {
    const profile = profileFolder(call.flags, call.env)
    const { account: before, ...rest } = readSettings(profile)
    const asked = call.operands[0]
    if (call.flags.none === true) {
      if (asked !== undefined) throw usageError('ACCOUNT or --none, not both.')
      if (before !== undefined) await writeSettings(profile, rest)
      tell(call, { account: null }, ['No account is meant where none is named.'])
      return 0
    }
    if (asked === undefined) {
      const line = before === undefined ? 'No account is chosen.' : `Where none is named ${before} is meant.`
      tell(call, { account: before ?? null }, [line])
      return 0
    }
    const parsed = parseAccountId(asked)
    if (!parsed.ok) throw usageError(`ACCOUNT: ${parsed.error.message}`)
    // One cannot pay from what is not there, or from somebody else's.
    await withPeer(call, async (api) => {
      const [{ self }, found] = await Promise.all([api.status(), api.accounts.show({ account: parsed.value })])
      if (found.owner !== self) {
        const message = `The account ${found.account} belongs to another peer.`
        throw new CliError(1, 'not-owner', message, 'Only the peer that opened an account can pay from it.')
      }
      if (found.closed) throw new CliError(1, 'account-closed', `The account ${found.account} is closed.`)
    })
    await writeSettings(profile, { ...rest, account: parsed.value })
    tell(call, { account: parsed.value }, [`Where none is named ${parsed.value} is meant from now on.`])
    return 0
  },
}
