import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from './plan.ts'
import type { RoundOptions, Target } from './round.ts'
import { createRunner, type Runner, simulate } from './runner.ts'

/** A test file or a run of the simulator, with how long it takes and how many mutants it has killed. */
interface Check {
  readonly name: string
  readonly millis: number
  /** Absolute paths of the files that it loads; of the simulator they are not known. */
  readonly imports: ReadonlySet<string> | undefined
  kills: number
}

const simulator = 'simulator'

/** By the number of the mutant: the name of the check that killed it. Throws where a check fails over the code as it is. */
export async function killersOf(
  { root, workers, progress }: RoundOptions,
  plan: Plan,
  targets: readonly Target[],
): Promise<readonly (string | undefined)[]> {
  const killers: (string | undefined)[] = Array.from({ length: targets.length })
  const runners = Array.from({ length: workers }, () => createRunner(root))
  try {
    const tests = plan.tests.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`, { cwd: root }))
    const names = plan.seeds > 0 ? [...tests, simulator] : tests
    const checks = await measure(root, runners[0] as Runner, plan, names)
    let next = 0
    const work = async (runner: Runner): Promise<void> => {
      while (next < targets.length) {
        const number = next++
        const target = targets[number] as Target
        const killer = await killerOf(root, runner, plan, checks, target)
        killers[number] = killer
        const verdict = killer === undefined ? 'SURVIVED' : `killed by ${killer}`
        progress(`${number + 1}/${targets.length} ${target.file}:${target.line} ${target.change}: ${verdict}`)
      }
    }
    await Promise.all(runners.map(work))
    // What fails now has failed for another reason than the mutants.
    await measure(root, runners[0] as Runner, plan, names)
  } finally {
    for (const runner of runners) runner.stop()
  }
  return killers
}

async function measure(root: string, runner: Runner, plan: Plan, names: readonly string[]): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const name of names) {
    const { failed, imports, millis } = await run(root, runner, plan, name, undefined, 600_000)
    if (failed !== undefined) throw new Error(`${name} fails without any change: ${failed}`)
    checks.push({ name, millis, imports: name === simulator ? undefined : new Set(imports), kills: 0 })
  }
  return checks
}

/**
 * Of the checks that load the changed file, those first that kill much in little time; the file that bears its name before
 * all.
 */
async function killerOf(
  root: string,
  runner: Runner,
  plan: Plan,
  checks: readonly Check[],
  target: Target,
): Promise<string | undefined> {
  const subject = `/${(target.file.split('/').at(-1) as string).replace(/\.ts$/, '.test.ts')}`
  const worth = ({ name, kills, millis }: Check): number =>
    name.endsWith(subject) ? Number.POSITIVE_INFINITY : (kills + 1) / (millis + 100)
  const path = join(root, 'src', target.file)
  const concerned = checks.filter(({ imports }) => imports === undefined || imports.has(path))
  for (const check of concerned.toSorted((one, other) => worth(other) - worth(one))) {
    const { failed } = await run(root, runner, plan, check.name, target, 10_000 + 5 * check.millis)
    if (failed === undefined) continue
    check.kills++
    return check.name
  }
  return undefined
}

function run(root: string, runner: Runner, plan: Plan, name: string, target: Target | undefined, limitMillis: number) {
  const changed =
    target === undefined ? { path: undefined, text: '' } : { path: join(root, 'src', target.file), text: target.text }
  return name === simulator
    ? simulate(root, changed, ['--runs', String(plan.seeds), '--start', '1', '--stop'], limitMillis)
    : runner.run({ ...changed, test: join(root, name) }, limitMillis)
}
