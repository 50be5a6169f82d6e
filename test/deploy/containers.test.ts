import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, type TestContext, test } from 'vitest'
import { lanFor } from '../namespaces/hosts.ts'
import type { Host, Process } from '../namespaces/lan.ts'
import { contain, makeVolume } from './container.ts'
import { readImage } from './dockerfile.ts'
import { readCompose, readDeployed, readKubernetes } from './manifests.ts'

/** No container engine is at hand: what one would do with the manifests is done with hosts of this machine's own. */
const image = readImage(readDeployed('Dockerfile'))

/** One container as its manifest has it. */
interface Planned {
  /** What the others call it. */
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly secretPath: string
}

interface Plan {
  readonly containers: readonly Planned[]
  readonly ready: readonly string[]
  readonly alive: readonly string[]
  readonly graceMillis: number
  readonly volumes: 'copied' | 'claimed'
  /** Whether one comes back with another address. */
  readonly moves: boolean
}

function planOfCompose(): Plan {
  const { services } = readCompose()
  const [first] = Object.values(services)
  return {
    containers: Object.entries(services).map(([name, { environment, secrets }]) => ({
      name,
      env: environment,
      secretPath: `/run/secrets/${secrets[0]}`,
    })),
    ready: first?.healthcheck.test.slice(1) ?? [],
    alive: image.health,
    graceMillis: 1_000 * Number.parseInt(first?.stop_grace_period ?? '', 10),
    volumes: 'copied',
    moves: false,
  }
}

function planOfKubernetes(): Plan {
  const { statefulSet, configMap, service } = readKubernetes()
  const { replicas, template } = statefulSet.spec
  const [container] = template.spec.containers
  const pods = Array.from({ length: replicas }, (_, i) => `${statefulSet.metadata.name}-${i}`)
  return {
    containers: pods.map((pod) => {
      const own = container.env.map(({ name, value }) => [name, value ?? pod] as const)
      const env = { ...configMap.data, ...Object.fromEntries(own) }
      return { name: `${pod}.${service.metadata.name}`, env, secretPath: env.GAVELRING_CODE_FILE ?? '' }
    }),
    ready: container.readinessProbe.exec.command,
    alive: container.livenessProbe.exec.command,
    graceMillis: 1_000 * template.spec.terminationGracePeriodSeconds,
    volumes: 'claimed',
    moves: true,
  }
}

interface Container extends Planned {
  readonly host: Host
  readonly volume: string
  readonly secret: string
  process: Process
}

const gavelring = image.entrypoint
/** Five peers and as many commands share two cores: it only catches a hang. */
const deadlineMillis = 400_000

/** All that a plan has, started at once, as both orchestrators do; or the first of it. */
function startAll(context: TestContext, plan: Plan, count = plan.containers.length) {
  const lan = lanFor(context)
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-containers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  // Somebody else than root looks for a volume in it.
  chmodSync(folder, 0o711)
  const net = lan.addSwitch()
  const addresses = Object.fromEntries(plan.containers.map(({ name }, i) => [name, `10.77.0.${i + 1}`]))

  const run = ({ host, env, volume, secret, secretPath }: Omit<Container, 'process'>, words: readonly string[]): Process =>
    contain(host, image, { env, volume, secret: { file: secret, path: secretPath } }, words)
  const start = (one: Omit<Container, 'process'>): Process => run(one, [...gavelring, ...image.command])
  const containers = plan.containers.slice(0, count).map((planned, i): Container => {
    const host = lan.host(String(i))
    host.withoutIp6()
    host.plug('eth0', net, `${addresses[planned.name]}/24`)
    host.names(addresses)
    const own = join(folder, planned.name)
    mkdirSync(own, { mode: 0o711 })
    const one = { ...planned, host, volume: makeVolume(own, plan.volumes, image), secret: secretIn(own, planned.secretPath) }
    return { ...one, process: start(one) }
  })

  const asks = async (one: Container, words: readonly string[]): Promise<boolean> => (await run(one, words).ended) === 0
  const statusOf = async (one: Container): Promise<Status> => {
    const asked = run(one, [...gavelring, 'status', '--json'])
    await asked.ended
    return JSON.parse(asked.lines.find((line) => line.startsWith('{')) ?? '{}')
  }
  return {
    containers,
    start,
    asks,
    /** One command line there; it must be done, not refused. */
    async call(one: Container, ...words: readonly string[]): Promise<void> {
      const asked = run(one, [...gavelring, ...words])
      expect([await asked.ended, ...asked.lines]).toEqual([0, expect.any(String)])
    },
    async untilReady(one: Container): Promise<void> {
      const deadline = performance.now() + 180_000
      while (!(await asks(one, plan.ready))) {
        const isLate = performance.now() > deadline || one.process.child.exitCode !== null
        if (isLate) throw new Error(`${one.name} is not ready:\n${one.process.lines.join('\n')}`)
      }
    },
    /** Until these and nobody else, as many as that, are the members for each of them. */
    async untilMembers(some: readonly Container[], members: number): Promise<readonly Status[]> {
      const deadline = performance.now() + 180_000
      for (;;) {
        const all = await Promise.all(some.map(statusOf))
        if (all.every((one) => one.quorum === true && one.members?.length === members)) return all
        if (performance.now() > deadline) throw new Error(`not ${members} members: ${JSON.stringify(all)}`)
      }
    },
    /** As a pod that is put onto another node; the names follow. */
    move(one: Container, address: string): void {
      one.host.ip(`addr del ${addresses[one.name]}/24 dev eth0`)
      one.host.ip(`addr add ${address}/24 dev eth0`)
      addresses[one.name] = address
      for (const { host } of containers) host.names(addresses)
    },
  }
}

