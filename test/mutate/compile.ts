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
    for (const [number, { file, text }] of candidates.entries()) {
      writeFileSync(join(folder, 'src', file.replace(/\.ts$/, `.mutant${number}.ts`)), text)
    }
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const flags = ['--noEmit', '--pretty', 'false', '--noUnusedLocals', 'false', '--noUnusedParameters', 'false']
    const run = spawnSync(process.execPath, [compiler, ...flags], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 })
    if (run.status === null) throw new Error('the compiler did not run', { cause: run.error })
    const refused = new Set([...run.stdout.matchAll(/^src\/\S+?\.mutant(\d+)\.ts\(/gm)].map((match) => Number(match[1])))
    return candidates.map((_, number) => !refused.has(number))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
