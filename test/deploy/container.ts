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
  const binds: readonly (readonly [string, string])[] = [
    [`${root}src`, '/opt/gavelring/dist'],
    [`${root}node_modules`, '/opt/gavelring/node_modules'],
    [`${root}deploy`, '/opt/gavelring/deploy'],
  ]
  const mounts = [
    // The volume and the secret first: they may lie in what is covered next.
    'mount -t tmpfs tmpfs /mnt',
    'mkdir /mnt/volume /mnt/secret',
    `mount --bind '${volume}' /mnt/volume`,
    `mount --bind '${dirname(secret.file)}' /mnt/secret`,
    'mount -t tmpfs tmpfs /opt',
    ...binds.flatMap(([from, to]) => [`mkdir -p ${to}`, `mount --bind '${from}' ${to}`, `mount -o remount,bind,ro ${to}`]),
    `cp '${root}package.json' /opt/gavelring/`,
    'mount -t tmpfs tmpfs /var/lib',
    `mkdir -p ${image.volumes[0]}`,
    `mount --move /mnt/volume ${image.volumes[0]}`,
    'mount -t tmpfs tmpfs /run',
    `mkdir -p ${dirname(secret.path)}`,
    `mount --move /mnt/secret ${dirname(secret.path)}`,
    'mount -t tmpfs -o mode=1777 tmpfs /tmp',
    'for at in / /opt /var/lib /run /mnt; do mount -o remount,bind,ro $at; done',
  ]
  const variables = Object.entries({ PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...image.env, ...env })
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
