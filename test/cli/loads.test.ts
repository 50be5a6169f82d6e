import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { until } from '../support/wait.ts'
import { gavelring, launcher, peerArgs, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** Beside a process: at its end it says what it has loaded, of files and of Node itself, a line for each. */
function hooksFile(): string {
  const hooks = join(temporaryFolder(), 'hooks.mjs')
  writeFileSync(
    hooks,
    `import { registerHooks } from 'node:module'
     import { writeSync } from 'node:fs'
     const seen = new Set()
     registerHooks({ resolve: (specifier, context, next) => { const found = next(specifier, context); seen.add(found.url); return found } })
     process.on('exit', () => writeSync(2, ['', ...seen, ...process.moduleLoadList].join('\\n') + '\\n'))`,
  )
  return hooks
}

/** What a command line loads, as addresses of modules. */
function modulesOf(line: string): readonly string[] {
  const hooks = hooksFile()
  const env = { ...process.env, GAVELRING_PROFILE: '/nonexistent/gavelring' }
  const { stderr } = spawnSync(process.execPath, ['--import', hooks, launcher, ...line.split(' ')], { encoding: 'utf8', env })
  const modules = stderr.split('\n')
  expect(modules).toContainEqual(expect.stringMatching(/src\/cli\/main\.ts$/))
  return modules
}

/** Each takes longer than all of a help text may. */
const heavy = /node_modules\/(zod|@orpc|libp2p|@libp2p|@chainsafe|classic-level|ws)\//

for (const line of [
  '--help',
  '--version',
  'help account',
  'account open --help',
  'peer --help',
  'completion bash',
  'statsu',
  'status',
]) {
  test(`\`gavelring ${line}\` loads no network, no database and no schemas`, () => {
    expect(modulesOf(line).filter((module) => heavy.test(module))).toEqual([])
  })
}

test('a command is loaded only when it is asked for', () => {
  const modules = modulesOf('status')
  expect(modules).toContainEqual(expect.stringMatching(/src\/cli\/status\.ts$/))
  expect(
    modules.filter((module) => /src\/cli\/(auction|account|bank|log|verify|peer|doctor|demo\/demo)\.ts$/.test(module)),
  ).toEqual([])
})

/** What a peer of its own has loaded that came into its room, and was told to leave. */
async function modulesOfPeer(env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const profile = temporaryFolder()
  const peer = gavelring(peerArgs(profile), { ...env, NODE_OPTIONS: `--import ${pathToFileURL(hooksFile())}` })
  await peer.said(/^Listening at/)
  peer.child.kill('SIGINT')
  const { errors } = await peer.finished
  const modules = errors.split('\n')
  expect(modules).toContainEqual(expect.stringMatching(/src\/io\/transport\/node\.ts$/))
  return modules
}

/** Each takes megabytes, for as long as the peer runs. */
const onDemand: Readonly<Record<string, RegExp>> = {
  'plain requests and their description': /src\/api\/rest\.ts|@orpc\/(openapi|zod|json-schema)\//,
  'the doctor': /src\/app\/(check|doctor|diagnosis)\.ts|src\/cli\/doctor\.ts/,
  'thin clients': /src\/gateway\/server\.ts/,
  'other commands': /src\/cli\/(auction|account|bank|log|verify|demo\/demo)\.ts/,
  'Node’s own client for the web': /internal\/deps\/undici/,
}

test('a running peer has loaded nothing that nobody has asked it for', async () => {
  const modules = await modulesOfPeer()
  for (const [what, pattern] of Object.entries(onDemand)) {
    expect(
      modules.filter((module) => pattern.test(module)),
      what,
    ).toEqual([])
  }
})

test('a peer that was killed after its start has kept it compiled: the next one has no types to strip', async () => {
  const cache = temporaryFolder()
  const env = { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, HOME: cache }
  const profile = temporaryFolder()
  const first = gavelring(peerArgs(profile), env)
  await first.said(/^Listening at/)
  await until('it begins to be kept', () => readdirSync(cache, { recursive: true }).length > 10)
  // It answers when it is done with that.
  await run(['status', '--profile', profile])
  first.child.kill('SIGKILL')
  await first.finished
  const modules = await modulesOfPeer(env)
  expect(modules.filter((module) => module.includes('internal/deps/amaro'))).toEqual([])
})
