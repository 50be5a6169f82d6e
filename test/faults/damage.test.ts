import { type ChildProcess, fork } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPeerConfig } from '../../src/app/config.ts'
import { startSeat } from '../../src/app/start.ts'
import { readStoredLog } from '../../src/app/stored-log.ts'
import { toHex } from '../../src/core/crypto.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { connectTo, isLong } from './load.ts'
import type { Answer, Order, Served } from './starter.ts'

/**
 * Whatever happens to one file of a real profile is found, or does no harm: a start serves the same balances and the same log as
 * before, or is refused by name, and again at the next start. `FAULTS=long npx vitest run test/faults/damage.test.ts` flips a bit in
 * every 97th byte of every file; otherwise it is every 4,099th.
 */

const stepBytes = Number(process.env.STEP ?? (isLong ? 97 : 4_099))
const root = mkdtempSync(join(tmpdir(), 'gavelring-damage-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const [profile, earlier, other] = [join(root, 'profile'), join(root, 'earlier'), join(root, 'other')] as const
const { crypto } = createIdentity()
let whole: Served

beforeAll(async () => {
  await work(profile, 'ana')
  cpSync(profile, earlier, { recursive: true })
  // By its next starts LevelDB has made a table of the first journal.
  await work(profile, 'bob')
  await work(profile, 'cleo')
  await work(other, 'dora')
  const blocks: string[] = []
  for await (const { bytes } of readStoredLog(profile, 'classroom', 'all', () => {})) blocks.push(toHex(crypto.hash(bytes)))
  const [result] = await inPool([{ name: 'whole', damage: () => {} }], false)
  whole = { accounts: result?.first.served?.accounts ?? never(), blocks }
  expect(whole.accounts.map(([id]) => id)).toEqual(expect.arrayContaining(['ana', 'bob', 'cleo']))
})

/** A peer alone that does something, and stops in order. */
async function work(folder: string, account: string): Promise<void> {
  const flags = { room: 'classroom', profile: folder, create: true, 'no-mdns': true, listen: ['127.0.0.1:0'] }
  const config = readPeerConfig(flags, {})
  if (!config.ok) throw new Error(config.error.message)
  const running = await startSeat(config.value, { onProgress() {}, write() {} })
  await running.entered
  const { api, close } = await connectTo(folder)
  await api.accounts.open({ account, holder: account })
  for (let i = 0; i < 10; i++) await api.deposit({ account, amount: `${i + 1}.25` })
  close()
  await running.stop(5_000)
}

function never(): never {
  throw new Error('this is never missing')
}

interface Case {
  readonly name: string
  damage(profile: string): void
}

interface Result {
  readonly name: string
  readonly first: Answer
  /** Where the first was refused. */
  readonly second: Answer | undefined
  /** LevelDB ended the process so often. */
  readonly crashes: number
}

/** What is wrong with it; `undefined`: it was found, or did no harm. */
function wrongOf({ name, first, second, crashes }: Result): string | undefined {
  const answer = second ?? first
  const { served, refused } = answer
  if (crashes > 1) return `${name}: the process ended ${crashes} times`
  if (first.refused !== undefined && !named.has(first.refused.code)) return `${name}: ${JSON.stringify(first.refused)}`
  if (second !== undefined && second.refused?.code !== first.refused?.code)
    return `${name}: then ${JSON.stringify(second).slice(0, 200)}`
  if (served === undefined) return refused === undefined ? `${name}: no answer` : undefined
  // With another key it is another peer, as after a restore: it has no vote here, and serves what its disk knows to be committed.
  if (/^key (?:deleted|that of another)/.test(name)) {
    return served.blocks.every((hash, index) => whole.blocks[index] === hash) ? undefined : `${name}: another log`
  }
  if (JSON.stringify(served.accounts) !== JSON.stringify(whole.accounts)) return `${name}: other balances`
  const same = whole.blocks.every((hash, index) => served.blocks[index] === hash)
  return same ? undefined : `${name}: another log, ${served.blocks.length} blocks`
}

/** `path-taken`: something is there that the program did not write. */
const named: ReadonlySet<string> = new Set(['store-damaged', 'store-version', 'key-damaged', 'path-taken'])

const filesIn = (folder: string): readonly string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => statSync(join(folder, name)).isFile()).sort()

test(`a flipped bit in every ${stepBytes}th byte of every file is found, or does no harm`, {
  timeout: 3_600_000,
}, async (context) => {
  const cases = filesIn(profile).flatMap((name): readonly Case[] => {
    const { size } = statSync(join(profile, name))
    return Array.from({ length: Math.ceil(size / stepBytes) }, (_, step) => {
      const at = step * stepBytes
      return {
        name: `${name} at ${at}`,
        damage(copy) {
          const bytes = readFileSync(join(copy, name))
          bytes[at] = (bytes[at] ?? 0) ^ (1 << ((at + step) % 8))
          writeFileSync(join(copy, name), bytes)
        },
      }
    })
  })
  const results = await inPool(cases, false)
  context.annotate(summaryOf(results))
  expect(results.map(wrongOf).filter((wrong) => wrong !== undefined)).toEqual([])
  expect(results.some(({ first }) => first.refused?.code === 'store-damaged')).toBe(true)
})

const kinds: Readonly<Record<string, (path: string, name: string) => void>> = {
  emptied: (path) => truncateSync(path, 0),
  deleted: (path) => rmSync(path),
  truncated: (path) => truncateSync(path, statSync(path).size >> 1),
  'one byte short': (path) => truncateSync(path, Math.max(0, statSync(path).size - 1)),
  'filled with zeros': (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  'as it was before': (path, name) => copyOver(join(earlier, name), path),
  'that of another peer': (path, name) => copyOver(sameKind(other, name), path),
}

function copyOver(from: string | undefined, to: string): void {
  if (from !== undefined && existsSync(from)) cpSync(from, to)
}

/** LevelDB numbers its files; `000005.ldb` of one is `000007.ldb` of another. */
const sameKind = (folder: string, name: string): string | undefined => {
  const form = (path: string): string => path.replaceAll(/\d{6}/g, 'N') + extname(path)
  const found = filesIn(folder).find((one) => form(one) === form(name))
  return found === undefined ? undefined : join(folder, found)
}

test('a file that is emptied, deleted, cut short, stale or another’s is found, or does no harm', {
  timeout: 3_600_000,
}, async (context) => {
  const cases = filesIn(profile).flatMap((name) =>
    Object.entries(kinds).map(
      ([kind, befall]): Case => ({ name: `${name} ${kind}`, damage: (copy) => befall(join(copy, name), name) }),
    ),
  )
  // It would found its room anew, if it thought that there was none.
  const results = await inPool(cases, true)
  context.annotate(summaryOf(results))
  expect(results.map(wrongOf).filter((wrong) => wrong !== undefined)).toEqual([])
  expect(results.some(({ first }) => first.refused?.code === 'store-damaged')).toBe(true)
})

function summaryOf(results: readonly Result[]): string {
  const counts = new Map<string, number>()
  for (const { first, crashes } of results) {
    const outcome = first.refused?.code ?? 'harmless'
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    if (crashes > 0) counts.set('ended LevelDB first', (counts.get('ended LevelDB first') ?? 0) + 1)
  }
  return `${results.length} runs: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`
}

const startersMax = 2
/** At once in each: most of a refusal is waiting for others to come. */
const startsAtOnce = 16

/** Each in a copy of its own. A process that ends takes others with it: they are tried again, and so is what ended it, as a person would. */
async function inPool(cases: readonly Case[], founds: boolean): Promise<readonly Result[]> {
  const waiting = cases.map((one, id) => ({ ...one, id }))
  const results: Result[] = []
  const runStarter = async (): Promise<void> => {
    const starter = startStarter()
    const crashesOf = new Map<number, number>()
    const runOne = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const copy = join(root, `copy-${founds}-${next.id}`)
        cpSync(profile, copy, { recursive: true })
        chmodSync(copy, 0o700)
        next.damage(copy)
        const ask = () =>
          starter.ask({ id: next.id, profile: copy, founds }, () => crashesOf.set(next.id, (crashesOf.get(next.id) ?? 0) + 1))
        const first = await ask()
        const second = first.refused === undefined ? undefined : await ask()
        results.push({ name: next.name, first, second, crashes: crashesOf.get(next.id) ?? 0 })
        rmSync(copy, { recursive: true, force: true })
      }
    }
    await Promise.all(Array.from({ length: startsAtOnce }, runOne))
    starter.end()
  }
  await Promise.all(Array.from({ length: Math.min(startersMax, cases.length) }, runStarter))
  return results
}

