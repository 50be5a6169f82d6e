import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parseExemptions } from './equivalent.ts'
import { plans } from './plan.ts'
import { reportOf } from './report.ts'
import { runRound } from './round.ts'

const usage = `usage: npm run mutate -- [--folder NAME] [--file FILE] [--sample N] [--seed S] [--workers N] [--json]

  --folder NAME  one of ${Object.keys(plans).join(', ')}; may be given more than once (default: all)
  --file FILE    only mutants of this file, as market/bank.ts; may be given more than once
  --sample N     so many mutants of each folder, drawn by the seed (default: all)
  --seed S       which ones are drawn (default: 1)
  --workers N    so many at a time (default: ${availableParallelism()}, one a core)
  --json         the result for programs
`

const values = parse()
const files = values.file ?? []
const folders = values.folder ?? [...new Set(files.map((file) => file.split('/')[0] as string))]
for (const folder of folders) if (!Object.hasOwn(plans, folder)) fail(`there is no plan for the folder ${folder}`)
const round = await runRound({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  folders: folders.length > 0 ? folders : Object.keys(plans),
  files,
  sample: values.sample === undefined ? undefined : wholeNumber(values.sample, '--sample'),
  seed: values.seed === undefined ? 1 : wholeNumber(values.seed, '--seed'),
  workers: values.workers === undefined ? availableParallelism() : wholeNumber(values.workers, '--workers'),
  exemptions: parseExemptions(readFileSync(new URL('./equivalent.txt', import.meta.url), 'utf8')),
  progress: (line) => process.stderr.write(`${line}\n`),
})
process.stdout.write(values.json === true ? `${JSON.stringify(round, undefined, 2)}\n` : reportOf(round))
if (round.staleExemptions.length > 0) process.exitCode = 1

function parse() {
  try {
    return parseArgs({
      options: {
        folder: { type: 'string', multiple: true },
        file: { type: 'string', multiple: true },
        sample: { type: 'string' },
        seed: { type: 'string' },
        workers: { type: 'string' },
        json: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(text: string, what: string): number {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : fail(`${what} is a whole number from 1 on, not ${text}`)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${usage}`)
  process.exit(2)
}
