import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { extractAll, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { compile } from './compile.ts'
import { root, runNode } from './processes.ts'
import { writeStubRuntime } from './stub-runtime.ts'

/** What came of packing the app against a stub of Electron, and of running what was packed. */
export interface DistReport {
  /** Of the archive: each file with its path, as `dist/desktop/main.js`. */
  readonly files: readonly string[]
  /** Beside the archive, since it is native. */
  readonly unpacked: readonly string[]
  readonly manifest: Readonly<Record<string, unknown>>
  /** Those that are on. */
  readonly fuses: readonly string[]
  /** What `gavelring --version` says out of the archive. */
  readonly version: string
  /** Of a peer that was started out of the archive: its room, the page at its address, and how it ended. */
  readonly peer: { readonly room: string; readonly page: number; readonly exitCode: number | null }
}

/** Packs, lists, extracts and runs, all of it in `folder`, which is new and is left behind. Linux; needs no network. */
export async function checkDist(folder: string): Promise<DistReport> {
  const config = join(folder, 'electron-builder.yml')
  const output = join(folder, 'release')
  const runtime = join(folder, 'runtime')
  const compiled = await compile(join(folder, 'dist'))
  const settings = readFileSync(join(root, 'electron-builder.yml'), 'utf8').replace(
    'from: dist\n',
    `from: ${JSON.stringify(compiled)}\n`,
  )
  writeFileSync(config, settings)
  writeStubRuntime(runtime, versionOf('electron'))
  const builder = join(root, 'node_modules', 'electron-builder', 'cli.js')
  const own = [`-c.electronDist=${runtime}`, `-c.directories.output=${output}`]
  await runNode([builder, '--config', config, '--linux', 'dir', '--x64', '--publish', 'never', ...own], root)

  const resources = join(output, 'linux-unpacked', 'resources')
  const archive = join(resources, 'app.asar')
  const app = join(folder, 'app')
  extractAll(archive, app)
  const listed = listPackage(archive, { isPack: false }).map((path) => path.slice(1).replaceAll('\\', '/'))
  const program = join(app, 'dist', 'cli', 'gavelring.mjs')
  return {
    files: listed,
    unpacked: listed.filter((path) => existsSync(join(resources, 'app.asar.unpacked', path))),
    manifest: JSON.parse(readFileSync(join(app, 'package.json'), 'utf8')) as Record<string, unknown>,
    fuses: await fusesOn(join(output, 'linux-unpacked', 'gavelring-app')),
    version: (await runNode([program, '--version'], folder)).out.trim(),
    peer: await runPeer(program, join(folder, 'profile')),
  }
}

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }
  return version
}

async function fusesOn(program: string): Promise<string[]> {
  const wire = await getCurrentFuseWire(program)
  const names = Object.entries(FuseV1Options).filter(([, place]) => typeof place === 'number')
  return names.filter(([, place]) => wire[place as FuseV1Options] === FuseState.ENABLE).map(([name]) => name)
}

/** On loopback only, alone, until it has answered once. */
async function runPeer(program: string, profile: string): Promise<DistReport['peer']> {
  const where = ['--no-mdns', '--listen', '127.0.0.1:0', '--http', '127.0.0.1:0', '--profile', profile]
  const child = spawn(process.execPath, [program, 'peer', '--create', '--room', 'check', ...where, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  try {
    const first = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      void ended.then((exitCode) => reject(new Error(`the packed peer ended with ${exitCode} before it said anything`)))
    })
    const { room, api } = JSON.parse(first) as { room: { name: string }; api: string }
    const { status } = await fetch(`${api}/`)
    child.kill('SIGTERM')
    return { room: room.name, page: status, exitCode: await ended }
  } finally {
    child.kill('SIGKILL')
  }
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-dist-'))
  try {
    const { files, unpacked, fuses, version, peer } = await checkDist(folder)
    const counts = new Map<string, number>()
    for (const path of files) {
      const top = path
        .split('/')
        .slice(0, path.startsWith('node_modules/@') ? 3 : 2)
        .join('/')
      counts.set(top, (counts.get(top) ?? 0) + 1)
    }
    const lines = [...counts].map(([top, count]) => `${String(count).padStart(6)}  ${top}`)
    lines.push(
      '',
      `${files.length} entries in the archive, ${unpacked.length} beside it`,
      `fuses that are on: ${fuses.join(', ')}`,
    )
    lines.push(`gavelring --version says ${version}`)
    lines.push(
      `a peer out of the archive founded the room “${peer.room}”, served its page with ${peer.page}, and left with ${peer.exitCode}`,
    )
    process.stdout.write(`${lines.join('\n')}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