const roomsOf = (all: readonly Status[]): readonly unknown[] => [...new Set(all.map(({ room }) => room?.id))]

for (const [file, plan] of [
  ['compose.yml', planOfCompose()],
  ['the StatefulSet', planOfKubernetes()],
] as const) {
  test(
    `five containers of ${file} meet; one that is stopped leaves the ring in time, and comes back`,
    async (context) => {
      const { containers, start, asks, untilReady, untilMembers, move } = startAll(context, plan)
      for (const one of containers) await untilReady(one)
      const before = await untilMembers(containers, 5)
      expect(roomsOf(before)).toHaveLength(1)
      expect(before[0]?.room).toMatchObject({ name: 'auctions', hasCode: true })
      expect(before.map(({ name }) => name)).toEqual(containers.map(({ env }) => env.GAVELRING_NAME))

      const stopped = containers[3] as Container
      expect(await asks(stopped, plan.alive)).toBe(true)
      // What an orchestrator does: it asks, and kills what is not gone in time.
      stopped.process.child.kill('SIGTERM')
      const late = setTimeout(() => stopped.process.child.kill('SIGKILL'), plan.graceMillis)
      expect(await stopped.process.ended).toBe(0)
      clearTimeout(late)
      expect(await asks(stopped, plan.alive)).toBe(false)
      const others = containers.filter((one) => one !== stopped)
      for (const { members } of await untilMembers(others, 4)) expect(members).not.toContain(before[3]?.self)

      if (plan.moves) move(stopped, '10.77.0.44')
      stopped.process = start(stopped)
      await untilReady(stopped)
      const after = await untilMembers(containers, 5)
      expect(after.map(({ self, room }) => [self, room?.id])).toEqual(before.map(({ self, room }) => [self, room?.id]))

      // Each line is JSON, and the code is in none.
      for (const { process } of containers) {
        for (const line of process.lines) expect(JSON.parse(line)).toHaveProperty('event')
        expect(process.lines.join()).not.toContain(code)
      }
    },
    deadlineMillis,
  )
}

test(
  'a founder whose volume was lost comes into the room that is there, and founds no second one',
  async (context) => {
    const { containers, start, call, untilReady, untilMembers } = startAll(context, planOfCompose(), 3)
    for (const one of containers) await untilReady(one)
    const before = await untilMembers(containers, 3)
    // A room in which nothing was ever done would give way to any other.
    await call(containers[1] as Container, 'account', 'open', 'bob')
    const founder = containers[0] as Container
    expect(founder.env.GAVELRING_FOUNDER).toBe(founder.env.GAVELRING_NAME)
    founder.process.child.kill('SIGKILL')
    await founder.process.ended
    rmSync(join(founder.volume, 'peer'), { recursive: true })
    founder.process = start(founder)
    await untilReady(founder)
    // Somebody else now, in the same room; the others may still count who is gone.
    const [after] = await untilMembers([founder], 3)
    expect(roomsOf([...before, after ?? {}])).toHaveLength(1)
    expect(after?.self).not.toBe(before[0]?.self)
  },
  deadlineMillis,
)

interface Status {
  readonly self?: string
  readonly name?: string
  readonly members?: readonly string[]
  readonly quorum?: boolean
  readonly room?: { readonly id: string; readonly name: string; readonly hasCode: boolean }
}

const code = 'a code that nobody guesses'

/** A file for this container alone, as it is handed to one: readable for the image's group. */
function secretIn(folder: string, path: string): string {
  const file = join(folder, 'secret', basename(path))
  mkdirSync(join(folder, 'secret'), { mode: 0o755 })
  writeFileSync(file, `${code}\n`)
  chownSync(file, 0, Number(image.user.split(':')[1]))
  chmodSync(file, 0o440)
  return file
}
