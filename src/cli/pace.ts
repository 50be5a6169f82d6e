import { paceMillisMax, paceMillisMin } from '../core/limits.ts'
import { operationInput, operationOptions, withPeer } from './client.ts'
import { type Call, type Command, operand } from './command.ts'
import { usageError } from './errors.ts'
import { durationText, parseDuration } from './format.ts'
import { placeOf, tell } from './output.ts'

export const pace: Command = {
  name: 'pace',
  summary: 'how long the token rests where nobody wants it; with MILLIS: the host sets it for every peer',
  operands: ['MILLIS?'],
  options: operationOptions,
  examples: ['gavelring pace', 'gavelring pace 1000', 'gavelring pace 250'],
  details:
    `MILLIS: ${paceMillisMin} to ${paceMillisMax}; 1s is understood too. Slower is easier to watch, faster shows sooner that a peer is gone; a\n` +
    'token that somebody wants does not rest at all. Every peer of the room follows, also after restarts.',
  async run(call) {
    if (call.operands[0] === undefined) {
      const { paceMillis } = await withPeer(call, (api) => api.ring.show())
      tell(call, { paceMillis }, [`The token rests ${durationText(paceMillis)} where nobody wants it.`])
      return 0
    }
    const millis = readPace(call)
    const settled = await withPeer(call, (api) => api.ring.pace({ millis, ...operationInput(call) }))
    tell(call, settled, [`The token rests ${durationText(millis)} from here on where nobody wants it ${placeOf(settled)}.`])
    return 0
  },
}

/** A bare number is milliseconds here, as the command says. */
function readPace(call: Call): number {
  const text = operand(call, 0)
  const millis = /^\d{1,9}(?:ms)?$/.test(text) ? Number.parseInt(text, 10) : parseDuration(text)
  if (millis === undefined || millis < paceMillisMin || millis > paceMillisMax) {
    throw usageError(`MILLIS: a time from ${paceMillisMin} to ${paceMillisMax} ms is expected.`)
  }
  return millis
}
