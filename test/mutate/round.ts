import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../../src/core/random.ts'
import { compiling } from './compile.ts'
import { type Difference, differenceOf, type Exemption, isExempt } from './equivalent.ts'
import { killersOf } from './killers.ts'
import { applyMutant, type Change, mutantsOf } from './mutators.ts'
import { optionalCallsOf } from './optional-calls.ts'
import { type Plan, plans } from './plan.ts'

export interface RoundOptions {
  readonly root: string
  readonly folders: readonly string[]
  /** Only these, under `src`; empty: all of the folders. */
  readonly files: readonly string[]
  /** Mutants of each folder; `undefined`: all. */
  readonly sample: number | undefined
  readonly seed: number
  readonly workers: number
  readonly exemptions: readonly Exemption[]
  readonly progress: (line: string) => void
}

export interface Round {
  readonly folders: readonly FolderResult[]
  /** Exemptions that stand for no mutant any more: the code has changed, or they never did. */
  readonly staleExemptions: readonly Exemption[]
}

export interface FolderResult {
  readonly folder: string
  /** Left out: the compiler refuses them. */
  readonly refused: number
  /** Left out: listed in `equivalent.txt`. */
  readonly exempt: number
  /** What is left, and drawn from. */
  readonly possible: number
  readonly run: number
  readonly killed: number
  readonly survivors: readonly Target[]
  /** By the test file that found them, or `simulator`. */
  readonly killedBy: Readonly<Record<string, number>>
}

/** One mutant with its place. */
export interface Target extends Difference {
  /** Under `src`. */
  readonly file: string
  /** From 1 on. */
  readonly line: number
  readonly change: Change
  /** The whole changed file. */
  readonly text: string
}

export async function runRound(options: RoundOptions): Promise<Round> {
  const folders: FolderResult[] = []
  const used = new Set<Exemption>()
  for (const folder of options.folders) folders.push(await runFolder(options, folder, used))
  const isLookedAt = ({ file }: Exemption): boolean =>
    options.folders.includes(file.split('/')[0] as string) && (options.files.length === 0 || options.files.includes(file))
  return { folders, staleExemptions: options.exemptions.filter((one) => isLookedAt(one) && !used.has(one)) }
}

async function runFolder(options: RoundOptions, folder: string, used: Set<Exemption>): Promise<FolderResult> {
  const { root, exemptions, progress } = options
  const all = targetsOf(root, folder, options.files)
  const counted: Target[] = []
  for (const target of all) {
    const exemption = exemptions.find((one) => isExempt(one, target.file, target))
    if (exemption === undefined) counted.push(target)
    else used.add(exemption)
  }
  const compile = compiling(root, counted)
  const possible = counted.filter((_, number) => compile[number])
  const targets = options.sample === undefined ? possible : draw(possible, options.sample, options.seed)
  progress(`${folder}: ${all.length} mutants, of which ${possible.length} compile and are not exempt; running ${targets.length}`)
  const killers = await killersOf(options, plans[folder] as Plan, targets)
  const killedBy: Record<string, number> = {}
  for (const killer of killers) if (killer !== undefined) killedBy[killer] = (killedBy[killer] ?? 0) + 1
  const survivors = targets.filter((_, number) => killers[number] === undefined)
  return {
    folder,
    refused: counted.length - possible.length,
    exempt: all.length - counted.length,
    possible: possible.length,
    run: targets.length,
    killed: targets.length - survivors.length,
    survivors,
    killedBy,
  }
}

function targetsOf(root: string, folder: string, files: readonly string[]): readonly Target[] {
  const read = (file: string): string => readFileSync(join(root, 'src', file), 'utf8')
  const optionalCalls = optionalCallsOf(sourcesIn(root, '**').map(read))
  const chosen = sourcesIn(root, `${folder}/**`).filter((file) => files.length === 0 || files.includes(file))
  return chosen.flatMap((file) => {
    const text = read(file)
    return mutantsOf(text, optionalCalls).map((mutant) => ({
      file,
      line: text.slice(0, mutant.start).split('\n').length,
      change: mutant.change,
      ...differenceOf(text, mutant),
      text: applyMutant(text, mutant),
    }))
  })
}

const sourcesIn = (root: string, under: string): readonly string[] => globSync(`${under}/*.ts`, { cwd: join(root, 'src') }).sort()

function draw<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  const random = createRandom(seed)
  const rest = [...all]
  const drawn: T[] = []
  while (drawn.length < count && rest.length > 0) drawn.push(...rest.splice(random.below(rest.length), 1))
  return drawn
}
