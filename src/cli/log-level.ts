import { logLevels } from '../core/log-events.ts'
import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { usageError } from './errors.ts'
import { tell } from './output.ts'

export const logLevel: Command = {
  name: 'log-level',
  summary: 'how much the running peer writes into its log; with LEVEL: so much from here on',
  operands: ['LEVEL?'],
  options: [profileOption],
  examples: ['gavelring log-level', 'gavelring log-level debug', 'gavelring log-level info --profile /var/lib/gavelring/a'],
  details:
    `LEVEL: ${logLevels.join(', ')}; each tells what those before it tell, too. It lasts until the peer ends: what it is at\n` +
    'the next start is said by --log-level, or GAVELRING_LOG_LEVEL.',
  async run(call) {
    const [text] = call.operands
    const level = logLevels.find((one) => one === text)
    if (text !== undefined && level === undefined) throw usageError(`LEVEL: one of ${logLevels.join(', ')} is expected.`)
    const now = await withPeer(call, (api) => (level === undefined ? api.logLevel.show() : api.logLevel.set({ level })))
    tell(call, now, [
      level === undefined ? `Its log has ${now.level} and above.` : `From here on its log has ${now.level} and above.`,
    ])
    return 0
  },
}
