import { expect, test } from 'vitest'
import { gavelring, peerArgs, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

test('how much a running peer logs is changed by a command, at once, and shown', async () => {
  const profile = temporaryFolder()
  const peer = gavelring(peerArgs(profile, '--log-format', 'json', '--log-level', 'warn'))
  const call = (...args: readonly string[]) => run(['log-level', ...args, '--profile', profile])
  await expect.poll(async () => (await call()).out, { timeout: 60_000 }).toEqual(['Its log has warn and above.'])
  expect(await call('debug', '--json')).toMatchObject({ exitCode: 0, out: ['{"level":"debug"}'] })
  expect(JSON.parse(await peer.said(/"event":"log-level-set"/))).toMatchObject({ level: 'info', to: 'debug' })
  // Its pane follows, and so does the peer itself.
  expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
  for (const event of ['account-changed', 'ring-step']) await peer.said(new RegExp(`"event":"${event}"`))
  expect(await call('error')).toMatchObject({ exitCode: 0, out: ['From here on its log has error and above.'] })
  expect(await call()).toMatchObject({ out: ['Its log has error and above.'] })
  peer.child.kill('SIGTERM')
  const { exitCode, errors } = await peer.finished
  const lines = errors
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const events = lines.map(({ event }) => event)
  expect(exitCode).toBe(0)
  // Before the first change and behind the last one there is nothing.
  expect([events[0], events.at(-1)]).toEqual(['log-level-set', 'log-level-set'])
  expect(events.filter((event) => event === 'log-level-set')).toHaveLength(2)
})

test('a level that there is not is refused, and so is one where no peer answers', async () => {
  const unknown = await run(['log-level', 'all'])
  expect([unknown.exitCode, unknown.notes[0]]).toEqual([2, 'LEVEL: one of error, warn, info, debug is expected.'])
  expect((await run(['log-level', 'debug'])).exitCode).toBe(3)
})
