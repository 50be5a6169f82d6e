import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

// Opens the packed app and looks at its real window: `xvfb-run -a node build/smoke.ts release/linux-unpacked/gavelring-app`. Its fuses
// keep Node's inspector out, so it is looked at through Chromium's own debugging port, which Playwright's Electron driver does not use.

/** How long the window may take to show our page and to get its port, in milliseconds: a fresh runner is slow. */
const patienceMillis = 60_000

/**
 * Starts a program of Chromium's kind, waits for a page at this address, and gives what the expression comes to there. Ends the
 * program in good order.
 */
export async function evaluateInWindow(
  program: string,
  args: readonly string[],
  page: string,
  expression: string,
): Promise<unknown> {
  const child = spawn(program, ['--remote-debugging-port=0', ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const cut = setTimeout(() => child.kill('SIGKILL'), patienceMillis)
  try {
    const port = await debuggingPort(child)
    const target = await findPage(port, page, child)
    return await evaluate(target, expression)
  } finally {
    child.kill('SIGTERM')
    await ended
    clearTimeout(cut)
  }
}

function debuggingPort(child: ChildProcess & { readonly stderr: NonNullable<ChildProcess['stderr']> }): Promise<string> {
  const said: string[] = []
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      const [, port] = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line) ?? []
      if (port !== undefined) resolve(port)
    })
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`it ended with ${code} before a window was seen:\n${said.join('\n')}`)))
  })
}

interface Target {
  readonly type: string
  readonly url: string
  readonly webSocketDebuggerUrl: string
}

async function findPage(port: string, page: string, child: ChildProcess): Promise<string> {
  while (child.exitCode === null && child.signalCode === null) {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Target[]
    const found = targets.find(({ type, url }) => type === 'page' && url === page)
    if (found !== undefined) return found.webSocketDebuggerUrl
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`no window showed ${page}`)
}

function evaluate(target: string, expression: string): Promise<unknown> {
  const socket = new WebSocket(target)
  const answer = new Promise<unknown>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the window closed')))
    socket.on('open', () => {
      const params = { expression, awaitPromise: true, returnByValue: true }
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
    })
    socket.on('message', (data) => {
      const { id, result } = JSON.parse(String(data)) as {
        id?: number
        result?: { result: { value?: unknown }; exceptionDetails?: object }
      }
      if (id !== 1 || result === undefined) return
      if (result.exceptionDetails === undefined) resolve(result.result.value)
      else reject(new Error(JSON.stringify(result.exceptionDetails)))
    })
  })
  return answer.finally(() => socket.close())
}

/** Runs in our page: what a page can reach, and whether it is handed a port. */
export const lookAround = `new Promise((resolve) => {
  window.addEventListener('message', ({ source, data, ports }) => {
    if (source !== window || data?.tag !== 'gavelring:port') return
    resolve({
      title: document.title,
      ports: ports.length,
      node: typeof globalThis.require + ' ' + typeof globalThis.process,
      opened: window.open('https://example.org/') === null ? 'nothing' : 'a window',
    })
  })
  window.postMessage('gavelring:want-port', location.origin)
})`

if (import.meta.main) {
  const [program, ...args] = process.argv.slice(2)
  if (program === undefined) throw new Error('Which program? node build/smoke.ts PROGRAM')
  const profile = mkdtempSync(join(tmpdir(), 'gavelring-smoke-'))
  try {
    const where = ['--create', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile, ...args]
    const seen = await evaluateInWindow(program, where, 'app://gavelring/', lookAround)
    process.stdout.write(`${JSON.stringify(seen)}\n`)
    const wanted = { title: 'Gavelring', ports: 1, node: 'undefined undefined', opened: 'nothing' }
    if (JSON.stringify(seen) !== JSON.stringify(wanted))
      throw new Error(`The window is not as it should be: ${JSON.stringify(wanted)}`)
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
