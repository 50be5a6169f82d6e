import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readApiAddress } from '../src/api/api-files.ts'
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
  const { profile } = readArguments(args, process.env)
  const peer = spawn(process.execPath, [join(root, 'src', 'cli', 'gavelring.mjs'), 'peer', ...args], { stdio: 'inherit' })
  // Ctrl-C reaches both: the peer leaves the ring first.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => signal === 'SIGTERM' && peer.kill(signal))
  let isOver = false
  const over = ended(peer).finally(() => {
    isOver = true
  })
  const page = join(profile, 'open.html')
  for (;;) {
    const api = addressIn(profile)
    if (isOver || api?.pid === peer.pid) {
      if (api !== undefined && !isOver) show(`${api.url}/#token=${api.token}`, page)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  process.exitCode = await over
  rmSync(page, { force: true })
}

/** A folder that others can read is closed to them by the peer, as it starts: until then nothing in it is trusted. */
function addressIn(profile: string): ReturnType<typeof readApiAddress> {
  try {
    return readApiAddress(profile)
  } catch {
    return undefined
  }
}

/**
 * Opens the interface with the system's opener, where there is a display. The token goes by a file that only its owner can read:
 * everyone on a machine can see what programs are started with.
 */
function show(address: string, page: string): void {
  process.stdout.write(`Gavelring is at ${address}\n`)
  if (noDisplay !== undefined) return
  rmSync(page, { force: true })
  writeFileSync(page, `<!doctype html><meta http-equiv="refresh" content="0; url=${address}">\n`, { mode: 0o600, flag: 'wx' })
  const opener = openers[process.platform] ?? 'xdg-open'
  spawn(opener, [page], { stdio: 'ignore', detached: true }).on('error', () => {})
}

const openers: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'open',
  win32: 'explorer.exe',
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}