interface Asked {
  readonly order: Order
  onCrash(): void
  settle(answer: Answer): void
}

/** After a crash everything that was under way is asked again, one after the other, so that it shows who it was. */
function startStarter() {
  const script = fileURLToPath(new URL('./starter.ts', import.meta.url))
  const open = new Map<number, Asked>()
  let suspects: Asked[] = []
  let isEnded = false
  let child: ChildProcess

  const askNextSuspect = (): void => {
    const [suspect] = suspects
    if (suspect === undefined) for (const { order } of open.values()) child.send(order)
    else child.send(suspect.order)
  }
  const begin = (): void => {
    child = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })
    child.on('message', (answer: Answer) => {
      const asked = open.get(answer.id)
      open.delete(answer.id)
      asked?.settle(answer)
      if (suspects.length === 0) return
      suspects = suspects.filter((one) => one !== asked)
      askNextSuspect()
    })
    child.once('exit', () => {
      if (isEnded) return
      const [alone] = suspects
      if (alone === undefined) suspects = [...open.values()]
      else alone.onCrash()
      begin()
      askNextSuspect()
    })
  }
  begin()
  return {
    ask(order: Order, onCrash: () => void): Promise<Answer> {
      return new Promise((settle) => {
        open.set(order.id, { order, onCrash, settle })
        if (suspects.length === 0) child.send(order)
      })
    },
    end(): void {
      isEnded = true
      child.kill('SIGKILL')
    },
  }
}
