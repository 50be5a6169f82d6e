import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { AlgorithmFault, type AlgorithmKind, algorithms } from '../peer/lab.ts'

export {
  AlgorithmFault,
  type AlgorithmKind,
  algorithms,
  type LabRun,
  type LabSetting,
  runLab,
  shivizLog,
  stepsOfTrial,
} from '../peer/lab.ts'

/**
 * One that is built in, by its name, or somebody's own from a file: its default export is an {@link AlgorithmKind}. `undefined`:
 * there is none of that name. Throws an {@link AlgorithmFault} where the file cannot be loaded, or is none.
 */
export async function findAlgorithm(nameOrFile: string): Promise<AlgorithmKind | undefined> {
  const known = algorithms.find(({ name }) => name === nameOrFile)
  if (known !== undefined || !/[./\\]/.test(nameOrFile)) return known
  const file = resolve(nameOrFile)
  if (!existsSync(file)) throw new AlgorithmFault(`There is no such file: ${file}`)
  return loadAlgorithm(file)
}

/** Nobody writes as much by hand: what is longer is something else. */
export const algorithmBytesMax = 4 * 2 ** 20

/**
 * From a file on this machine. `version`: of a file that may have changed since it was loaded, another text each time. Throws an
 * {@link AlgorithmFault}.
 */
export async function loadAlgorithm(file: string, version = ''): Promise<AlgorithmKind> {
  let loaded: { readonly default?: unknown }
  const about = await stat(file).catch(() => undefined)
  if (about?.isFile() === false) throw new AlgorithmFault(`${file} is no algorithm: it is no file.`)
  if (about !== undefined && about.size > algorithmBytesMax)
    throw new AlgorithmFault(`${file} is no algorithm: it has more than ${algorithmBytesMax / 1024} KiB.`)
  try {
    loaded = await import(`${pathToFileURL(file).href}${version && `?${version}`}`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const hint = /Unknown file extension/.test(reason) ? ' This Node reads no TypeScript: use 22.18 or later, or a .js file.' : ''
    throw new AlgorithmFault(`${file} cannot be loaded: ${reason}.${hint}`, { cause: error })
  }
  return ownAlgorithm(loaded.default, file)
}

function ownAlgorithm(value: unknown, file: string): AlgorithmKind {
  const { name, needsFifo, accepts, create }: Partial<AlgorithmKind> = typeof value === 'object' && value !== null ? value : {}
  if (typeof name !== 'string' || name === '' || typeof create !== 'function') {
    throw new AlgorithmFault(
      `${file} has no algorithm as its default export: an object with a name and a function create is expected.`,
    )
  }
  return { name, needsFifo: needsFifo === true, accepts: accepts ?? ((_message): _message is typeof _message => true), create }
}
