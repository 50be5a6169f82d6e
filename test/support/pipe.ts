import { execFileSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { onTestFinished } from 'vitest'

/** A named pipe with something in it: whoever opens and reads it all the same goes on, and has been seen to. */
export function makePipe(path: string, text = 'x'): string {
  execFileSync('mkfifo', ['-m', '600', path])
  const end = openSync(path, 'r+')
  writeSync(end, text)
  onTestFinished(() => closeSync(end))
  return path
}

/** There are none among the files of Windows. */
export const hasNoPipes = process.platform === 'win32'
