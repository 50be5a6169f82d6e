import { Failure } from './failure.ts'

/** What the file system says of a file or folder that only its owner may read. */
export interface Guarded {
  readonly path: string
  readonly kind: 'file' | 'folder'
  /** With the permission bits of POSIX. */
  readonly mode: number
  /** The user's number. */
  readonly owner: number
}

/** Whether others than user `self` can get at it, with the way out of that; `undefined`: they cannot. */
export function exposureOf({ path, kind, mode, owner }: Guarded, self: number): Failure | undefined {
  const permissions = (mode & 0o777).toString(8).padStart(4, '0')
  const facts = { path, owner, permissions }
  if (owner !== self) {
    const remedy = `Take it over (chown -R ${self} ${path}), or use another folder with --profile.`
    return new Failure('profile-exposed', `The ${kind} ${path} belongs to another user (${owner}). ${remedy}`, facts)
  }
  if ((mode & 0o077) === 0) return undefined
  const remedy = kind === 'folder' ? `Close it: chmod 700 ${path}` : `Close it: chmod 600 ${path}, and start the peer again.`
  return new Failure('profile-exposed', `Others can get at the ${kind} ${path} (permissions ${permissions}). ${remedy}`, facts)
}
