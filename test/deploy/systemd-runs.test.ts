import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { root } from './manifests.ts'

/**
 * The unit, run by systemd itself: three peers as docs/service.md has them, killed, restarted, told to leave, and with an option that
 * cannot be read. Everything happens in namespaces of the test's own, with a network that leads nowhere.
 */

const systemd = '/lib/systemd/systemd'
/** What of the control groups systemd keeps its own account in; both on machines that have the old kind beside the new one. */
const groups = ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'].filter((path) => existsSync(path))
const isHybrid = groups.length === 2
const groupRoots = isHybrid ? groups : ['/sys/fs/cgroup']

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'root on Linux'
  if (!existsSync(systemd)) return systemd
  try {
    execFileSync('unshare', ['-C', '-p', '-m', '-n', '-u', '-i', '-f', '--mount-proc', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'])
  } catch {
    return 'namespaces in which something can be mounted'
  }
  try {
    for (const path of groupRoots) rmdirSync(mkdtempSync(join(path, 'gavelring-test-')))
  } catch {
    return 'control groups of its own'
  }
  return undefined
}

const lack = missing()

test.skipIf(lack !== undefined)(
  `the unit keeps three peers in a room, under systemd itself${lack === undefined ? '' : ` (missing: ${lack})`}`,
  async () => {
    const { control, asPeer, etc } = await boot()
    const facts = async (name: string): Promise<Record<string, string>> => {
      const wanted = ['SubState', 'Result', 'NRestarts', 'ExecMainStatus', 'MainPID']
      const out = await control('show', `gavelring@${name}`, ...wanted.flatMap((one) => ['-p', one]))
      return Object.fromEntries(
        out
          .trim()
          .split('\n')
          .map((line) => line.split('=') as [string, string]),
      )
    }
    const membersOf = async (name: string): Promise<number> => {
      const out = await asPeer('status', '--json', '--profile', `/var/lib/gavelring/${name}`).catch(() => '{"members":[]}')
      return (JSON.parse(out) as { members: unknown[] }).members.length
    }
    const untilMembers = (name: string, count: number) => expect.poll(() => membersOf(name), patiently).toBe(count)

    for (const name of ['a', 'b', 'c']) await untilMembers(name, 3)

    // One that was killed is started again, and is a member as before.
    const { MainPID: before } = await facts('b')
    await control('kill', '-s', 'KILL', 'gavelring@b')
    await expect.poll(async () => (await facts('b')).NRestarts, patiently).toBe('1')
    await untilMembers('b', 3)
    expect((await facts('b')).MainPID).not.toBe(before)

    // It stops by the signal, in good order, and not because its time was up.
    await control('stop', 'gavelring@a')
    expect(await facts('a')).toMatchObject({ SubState: 'dead', Result: 'success', ExecMainStatus: '0' })
    await control('start', 'gavelring@a')
    await untilMembers('a', 3)

    // One that was told to leave stays away.
    await asPeer('leave', '--profile', '/var/lib/gavelring/c')
    await expect.poll(async () => (await facts('c')).SubState, patiently).toBe('dead')
    expect(await facts('c')).toMatchObject({ Result: 'success', NRestarts: '0' })
    await untilMembers('a', 2)

    // An option that cannot be read is not tried again.
    writeFileSync(join(etc, 'gavelring', 'c.env'), 'GAVELRING_LISTEN=nowhere\n')
    await control('start', 'gavelring@c')
    await expect.poll(async () => (await facts('c')).SubState, patiently).toBe('failed')
    expect(await facts('c')).toMatchObject({ Result: 'exit-code', ExecMainStatus: '2', NRestarts: '0' })
  },
  400_000,
)

const patiently = { timeout: 120_000, interval: 500 }

async function boot() {
  const work = mkdtempSync(join(tmpdir(), 'gavelring-systemd-'))
  const own = groupRoots.map((path) => join(path, `gavelring-test-${process.pid}`))
  for (const group of own) mkdirSync(group)
  const script = fileURLToPath(new URL('./systemd.sh', import.meta.url))
  const enter = own.map((group) => `echo $$ >${group}/cgroup.procs`).join('; ')
  const first = spawn(
    'sh',
    ['-c', `${enter}; exec unshare -C -p -m -n -u -i -f --mount-proc sh "$@"`, 'sh', script, root, process.execPath, work],
    { env: { ...process.env, HYBRID: isHybrid ? '1' : '' }, stdio: 'ignore' },
  )
  const gone = once(first, 'exit')
  onTestFinished(async () => {
    // The first process of the namespaces takes all others with it.
    for (const pid of childrenOf(first.pid)) process.kill(Number(pid), 'SIGKILL')
    await gone
    for (const group of own) await expect.poll(() => removeGroup(group), { timeout: 10_000 }).toBe(true)
    rmSync(work, { recursive: true, force: true })
  })
  const inside = async (...command: readonly string[]): Promise<string> => {
    const [pid] = childrenOf(first.pid)
    if (pid === undefined) throw new Error('systemd is gone')
    const { stdout } = await promisify(execFile)('nsenter', ['-t', pid, '-p', '-m', '-n', '-u', '-i', '-C', ...command])
    return stdout
  }
  const control = (...args: readonly string[]) => inside('systemctl', ...args)
  const asPeer = (...args: readonly string[]) =>
    inside('setpriv', '--reuid=64999', '--regid=64999', '--clear-groups', 'env', 'HOME=/', 'gavelring', ...args)
  await expect.poll(() => control('is-active', 'test.target').catch(() => ''), patiently).toBe('active\n')
  return { control, asPeer, etc: join(work, 'etc') }
}

const childrenOf = (pid: number | undefined): readonly string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '')

/** With those below it; `false` while somebody is still in one of them. */
function removeGroup(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeGroup(join(path, entry.name))) return false
    }
    rmdirSync(path)
    return true
  } catch {
    return false
  }
}
