import { readApiAddress, whyUnreachable } from '../api/api-files.ts'
import type { Api, ApiClient, Unreachable } from '../api/client.ts'
import { profileFolder } from '../app/flags.ts'
import { parseRequestId } from '../core/ids.ts'
import type { Parsed } from '../core/result.ts'
import { type Call, type Option, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { durationText, parseDuration } from './format.ts'

/** Which running peer to speak to. */
export const profileOption: Option = { name: 'profile', value: 'DIR', text: 'folder of the peer' }

/** Beside {@link profileOption} without being listed: whoever speaks to a peer waits for it no longer than this. */
export const timeoutOption: Option = {
  name: 'timeout',
  value: 'SECONDS',
  text: 'how long the peer may take to answer (default 5)',
}

/** What every operation may carry. */
export const operationOptions: readonly Option[] = [
  { name: 'request-id', value: 'ID', text: 'the same id and body gives the first result again' },
  { name: 'wait', value: 'SECONDS', text: 'how long to wait for the commit (default 10)' },
  profileOption,
]

const timeoutMillisUsual = 5_000
const waitMillisUsual = 10_000

/** Speaks to the running peer of the profile, then hangs up. Each call has `--timeout`, an operation `--wait` besides. */
export async function withPeer<T>(call: Call, speak: (api: Api, closed: Promise<void>) => Promise<T>): Promise<T> {
  const profile = profileFolder(call.flags, call.env)
  const timeoutMillis = timeoutOf(call)
  const client = await connect(profile, timeoutMillis)
  const lost = client.closed.then((): never => {
    const message = `The peer of the folder ${profile} stopped in the middle.`
    throw new CliError(3, 'not-reachable', message, 'Start it again with `gavelring peer`.')
  })
  const api = limit(client.api, profile, timeoutMillis)
  const guard = watch(api, timeoutMillis)
  try {
    return await Promise.race([speak(api, client.closed), lost, guard.failed])
  } finally {
    for (const promise of [lost, guard.failed]) promise.catch(() => {})
    guard.stop()
    client.close()
  }
}

/** How long the peer may take to answer, in milliseconds. */
function timeoutOf(call: Call): number {
  const text = textFlag(call, 'timeout')
  return text === undefined ? timeoutMillisUsual : readSeconds(text, '--timeout', 600)
}

async function connect(profile: string, timeoutMillis: number): Promise<ApiClient> {
  const address = readApiAddress(profile)
  if (address === undefined) throw notRunning(profile)
  const { connectApi } = await import('../api/client.ts')
  return connectApi(address, timeoutMillis).catch((error: unknown): never => {
    if (!isUnreachable(error)) throw error
    throw error.reason === 'silent' ? silent(profile, timeoutMillis) : notRunning(profile, whyUnreachable(address, error))
  })
}

/** By its name: its class comes with the network, which not every command needs. */
const isUnreachable = (error: unknown): error is Unreachable => error instanceof Error && error.name === 'Unreachable'

/** `why`: what is known besides, of a peer that once ran with this folder. */
function notRunning(profile: string, why?: string): CliError {
  const hint = 'Start one with `gavelring peer`, or name its folder with --profile.'
  const detail = why === undefined ? '' : ` ${why}`
  return new CliError(3, 'not-reachable', `No peer runs with the folder ${profile}.${detail}`, hint)
}

function silent(profile: string, millis: number, mayHappen = false): CliError {
  const message = `The peer of the folder ${profile} did not answer within ${durationText(millis)}.`
  const look = 'Its process may be stopped or busy: look after it, or give it longer with --timeout.'
  const hint = mayHappen ? `${look} The operation may still happen: ask again with the same --request-id.` : look
  return new CliError(3, 'not-answering', message, hint)
}

/**
 * The API, where no call takes longer than the time that the peer is given, and the deadline of an operation besides: a process
 * that is stopped keeps its sockets, and would hold everybody who asks it for ever.
 */
function limit(api: Api, profile: string, timeoutMillis: number): Api {
  const limited = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? limited(value) : value
      },
      apply(target, self, args: readonly unknown[]) {
        const deadlineMillis = deadlineOf(args[0])
        const millis = timeoutMillis + (deadlineMillis ?? 0)
        const answer = Promise.resolve(Reflect.apply(target as () => unknown, self, args))
        return within(answer, millis, () => silent(profile, millis, deadlineMillis !== undefined))
      },
    })
  return limited(api)
}

function deadlineOf(input: unknown): number | undefined {
  if (typeof input !== 'object' || input === null || !('deadlineMillis' in input)) return undefined
  return typeof input.deadlineMillis === 'number' ? input.deadlineMillis : undefined
}

/** Asks for a sign of life now and then, for as long as somebody listens to events or waits for a commit. */
function watch(api: Api, timeoutMillis: number): { readonly failed: Promise<never>; stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const failed = new Promise<never>((_, reject) => {
    const look = (): void => {
      timer = setTimeout(() => void api.rooms.list().then(look, reject), timeoutMillis)
      timer.unref()
    }
    look()
  })
  return { failed, stop: () => clearTimeout(timer) }
}

function within<T>(task: Promise<T>, millis: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), millis)
    task.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** `requestId` and `deadlineMillis` from the flags of an operation. */
export function operationInput(call: Call): { requestId?: string; deadlineMillis: number } {
  const requestId = textFlag(call, 'request-id')
  const wait = textFlag(call, 'wait')
  return {
    ...(requestId !== undefined && { requestId: valid(parseRequestId, requestId, '--request-id') }),
    deadlineMillis: wait === undefined ? waitMillisUsual : readSeconds(wait, '--wait', 600),
  }
}

/** A duration, as `30`, `1.5`, `90s` or `2m`, in milliseconds. */
export function readSeconds(text: string, name: string, secondsMax: number): number {
  const millis = parseDuration(text)
  if (millis === undefined || millis < 1 || millis > secondsMax * 1_000) {
    throw usageError(`${name}: a time up to ${durationText(secondsMax * 1_000)} is expected, as 30, 1.5, 90s or 2m.`)
  }
  return millis
}

/** The text itself, if it can be read: what is wrong is said before anybody is asked. */
export function valid(parse: (text: string) => Parsed<unknown>, text: string, name: string): string {
  const result = parse(text)
  if (result.ok) return text
  throw usageError(`${name}: ${result.error.message}`)
}
