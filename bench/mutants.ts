import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseExemptions } from '../test/mutate/equivalent.ts'
import { type FolderResult, runRound } from '../test/mutate/round.ts'

const sample = Number(process.env.MUTANTS ?? 30)
const seed = Number(process.env.SEED ?? 1)

/**
 * How many small changes to the code no test notices: of `MUTANTS` (default 30) of each folder, drawn by `SEED` (1) from those that
 * compile and are not known to be equivalent; of all three together, each counts for as many as it has. One after the other: a test
 * that is slowed down looks like one that does not end.
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
  const all = round.folders.reduce((sum, { possible }) => sum + possible, 0)
  const inHundred = ({ run, survivors }: FolderResult): number => (100 * survivors.length) / run
  return {
    unit: 'survivors in 100 mutants',
    seed,
    survivorsInHundred: round.folders.reduce((sum, folder) => sum + inHundred(folder) * (folder.possible / all), 0),
    folders: round.folders.map((result) => ({
      folder: result.folder,
      equivalentLeftOut: result.exempt,
      drawnFrom: result.possible,
      drawn: result.run,
      killed: result.killed,
      survivorsInHundred: inHundred(result),
      survivors: result.survivors.map(({ file, line, change, before, after }) => ({ file, line, change, before, after })),
    })),
  }
}
