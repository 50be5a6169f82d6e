import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'

/** Why disks cannot be mounted here; `undefined`: they can. */
export const whyNoDisks = ((): string | undefined => {
  if (process.platform !== 'linux') return 'this needs Linux'
  if (process.getuid?.() !== 0) return 'this needs root'
  return undefined
})()

const command = (file: string, ...args: readonly string[]): void => void execFileSync(file, args, { stdio: 'ignore' })

/** A disk of its own in memory, gone when the test is over; `undefined`: none can be mounted here. */
export function mountMemory(megabytes: number): string | undefined {
  const folder = temporaryFolder()
  try {
    command('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder)
  } catch {
    return undefined
  }
  onTestFinished(() => command('umount', '-l', folder))
  return folder
}

/** Leaves so many bytes free, and gives the file that takes the others. */
export function fill(folder: string, bytesFree: number): string {
  const { bavail, bsize } = statfsSync(folder)
  const filler = join(folder, 'filler')
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytesFree)))
  return filler
}

/**
 * A disk of its own that the kernel takes away from its writers when it is told to, as it does where a real one fails: from then on it
 * can only be read. `undefined`: none can be had here.
 */
export function mountFailing(): { readonly folder: string; fail(): void; mend(): void } | undefined {
  const above = temporaryFolder()
  const [image, folder] = [join(above, 'image'), join(above, 'disk')]
  writeFileSync(image, '')
  truncateSync(image, 64 * 1024 * 1024)
  mkdirSync(folder)
  const mount = (): void => command('mount', '-o', 'loop,errors=remount-ro', image, folder)
  try {
    command('mkfs.ext4', '-q', '-O', '^has_journal', image)
    mount()
  } catch {
    return undefined
  }
  onTestFinished(() => command('umount', '-l', folder))
  const device = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === folder)
  const trigger = `/sys/fs/ext4/${basename(device?.split(' ')[0] ?? '')}/trigger_fs_error`
  if (!existsSync(trigger)) return undefined
  return {
    folder,
    fail: () => writeFileSync(trigger, 'a test'),
    mend() {
      command('umount', '-l', folder)
      try {
        command('fsck.ext4', '-y', image)
      } catch {
        // Its exit code tells that it has mended something.
      }
      mount()
    },
  }
}
