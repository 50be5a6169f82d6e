import { readApiAddress } from '../api/api-files.ts'
import { type Api, connectApi } from '../api/client.ts'
import { requestText } from '../api/schemas.ts'
import { profileFolder } from '../app/config.ts'
import { type Call, type Option, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'

/** Which running peer to speak to. */
export const profileOption: Option = { name: 'profile', value: 'DIR', text: 'folder of the peer' }

/** What every operation may carry. */
export const operationOptions: readonly Option[] = [
  { name: 'request-id', value: 'ID', text: 'the same id and body gives the first result again' },
  { name: 'wait', value: 'SECONDS', text: 'how long to wait for the commit (default 10)' },
  profileOption,
]

/** Speaks to the running peer of the profile, then hangs up. */
export async function withPeer<T>(call: Call, speak: (api: Api, closed: Promise<void>) => Promise<T>): Promise<T> {
  const profile = profileFolder(call.flags, call.env)
  const address = readApiAddress(profile)
  if (address === undefined) throw notRunning(profile)
  const client = await connectApi(address).catch(() => {
    throw notRunning(profile)
  })
  const lost = client.closed.then((): never => {
    throw new CliError(3, 'not-reachable', 'The peer stopped in the middle.', 'Start it again with `gavelring peer`.')
  })
  try {
    return await Promise.race([speak(client.api, client.closed), lost])
  } finally {
    lost.catch(() => {})
    client.close()
  }
}

export function notRunning(profile: string): CliError {
  const hint = 'Start one with `gavelring peer`, or name its folder with --profile.'
  return new CliError(3, 'not-reachable', `No peer runs with the folder ${profile}.`, hint)
}

/** `requestId` and `deadlineMillis` from the flags of an operation. */
export function operationInput(call: Call): { requestId?: string; deadlineMillis?: number } {
  const requestId = textFlag(call, 'request-id')
  const wait = textFlag(call, 'wait')
  return {
    ...(requestId !== undefined && { requestId: valid(requestText, requestId, '--request-id') }),
    ...(wait !== undefined && { deadlineMillis: readSeconds(wait, '--wait', 600) }),
  }
}

/** `30`, `1.5` or `30s` as milliseconds. */
export function readSeconds(text: string, name: string, secondsMax: number): number {
  const [, number] = /^(\d{1,7}(?:\.\d{1,3})?)\s?s?$/.exec(text) ?? []
  const millis = Math.round(Number(number) * 1_000)
  if (number === undefined || millis < 1 || millis > secondsMax * 1_000) {
    throw usageError(`${name}: a time from 0.001 to ${secondsMax} seconds is expected, as 30 or 1.5.`)
  }
  return millis
}

interface Schema {
  safeParse(value: unknown): { success: boolean; error?: { issues: readonly { message: string }[] } | undefined }
}

/** The text itself, if the contract will take it: what is wrong is said before anybody is asked. */
export function valid(schema: Schema, text: string, name: string): string {
  const result = schema.safeParse(text)
  if (result.success) return text
  throw usageError(`${name}: ${result.error?.issues[0]?.message ?? 'it cannot be read.'}`)
}
