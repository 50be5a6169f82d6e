import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { readAtMostSync } from '../app/own-files.ts'
import { isLanguage, type Words, words, wordsFor } from './words.ts'

/** Which language the app speaks outside its windows: the one that was chosen in a window, also at an earlier start, or the system's. */
export interface Speech {
  readonly words: Words
  /** What a page says. `false`: it is no language, or spoken already. */
  choose(said: unknown): boolean
}

/**
 * `file`: where the choice is kept, in a folder that is there; nobody but this app writes it, and what cannot be read in it counts
 * as no choice. `system`: the languages that the system asks for, the most wanted first.
 */
export function createSpeech(file: string, system: readonly string[]): Speech {
  let spoken = read(file) ?? wordsFor(system)
  return {
    get words() {
      return spoken
    },
    choose(said) {
      if (!isLanguage(said)) return false
      keep(file, said)
      const isAnother = said !== spoken.language
      spoken = words[said]
      return isAnother
    },
  }
}

/** Far more than a choice takes. */
const bytesMax = 64 * 1024

function read(file: string): Words | undefined {
  try {
    const bytes = readAtMostSync(file, bytesMax + 1)
    if (bytes.length > bytesMax) return undefined
    const { language } = JSON.parse(bytes.toString('utf8')) as { readonly language?: unknown }
    return isLanguage(language) ? words[language] : undefined
  } catch {
    return undefined
  }
}

/** On a full disk the choice lasts until the app ends: no reason to trouble anybody. The page keeps it, and says it again. */
function keep(file: string, language: Words['language']): void {
  try {
    // Not in place: a pipe that stands there would be waited for.
    const draft = `${file}.new`
    rmSync(draft, { force: true })
    writeFileSync(draft, `${JSON.stringify({ language })}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(draft, file)
  } catch {}
}
