import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { mutations } from './mutation-table.ts'

/** One exact snippet of one file, and what stands there instead. */
export interface Edit {
  /** Under `src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

export interface Mutation {
  /** The rule that it breaks, in words. */
  readonly breaks: string
  readonly edits: readonly Edit[]
}

export const mutationNames: readonly string[] = Object.keys(mutations)

/**
 * Breaks one rule in the code that is loaded from here on: production code carries no switches. Throws where a snippet does
 * not stand exactly once in its file, so that no change of the code can make a mutation harmless unseen.
 */
export function applyMutation(name: string): void {
  const mutation = mutations[name]
  if (mutation === undefined) throw new Error(`there is no mutation ${name}`)
  const texts = new Map<string, string>()
  for (const edit of mutation.edits) {
    const url = new URL(`../../src/${edit.file}`, import.meta.url).href
    const text = texts.get(url) ?? readFileSync(fileURLToPath(url), 'utf8')
    texts.set(url, replaceOnce(text, edit))
  }
  registerHooks({
    load(url, context, nextLoad) {
      const text = texts.get(url)
      return text === undefined ? nextLoad(url, context) : { format: 'module-typescript', source: text, shortCircuit: true }
    },
  })
}

function replaceOnce(text: string, { file, find, replace }: Edit): string {
  const count = text.split(find).length - 1
  if (count !== 1) throw new Error(`the snippet to mutate stands ${count} times in ${file}: ${find}`)
  return text.replace(find, () => replace)
}
