import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseExemptions } from '../test/mutate/equivalent.ts'
import { runRound } from '../test/mutate/round.ts'

const sample = Number(process.env.MUTANTS ?? 30)
const seed = Number(process.env.SEED ?? 1)

/**
 * How many small changes to the code no test notices: of `MUTANTS` (default 30) of each folder, drawn by `SEED` (1) from those that
 * compile and are not known to be equivalent. One after the other: a test that is slowed down looks like one that does not end.
 */
export async function measureMutants(folders: readonly string[]): Promise<object> {
  const round = await runRound({
    root: fileURLToPath(new URL('..', import.meta.url)),
    folders,
    files: [],
    sample,
    seed,
    workers: 1,
    exemptions: parseExemptions(readFileSync(new URL('../test/mutate/equivalent.txt', import.meta.url), 'utf8')),
    progress: (line) => process.stderr.write(`${line}\n`),
  })
  return {
    unit: 'survivors in 100 mutants',
    seed,
    folders: round.folders.map(({ folder, run, killed, exempt, survivors }) => ({
      folder,
      equivalentLeftOut: exempt,
      drawn: run,
      killed,
      survivorsInHundred: (100 * survivors.length) / run,
      survivors: survivors.map(({ file, line, change, before, after }) => ({ file, line, change, before, after })),
    })),
  }
}
