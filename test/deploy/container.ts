import { chmodSync, chownSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Host, Process } from '../namespaces/lan.ts'
import type { Image } from './dockerfile.ts'
import { root } from './manifests.ts'

/** What a container is given beside its image. */
export interface Given {
  readonly env: Readonly<Record<string, string>>
  /** A folder of this machine that stands where the image has its volume. */
  readonly volume: string
  /** A file of this machine, and where it is seen. */
  readonly secret: { readonly file: string; readonly path: string }
}

/**
 * Runs what a container engine would, on a host of its own: the image's words in its environment, as its user without any rights,
 * over a root file system that cannot be written, with the program in its place. Only what the image has been built of is this
 * repository's source as it is. The process is the program itself: a signal to it is one to process 1 of a container.
 */
export function contain(host: Host, image: Image, { env, volume, secret }: Given, words: readonly string[]): Process {
  const [user = '', group = ''] = image.user.split(':')
  const node = '/opt/node'
  const given: readonly (readonly [string, string])[] = [
    [`${root}src`, '/opt/gavelring/dist'],
    [`${root}node_modules`, '/opt/gavelring/node_modules'],
    [`${root}deploy`, '/opt/gavelring/deploy'],
    [dirname(process.execPath), node],
  ]
  const stage = join(dirname(volume), 'stage')
  mkdirSync(stage, { recursive: true })
  // All of it is brought to one place first: wherever it lies, it may be covered next.
  const brought = [...given.map(([from]) => from), volume, dirname(secret.file)]
  const put = (from: string, to: string): string => `mkdir -p ${to}\nmount --move '${stage}/${brought.indexOf(from)}' ${to}`
  const mounts = [
    `mount -t tmpfs tmpfs '${stage}'`,
    `cp '${root}package.json' '${stage}/'`,
    ...brought.map((from, at) => `mkdir '${stage}/${at}'\nmount --bind '${from}' '${stage}/${at}'`),
    'mount -t tmpfs tmpfs /opt',
    ...given.map(([from, to]) => `${put(from, to)}\nmount -o remount,bind,ro ${to}`),
    `cp '${stage}/package.json' /opt/gavelring/`,
    'mount -t tmpfs tmpfs /var/lib',
    put(volume, image.volumes[0] ?? ''),
    'mount -t tmpfs tmpfs /run',
    put(dirname(secret.file), dirname(secret.path)),
    'mount -t tmpfs -o mode=1777 tmpfs /tmp',
    'for at in / /opt /var/lib /run; do mount -o remount,bind,ro $at; done',
  ]
  const variables = Object.entries({ PATH: `${node}:/usr/bin:/bin`, ...image.env, ...env })
  return host.run(
    ...(['unshare', '--mount', 'sh', '-e', '-c', `${mounts.join('\n')}\ncd /\nexec "$@"`, 'sh'] as const),
    ...['setpriv', '--reuid', user, '--regid', group, '--clear-groups'],
    ...['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'],
    ...['env', '-i', ...variables.map(([name, value]) => `${name}=${value}`), ...words],
  )
}

/** As a volume is handed to a container: Docker's is a copy of the image's own folder, that of a claim is root's, with rights for a group. */
export function makeVolume(folder: string, kind: 'copied' | 'claimed', image: Image): string {
  const path = join(folder, 'volume')
  if (existsSync(path)) return path
  const [user, group] = image.user.split(':').map(Number)
  mkdirSync(path)
  chownSync(path, kind === 'copied' ? (user ?? 0) : 0, group ?? 0)
  chmodSync(path, kind === 'copied' ? 0o700 : 0o2775)
  return path
}
