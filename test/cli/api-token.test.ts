import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { beRude, upgradeHead } from '../api/hostile-client.ts'
import { gavelring, type Running, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** A peer alone in its room, with an API. */
async function startPeer(profile: string, ...more: readonly string[]): Promise<Running> {
  const peer = gavelring(['peer', '--create', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--profile', profile, ...more])
  await peer.said(/^API at|"event":"peer-started"/)
  return peer
}

const addressOf = (profile: string): { url: string; token: string; pid: number } =>
  JSON.parse(readFileSync(join(profile, 'api.json'), 'utf8'))
const portOf = (profile: string): number => Number(new URL(addressOf(profile).url).port)
const statusOf = (profile: string) => run(['status', '--profile', profile])

test('each start has a token of its own, the old one opens nothing, and both files go with the peer', async () => {
  const profile = temporaryFolder()
  const tokens: string[] = []
  for (let start = 0; start < 2; start++) {
    const peer = await startPeer(profile)
    const { url, token } = addressOf(profile)
    tokens.push(token)
    expect(readFileSync(join(profile, 'api-token'), 'utf8')).toBe(`${token}\n`)
    const answers = await Promise.all(
      tokens.map((one) => fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${one}` } })),
    )
    expect(answers.map(({ status }) => status)).toEqual([...tokens.slice(1).map(() => 401), 200])
    peer.child.kill('SIGTERM')
    await peer.finished
    expect(['api.json', 'api-token'].filter((name) => existsSync(join(profile, name)))).toEqual([])
  }
  expect(new Set(tokens).size).toBe(2)
})

test('a peer that was killed is said to be dead, and a program on its port is told no token', async () => {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  const { token, pid } = addressOf(profile)
  const port = portOf(profile)
  peer.child.kill('SIGKILL')
  await peer.finished
  const dead = await statusOf(profile)
  expect([dead.exitCode, dead.notes.join('\n')]).toEqual([
    3,
    expect.stringContaining(`The peer of this folder (process ${pid}) ended without a word`),
  ])

  let heard = ''
  const impostor = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      heard += String(chunk)
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void impostor.close())
  const fooled = await statusOf(profile)
  expect([fooled.exitCode, fooled.notes.join('\n')]).toEqual([
    3,
    expect.stringMatching(/another program is at .*not told the token/),
  ])
  expect(heard).toMatch(/^GET \/proof\?nonce=/)
  expect(heard).not.toContain(token)
})

test('a bad token and a reset, again and again, and the peer goes on', async () => {
  const profile = temporaryFolder()
  await startPeer(profile)
  for (let i = 0; i < 50; i++) {
    const { socket } = await beRude(portOf(profile), upgradeHead(portOf(profile), { authorization: 'Bearer guess' }))
    socket.resetAndDestroy()
  }
  expect(await statusOf(profile)).toMatchObject({ exitCode: 0 })
})

describe.skipIf(process.platform === 'win32')('permissions', () => {
  test('a folder or an address that others can read is not used, and the way out is said', async () => {
    const profile = temporaryFolder()
    await startPeer(profile)
    expect(statSync(profile).mode & 0o777).toBe(0o700)
    for (const [path, wide, usual] of [
      [profile, 0o755, 0o700],
      [join(profile, 'api.json'), 0o644, 0o600],
    ] as const) {
      chmodSync(path, wide)
      const refused = await statusOf(profile)
      const remedy = `chmod ${usual.toString(8)} ${path}`
      expect([refused.exitCode, refused.notes.join('\n')]).toEqual([3, expect.stringContaining(remedy)])
      chmodSync(path, usual)
      expect(await statusOf(profile)).toMatchObject({ exitCode: 0 })
    }
  })

  test('an empty folder that others can enter is closed at the start, and the log says so', async () => {
    const profile = join(temporaryFolder(), 'made-before')
    mkdirSync(profile)
    chmodSync(profile, 0o755)
    const peer = await startPeer(profile, '--log-format', 'json')
    expect(statSync(profile).mode & 0o777).toBe(0o700)
    expect(JSON.parse(await peer.said(/"profile-closed"/))).toMatchObject({
      level: 'warn',
      event: 'profile-closed',
      folder: profile,
    })
    expect(await statusOf(profile)).toMatchObject({ exitCode: 0 })
  })

  test('one with other things in it is refused, and left as it is', async () => {
    const profile = temporaryFolder()
    mkdirSync(join(profile, 'holiday pictures'))
    chmodSync(profile, 0o755)
    const { exitCode, errors } = await gavelring(['peer', '--create', '--no-mdns', '--profile', profile]).finished
    expect([exitCode, errors]).toEqual([3, expect.stringContaining(`chmod 700 ${profile}`)])
    expect(statSync(profile).mode & 0o777).toBe(0o755)
  })
})
