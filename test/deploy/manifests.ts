import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const readDeployed = (name: string): string => readFileSync(`${root}deploy/${name}`, 'utf8')

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      environment: z.record(z.string(), z.string()),
      healthcheck: z.object({ test: z.array(z.string()) }),
      volumes: z.array(z.string()),
      secrets: z.array(z.string()),
      tmpfs: z.array(z.string()),
      cap_drop: z.array(z.string()),
      security_opt: z.array(z.string()),
      read_only: z.boolean(),
      stop_grace_period: z.string(),
    }),
  ),
})

/** As it was written, for the schema; anchors and merges are followed. */
export const composeDocument = (): unknown => parse(readDeployed('compose.yml'), { merge: true })
export const readCompose = () => composeFile.parse(composeDocument())

/** Each object of `deploy/kubernetes`, with the file that it stands in. */
export const kubernetesDocuments = (): readonly { readonly file: string; readonly document: unknown }[] =>
  readdirSync(`${root}deploy/kubernetes`).map((file) => ({ file, document: parse(readDeployed(`kubernetes/${file}`)) }))

const probe = z.object({ exec: z.object({ command: z.array(z.string()) }) })
const container = z.object({
  image: z.string(),
  envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
  env: z.array(
    z.object({
      name: z.string(),
      value: z.string().optional(),
      valueFrom: z.object({ fieldRef: z.object({ fieldPath: z.string() }) }).optional(),
    }),
  ),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  securityContext: z.object({
    allowPrivilegeEscalation: z.boolean(),
    readOnlyRootFilesystem: z.boolean(),
    capabilities: z.object({ drop: z.array(z.string()) }),
  }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
})
const statefulSet = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    serviceName: z.string(),
    replicas: z.int(),
    podManagementPolicy: z.string(),
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        terminationGracePeriodSeconds: z.int(),
        enableServiceLinks: z.boolean(),
        securityContext: z.object({
          runAsNonRoot: z.boolean(),
          runAsUser: z.int(),
          fsGroup: z.int(),
          fsGroupChangePolicy: z.string(),
        }),
        affinity: z.object({ podAntiAffinity: z.record(z.string(), z.unknown()) }),
        containers: z.tuple([container]),
        volumes: z.array(z.object({ name: z.string(), secret: z.object({ secretName: z.string() }).optional() })),
      }),
    }),
    volumeClaimTemplates: z.tuple([z.object({ metadata: z.object({ name: z.string() }) })]),
  }),
})

export function readKubernetes() {
  const of = (file: string): unknown => parse(readDeployed(`kubernetes/${file}.yaml`))
  const named = z.object({ metadata: z.object({ name: z.string() }) })
  return {
    statefulSet: statefulSet.parse(of('statefulset')),
    configMap: named.extend({ data: z.record(z.string(), z.string()) }).parse(of('configmap')),
    secret: named.extend({ stringData: z.record(z.string(), z.string()) }).parse(of('secret')),
    service: named
      .extend({
        spec: z.object({
          clusterIP: z.string(),
          publishNotReadyAddresses: z.boolean(),
          selector: z.record(z.string(), z.string()),
          ports: z.array(z.object({ port: z.int(), targetPort: z.string() })),
        }),
      })
      .parse(of('service')),
    budget: named
      .extend({
        spec: z.object({ maxUnavailable: z.int(), selector: z.object({ matchLabels: z.record(z.string(), z.string()) }) }),
      })
      .parse(of('poddisruptionbudget')),
  }
}
