import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

/** A bench of `three-peers.ts`, which another checkout has, too, and the figure that is taken from what it answers. */
export interface Figure {
  readonly measure: 'measureLatency' | 'measureThroughput'
  readonly args: readonly number[]
  readonly of: (measured: never) => number
}

/** Turns of each: even, so that each comes first as often. */
const turns = 6

/**
 * `AGAINST=FOLDER`: the same of another checkout, in turns with this one's, each turn with a room of its own, so that the disk and other
 * programs matter to both alike. The ratio is the median of those of the pairs. Nothing without that variable.
 */
export function againstOther(figure: Figure): object {
  const other = process.env.AGAINST
  if (other === undefined) return {}
  const [own, theirs]: [number[], number[]] = [[], []]
  const here = fileURLToPath(new URL('..', import.meta.url))
  for (let turn = 0; turn < turns; turn++) {
    const both = [() => own.push(figureIn(here, figure)), () => theirs.push(figureIn(resolve(other), figure))]
    for (const one of turn % 2 === 0 ? both : both.reverse()) one()
  }
  const ratios = own.map((value, turn) => value / (theirs[turn] ?? Number.NaN))
  const commit = execFileSync('git', ['-C', other, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return {
    against: { commit, own: median(own), other: median(theirs), ratio: median(ratios), runs: { own, other: theirs, ratios } },
  }
}

function figureIn(checkout: string, { measure, args, of }: Figure): number {
  const script = fileURLToPath(new URL('./turn-process.ts', import.meta.url))
  const text = execFileSync(process.execPath, [script, checkout, measure, ...args.map(String)], { encoding: 'utf8' })
  return of(JSON.parse(text) as never)
}
