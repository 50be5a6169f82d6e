import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

// Loaded before the simulator: the file that MUTANT_PATH names reads as the standard input says.
const path = process.env.MUTANT_PATH
if (path !== undefined && path !== '') {
  const source = readFileSync(0, 'utf8')
  const changed = pathToFileURL(path).href
  registerHooks({
    load(url, context, nextLoad) {
      return url === changed ? { format: 'module-typescript', source, shortCircuit: true } : nextLoad(url, context)
    },
  })
}
