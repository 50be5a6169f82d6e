import { codeCharsMax } from '../core/limits.ts'
import { type Parsed, parsed, refused } from '../core/result.ts'
import { readAtMostSync, whyUnread } from '../io/files.ts'

/** No character takes more bytes of UTF-8; behind the last one there may be the end of a line. */
const bytesMax = 4 * codeCharsMax + 2

/**
 * The room code that a file holds, as secrets are handed to services and containers: UTF-8, without the one end of a line behind it.
 * A pipe that a shell hands over does as well. Refused where nothing can be read, or where there is no code in it: an empty one would open the room to all.
 */
export function readCodeFile(path: string): Parsed<string, string> {
  let bytes: Uint8Array
  try {
    bytes = readAtMostSync(path, bytesMax + 1)
  } catch (error) {
    return refused('code-file-invalid', `The file with the room code cannot be read (${reasonOf(error)}): ${path}`)
  }
  const text = textOf(bytes)?.replace(/\r?\n$/, '')
  if (text === undefined || bytes.length > bytesMax) return refused('code-file-invalid', `This is no room code in UTF-8: ${path}`)
  if (text === '') return refused('code-file-invalid', `The file with the room code is empty: ${path}`)
  if (text === 'new') {
    return refused('code-file-invalid', `A file holds a code itself; a new one is made by --create --code new: ${path}`)
  }
  return parsed(text)
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown): string {
  const why = whyUnread(error)
  return reasons[why] ?? why
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is none',
  ENOTDIR: 'there is none',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a folder',
}
