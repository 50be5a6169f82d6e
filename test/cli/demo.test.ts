import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { gavelring } from './processes.ts'

const demoFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('gavelring-demo-'))

test('the demo loses a peer in the middle, ends with the right winner, and every check holds', async () => {
  const { exitCode, out, errors } = await gavelring(['demo', '--peers', '3', '--seconds', '10', '--json']).finished
  expect([exitCode, errors]).toEqual([0, ''])
  const result = JSON.parse(out) as Record<string, unknown>
  expect(result).toMatchObject({
    ok: true,
    peers: 3,
    winner: expect.any(String),
    price: expect.stringMatching(/^\d+\.\d\d EUR$/),
  })
  expect(result.checks).toHaveLength(5)
})

test('Ctrl-C takes the peers and their folders along', async () => {
  const before = new Set(demoFolders())
  const demo = gavelring(['demo', '--peers', '3', '--seconds', '600'])
  await demo.said(/offers a brass lamp/)
  const own = demoFolders().filter((name) => !before.has(name))
  expect(own).not.toEqual([])
  demo.child.kill('SIGINT')
  expect((await demo.finished).exitCode).toBe(130)
  for (const name of own) expect(existsSync(`${tmpdir()}/${name}`)).toBe(false)
})
