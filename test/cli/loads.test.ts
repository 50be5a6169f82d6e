import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launcher, temporaryFolder } from './processes.ts'

/** What a command line loads, as addresses of modules. */
function modulesOf(line: string): readonly string[] {
  const hooks = join(temporaryFolder(), 'hooks.mjs')
  writeFileSync(
    hooks,
    `import { registerHooks } from 'node:module'
     const seen = new Set()
     registerHooks({ resolve: (specifier, context, next) => { const found = next(specifier, context); seen.add(found.url); return found } })
     process.on('exit', () => process.stderr.write([...seen].join('\\n')))`,
  )
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
