import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Call, type Command, textFlag } from '../command.ts'
import { usageError } from '../errors.ts'
import { table } from '../table.ts'
import type { DemoCheck } from './checks.ts'
import type { Stage } from './stage.ts'
import type { DemoFacts } from './story.ts'
import { createTranscript, type Transcript } from './transcript.ts'

export const demo: Command = {
  name: 'demo',
  summary: 'a whole class on this machine: peers, transfers, an auction, and one peer killed in the middle',
  operands: [],
  options: [
    { name: 'peers', value: 'NUMBER', text: 'how many, 3 to 12 (default 5)' },
    { name: 'seconds', value: 'SECONDS', text: 'how long the auction lasts, 10 to 600 (default 30)' },
  ],
  examples: ['gavelring demo', 'gavelring demo --peers 3 --seconds 10', 'gavelring demo --json'],
  details:
    'Each peer is a process of its own with its own key, log and folder; all is gone at the end. Exits with 1 if one of\n' +
    'the checks on their logs is broken.',
  async run(call) {
    const peers = readWhole(call, 'peers', 5, 3, 12)
    const seconds = readWhole(call, 'seconds', 30, 10, 600)
    const [{ checkLogs }, { createStage }, { playDemo }] = await Promise.all([
      import('./checks.ts'),
      import('./stage.ts'),
      import('./story.ts'),
    ])
    const transcript = createTranscript(call)
    const folder = await mkdtemp(join(tmpdir(), 'gavelring-demo-'))
    const stage = createStage(folder)
    const stopping = stopOnSignal(stage)
    try {
      const facts = await Promise.race([playDemo({ stage, transcript, peers, seconds }), stopping.stopped])
      if (facts === 'stopped') return 130
      transcript.say('demo', 'all peers have left: now the checks, on every peer’s own log')
      const checks = await checkLogs(facts)
      tellResult(call, transcript, facts, checks)
      return checks.every((check) => check.ok) ? 0 : 1
    } catch (error) {
      if (stopping.isAsked()) return 130
      for (const line of stage.lastWords()) call.terminal.note(line)
      throw error
    } finally {
      await stage.clear()
      stopping.forget()
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    }
  },
}

function readWhole(call: Call, name: string, usual: number, least: number, most: number): number {
  const text = textFlag(call, name) ?? String(usual)
  const value = Number(text)
  if (/^\d{1,4}$/.test(text) && value >= least && value <= most) return value
  throw usageError(`--${name}: a whole number from ${least} to ${most} is expected.`, 'See `gavelring demo --help`.')
}

/** Ctrl-C takes the peers and their folders along; a second one does so without waiting. */
function stopOnSignal(stage: Stage) {
  const asked = Promise.withResolvers<'stopped'>()
  let isAsked = false
  const onSignal = (): void => {
    if (isAsked) process.exit(130)
    isAsked = true
    stage.killAll()
    asked.resolve('stopped')
  }
  const onExit = (): void => stage.killAll()
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  process.on('exit', onExit)
  return {
    stopped: asked.promise,
    isAsked: () => isAsked,
    forget: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      process.off('exit', onExit)
    },
  }
}

function tellResult(call: Call, transcript: Transcript, facts: DemoFacts, checks: readonly DemoCheck[]): void {
  const ok = checks.every((check) => check.ok)
  if (call.json) {
    const { profiles: _, acknowledged, ...rest } = facts
    call.terminal.json({ ok, ...rest, acknowledged: acknowledged.length, checks, transcript: transcript.entries })
    return
  }
  call.terminal.line('')
  for (const line of table(
    ['Check', 'Is', ''],
    checks.map(({ name, ok, detail }) => [name, ok ? 'holds' : 'BROKEN', detail]),
  )) {
    call.terminal.line(line)
  }
  call.terminal.line('')
  call.terminal.line(ok ? 'Every check holds.' : 'A check is BROKEN.')
}
