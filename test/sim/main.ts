import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { type Explored, exploreInJobs } from './jobs.ts'
import { applyMutation, mutationNames } from './mutations.ts'

// npm run sim -- SEED            replays one seed, with a readable trace
// npm run sim -- --runs N        explores N seeds, from --start on (default: drawn, and printed)
const usage = `usage: npm run sim -- SEED [--peers N] [--mutate NAME]
       npm run sim -- --scenario NAME [--mutate NAME]
       npm run sim -- --runs N [--start SEED] [--peers N] [--no-checkers] [--json] [--mutate NAME] [--stop] [--jobs N]

  SEED           replay one seed and print what happens, one line each
  --runs N       explore N seeds; ends with exit code 1 if any breaks a rule
  --start SEED   the first of them (default: drawn from the clock, and printed)
  --peers N      exactly so many peers (default: 1 to 9, drawn by each seed)
  --no-checkers  for the rate alone
  --stop         stop at the first violation
  --jobs N       split the seeds over N processes (default: as many as there are cores)
  --scenario NAME  play a schedule that is kept because chance hardly ever meets it
  --mutate NAME  break one rule in the code first: ${mutationNames.join(', ')}
`

// `npm run sim -- 42 | head` is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const { values, positionals } = parse()
const peers = values.peers === undefined ? undefined : wholeNumber(values.peers, '--peers', 1, 20)
if (values.mutate !== undefined) {
  if (!mutationNames.includes(values.mutate)) fail(`there is no mutation ${values.mutate}`)
  applyMutation(values.mutate)
}
// A trace for every deadline that passes is most of what those cost; a replay has them.
if (values.runs !== undefined) Error.stackTraceLimit = 0
// What is to be compiled well is learned from the first call on, not from the eighth: a run is over before it pays to wait.
setFlagsFromString('--no-lazy-feedback-allocation')
// Only now: a mutation changes what is loaded.
const { runSeed } = await import('./run.ts')

if (values.scenario !== undefined) await playScenario(values.scenario)
else if (values.runs !== undefined) await explore(wholeNumber(values.runs, '--runs', 1, 10_000_000))
else if (positionals.length === 1) await replay(wholeNumber(positionals[0] as string, 'SEED', 0, 2 ** 31))
else fail('one seed, or --runs')

async function playScenario(name: string): Promise<void> {
  const { scenarios } = await import('./scenarios.ts')
  const { Violation } = await import('./violation.ts')
  const play = scenarios[name] ?? fail(`there is no scenario ${name}; there are: ${Object.keys(scenarios).join(', ')}`)
  try {
    play()
    process.stdout.write(`scenario ${name}: no violation\n`)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    process.stdout.write(`scenario ${name}: ${error.rule} ${error.message}\n`)
    process.exitCode = 1
  }
}

async function replay(seed: number): Promise<void> {
  const result = await runSeed(seed, { peers, checked: true, write: (line) => process.stdout.write(`${line}\n`) })
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (result.violation !== undefined) process.exitCode = 1
}

async function explore(runs: number): Promise<void> {
  const start = values.start === undefined ? Date.now() % 1_000_000_000 : wholeNumber(values.start, '--start', 0, 2 ** 31)
  const jobs = values.jobs === undefined ? usualJobs(runs) : wholeNumber(values.jobs, '--jobs', 1, 64)
  const explored = jobs === 1 ? await exploreHere(start, runs) : await exploreInJobs(start, runs, jobs, flagsToPass())
  const { seconds, cpuSeconds, steps, blocks, epochs, violations } = explored
  const stepsPerSecond = Math.round(steps / seconds)
  const stepsPerCpuSecond = Math.round(steps / cpuSeconds)
  if (values.json === true) process.stdout.write(`${JSON.stringify({ ...explored, stepsPerSecond, stepsPerCpuSecond })}\n`)
  else {
    if (jobs > 1) for (const violation of violations) process.stdout.write(`${violation}\n`)
    const checks = values['no-checkers'] === true ? 'without' : 'with'
    const rate = `${steps} ring steps in ${seconds.toFixed(1)} s (${stepsPerSecond} a second, ${checks} checkers)`
    process.stdout.write(
      `seeds ${start} to ${start + explored.runs - 1}: ${rate}; ${blocks} blocks committed, ${epochs} epochs; ${violations.length} violations\n`,
    )
  }
  if (violations.length > 0) process.exitCode = 1
}

/** All cores, where that is worth their start; one, where the first violation in order is wanted. */
function usualJobs(runs: number): number {
  return values.stop === true || runs < 100 ? 1 : availableParallelism()
}

async function exploreHere(start: number, runs: number): Promise<Explored> {
  const checked = values['no-checkers'] !== true
  let [steps, blocks, epochs, done] = [0, 0, 0, 0]
  const violations: string[] = []
  const begin = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  for (let seed = start; seed < start + runs; seed++) {
    const result = await runSeed(seed, { peers, checked })
    // See `nodeFlags`: now there is nothing of it to be kept.
    globalThis.gc?.({ type: 'minor' })
    done++
    steps += result.steps
    blocks += result.blocks
    epochs += result.epochs
    if (result.violation === undefined) continue
    const { rule, message } = result.violation
    violations.push(`seed ${seed}: ${rule} ${message}`)
    if (values.json !== true)
      process.stdout.write(
        `seed ${seed}: ${rule} ${message}\n    replay: npm run sim -- ${[seed, ...flagsToReplay()].join(' ')}\n`,
      )
    if (values.stop === true) break
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  const { user, system } = process.cpuUsage(cpuBefore)
  return { start, runs: done, seconds, cpuSeconds: (user + system) / 1e6, steps, blocks, epochs, violations }
}

function flagsToReplay(): string[] {
  return [
    ...(peers === undefined ? [] : ['--peers', String(peers)]),
    ...(values.mutate === undefined ? [] : ['--mutate', values.mutate]),
  ]
}

function flagsToPass(): string[] {
  return [
    ...flagsToReplay(),
    ...(values['no-checkers'] === true ? ['--no-checkers'] : []),
    ...(values.stop === true ? ['--stop'] : []),
  ]
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        runs: { type: 'string' },
        start: { type: 'string' },
        peers: { type: 'string' },
        mutate: { type: 'string' },
        scenario: { type: 'string' },
        'no-checkers': { type: 'boolean' },
        json: { type: 'boolean' },
        stop: { type: 'boolean' },
        jobs: { type: 'string' },
      },
    })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(text: string, what: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value >= least && value <= most ? value : fail(`${what} is a whole number from ${least} to ${most}, not ${text}`)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}`)
  process.exit(2)
}
