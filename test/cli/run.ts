import { main } from '../../src/cli/main.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: readonly string[]
  readonly notes: readonly string[]
}

/** Runs one command line in this process; nobody's real profile is touched. */
export async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const out: string[] = []
  const notes: string[] = []
  const terminal: Terminal = {
    line: (text) => out.push(text),
    note: (text) => notes.push(text),
    progress: () => {},
    colours: false,
    isClosed: false,
  }
  const exitCode = await main(args, { GAVELRING_PROFILE: '/nonexistent/gavelring', ...env }, terminal)
  return { exitCode, out, notes }
}
