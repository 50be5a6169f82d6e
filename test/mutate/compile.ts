import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A changed file of `src`, to be asked about. */
export interface Candidate {
  /** Under `src`: `market/bank.ts`. */
  readonly file: string
  readonly text: string
}

/**
 * Which of these compile: what the compiler refuses nobody leaves in by mistake. All are asked about at once, each as a file
 * of its own beside the one that it would replace, in a copy of the tree. What becomes unused is not held against them.
 */
export function compiling(root: string, candidates: readonly Candidate[]): readonly boolean[] {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-mutants-'))
  try {
    cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
    for (const file of ['tsconfig.json', 'package.json']) cpSync(join(root, file), join(folder, file))
    symlinkSync(realpathSync(join(root, 'node_modules')), join(folder, 'node_modules'))
    const files = candidates.map(({ file }, number) => join(folder, 'src', file.replace(/\.ts$/, `.mutant${number}.ts`)))
    for (const [number, file] of files.entries()) writeFileSync(file, (candidates[number] as Candidate).text)
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = ['--noEmit', '--pretty', 'false', '--noUnusedLocals', 'false', '--noUnusedParameters', 'false']
    const refused = new Set<number>()
    // Where one file is no code at all the compiler says nothing of the others: it is asked again without that one.
    for (;;) {
      const found = refusedIn(folder, [compiler, ...flags])
      for (const number of found.keys()) refused.add(number)
      const isWhole = ![...found.values()].some((isSyntax) => isSyntax)
      if (isWhole) return candidates.map((_, number) => !refused.has(number))
      for (const [number, file] of files.entries()) if (refused.has(number)) rmSync(file, { force: true })
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** By the number of the candidate: whether what is wrong with it is its syntax. */
function refusedIn(folder: string, command: readonly string[]): ReadonlyMap<number, boolean> {
  const run = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (run.status === null) throw new Error('the compiler did not run', { cause: run.error })
  const refused = new Map<number, boolean>()
  for (const [, number = '', code = ''] of run.stdout.matchAll(/^src\/\S+?\.mutant(\d+)\.ts\(.*?error TS(\d+)/gm)) {
    // Syntax has the numbers 1000 to 1999.
    refused.set(Number(number), code.length === 4 && code.startsWith('1'))
  }
  return refused
}
