import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { doorLimits } from '../../src/api/limits.ts'
import type { Crowd } from './crowd.ts'
import { startVictim } from './hostile-client.ts'

const processes = 4
const socketsEach = 2_500

/** Each process needs a file for each of its sockets, and so would a server that let them all in. */
function filesMax(): number {
  if (process.platform === 'win32') return Number.POSITIVE_INFINITY
  const told = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return told === 'unlimited' ? Number.POSITIVE_INFINITY : Number(told)
}

test.skipIf(filesMax() < socketsEach + 200)(
  'ten thousand connections that come at the same moment and stay: honest clients are served, and all is given back',
  async () => {
    const victim = await startVictim()
    const before = await victim.ask({ kind: 'facts' })
    const script = fileURLToPath(new URL('./crowd.ts', import.meta.url))
    const crowds = Array.from({ length: processes }, (): ChildProcess => {
      const child = fork(script, [String(victim.port), String(socketsEach)])
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    })
    const told = Promise.all(crowds.map(async (child) => (await once(child, 'message'))[0] as Crowd))
    let isOver = false
    void told.then(() => {
      isOver = true
    })
    let served = 0
    while (!isOver) {
      await victim.serves()
      served++
    }
    const counts = await told
    expect(served).toBeGreaterThan(0)
    const sum = (pick: (crowd: Crowd) => number): number => counts.reduce((all, crowd) => all + pick(crowd), 0)
    expect(counts.map(({ failed }) => failed)).toEqual(crowds.map(() => ({})))
    expect(sum(({ came }) => came)).toBe(processes * socketsEach)
    const during = await victim.ask({ kind: 'facts' })
    expect(during.files - before.files).toBeLessThanOrEqual(doorLimits.strangersMax + 8)
    await victim.serves()
    for (const child of crowds) child.send('end')
    await victim.recovers()
  },
)

test('a server that is asked often leaves no listener behind each time', async () => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): number => warnings.push(message)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const victim = await startVictim()
  for (let asked = 0; asked < 20; asked++) await victim.ask({ kind: 'facts' })
  expect(warnings).toEqual([])
})
