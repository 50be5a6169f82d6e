import { Readable, Writable } from 'node:stream'
import { main } from '../../src/cli/main.ts'
import { createTerminal, type Input, type Stream } from '../../src/cli/terminal.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: readonly string[]
  readonly notes: readonly string[]
}

/** Runs one command line in this process; nobody's real profile is touched. `typed`: by a person at a terminal; absent: there is none. */
export async function run(args: readonly string[], env: Record<string, string> = {}, typed?: string): Promise<Ran> {
  const isAtTerminal = typed !== undefined
  const [out, errors] = [createSink(), createSink(isAtTerminal ? 80 : undefined)]
  const input = (): Input => Object.assign(Readable.from([typed ?? '']), { isTTY: isAtTerminal })
  const whole = { GAVELRING_PROFILE: '/nonexistent/gavelring', ...env }
  const exitCode = await main(args, whole, createTerminal(whole, out, errors, input))
  return { exitCode, out: linesOf(out.text), notes: linesOf(errors.text) }
}

/** A stream of a process that keeps what is written to it; with `columns` it is a terminal's. */
export function createSink(columns?: number): Stream & { readonly text: string } {
  let text = ''
  const sink = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const terminal = columns === undefined ? {} : { isTTY: true, columns }
  return Object.defineProperty(Object.assign(sink, terminal), 'text', { get: () => text }) as Stream & { readonly text: string }
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))
