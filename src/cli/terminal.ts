/** Where output goes, and what it can show there. Results on stdout, everything else on stderr. */
export interface Terminal {
  /** A line of the result. */
  line(text: string): void
  /** A line beside the result: notes, errors. */
  note(text: string): void
  /** A line that the next one replaces; shown only where stderr is a terminal. */
  progress(text: string): void
  /** Colours: only on a terminal, and not where NO_COLOR is set. */
  readonly colours: boolean
  /** Nobody reads stdout any more (`| head`). */
  readonly isClosed: boolean
}

export function createTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  let isClosed = false
  let hasProgress = false
  // A reader that went away is no crash, and no reason for words.
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error
    isClosed = true
  }
  process.stdout.on('error', onError)
  process.stderr.on('error', onError)
  const clear = (): void => {
    if (hasProgress) process.stderr.write('\r\x1b[K')
    hasProgress = false
  }
  return {
    line(text) {
      clear()
      if (!isClosed) process.stdout.write(`${text}\n`)
    },
    note(text) {
      clear()
      process.stderr.write(`${text}\n`)
    },
    progress(text) {
      if (process.stderr.isTTY !== true) return
      clear()
      process.stderr.write(text)
      hasProgress = true
    },
    colours: process.stdout.isTTY === true && !env.NO_COLOR,
    get isClosed() {
      return isClosed
    },
  }
}
