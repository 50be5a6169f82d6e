import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ApiAddress, readApiAddress } from '../src/api/api-files.ts'
import { openInBrowser, pageAddress, removePage } from '../src/app/browser.ts'
import { readArguments } from '../src/desktop/arguments.ts'
import { electronBinary, whyNoWindow } from './electron-binary.ts'
import { root, runNode } from './processes.ts'

// `npm start`: the app in its window; where that cannot be, the same interface in the browser, from a headless peer.

const args = process.argv.slice(2)
const noDisplay = whyNoWindow(process.platform, process.env)
const program = noDisplay === undefined ? (electronBinary() ?? (await fetchElectron())) : undefined
if (program === undefined) {
  say(`${noDisplay ?? 'Electron is not installed and could not be fetched (npx install-electron)'}: the browser shows the same.`)
  if (!existsSync(join(root, 'dist', 'renderer', 'index.html'))) await buildAll()
  await runHeadless()
} else {
  await buildAll()
  process.exitCode = await ended(spawn(program, [join(root, 'dist', 'desktop', 'main.js'), ...args], { stdio: 'inherit' }))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function fetchElectron(): Promise<string | undefined> {
  await runNode([join(root, 'node_modules', 'electron', 'install.js')], root).catch(() => {})
  return electronBinary()
}

/** By the npm that runs this. Without one what is there is shown as it is. */
async function buildAll(): Promise<void> {
  const npm = process.env.npm_execpath
  if (npm === undefined) return
  await runNode([npm, 'run', 'build'], root).catch((error: unknown) => {
    say(`The build failed. ${error instanceof Error ? error.message : String(error)}`)
    process.exit(1)
  })
}

async function runHeadless(): Promise<void> {
  const { profile, flags } = readArguments(args, process.env)
  const words = flags.last === true && !args.includes('--last') ? [...args, '--last'] : args
  const peer = spawn(process.execPath, [join(root, 'src', 'cli', 'gavelring.mjs'), 'peer', ...words], { stdio: 'inherit' })
  // Ctrl-C reaches both: the peer leaves the ring first.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => signal === 'SIGTERM' && peer.kill(signal))
  let isOver = false
  const over = ended(peer).finally(() => {
    isOver = true
  })
  for (;;) {
    const api = addressIn(profile)
    if (isOver || api?.pid === peer.pid) {
      if (api !== undefined && !isOver) show(api, profile)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  process.exitCode = await over
  removePage(profile)
}

/** A folder that others can read is closed to them by the peer, as it starts: until then nothing in it is trusted. */
function addressIn(profile: string): ReturnType<typeof readApiAddress> {
  try {
    return readApiAddress(profile)
  } catch {
    return undefined
  }
}

/** Says where the interface is, and opens it where there is a display. */
function show(api: ApiAddress, profile: string): void {
  const address = pageAddress(api)
  process.stdout.write(`Gavelring is at ${address}\n`)
  if (noDisplay !== undefined) return
  openInBrowser(address, profile, process.env).catch((error: unknown) => say(String(error)))
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
