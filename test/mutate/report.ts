import type { FolderResult, Round } from './round.ts'

/** For people. */
export function reportOf({ folders, staleExemptions }: Round): string {
  const stale = staleExemptions.map(
    ({ file, before, after }) => `equivalent.txt, ${file}: there is no such mutant any more\n  - ${before}\n  + ${after}\n`,
  )
  return [...folders.map(folderText), ...stale].join('\n')
}

function folderText({ folder, refused, exempt, run, killed, survivors, killedBy }: FolderResult): string {
  const share = run === 0 ? 0 : (100 * survivors.length) / run
  const left = `${refused} refused by the compiler and ${exempt} equivalent ones left out`
  const by = Object.entries(killedBy)
    .sort(([, one], [, other]) => other - one)
    .map(([name, count]) => `  ${count} by ${name}\n`)
  const lines = survivors.map(
    ({ file, line, change, before, after }) => `src/${file}:${line} ${change}\n  - ${before}\n  + ${after}\n`,
  )
  const score = `${folder}: ${killed} of ${run} mutants killed; ${share.toFixed(1)} in 100 survive (${left})\n`
  return [score, ...by, ...lines].join('')
}
