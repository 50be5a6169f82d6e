import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import {
  diskFailure,
  diskFailureInWords,
  openFile,
  readAtMost,
  readAtMostSync,
  readBeginningIfThere,
  readFileIfThere,
  replaceFile,
  whyUnread,
} from '../../src/io/files.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-files-'))
afterAll(() => rm(root, { recursive: true, force: true }))
let folders = 0
const newFolder = async (): Promise<string> => {
  const folder = join(root, String(folders++))
  await mkdir(folder)
  return folder
}

const isRoot = process.getuid?.() === 0
const isLinux = process.platform === 'linux'

/** What the file system really said, by the name under which it is told. */
const toldAs = async (path: string, task: () => Promise<unknown>): Promise<unknown> => {
  const failure = await task().then(
    () => undefined,
    (error: unknown) => diskFailure(error, path),
  )
  return failure instanceof Failure ? [failure.code, failure.message] : failure
}

describe('what the file system says is told by its own name', () => {
  it('a file in the place of a folder, a folder in that of a file, and a link that goes round', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'file'), '')
    await mkdir(join(folder, 'folder'))
    await symlink('round', join(folder, 'round'))
    for (const [name, text] of [
      ['file/x', 'A file stands where a folder belongs, here or on the way'],
      ['folder', 'Something else stands in the place of this file or folder'],
      ['round/x', 'The links on the way lead round in a circle'],
    ] as const) {
      const path = join(folder, name)
      expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual(['path-taken', `${text}: ${path}`])
    }
  })

  it('a folder in the place of the draft', async () => {
    const path = join(await newFolder(), 'file')
    await mkdir(`${path}.new`)
    const told = ['path-taken', `Something else stands in the place of this file or folder: ${path}.new`]
    expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual(told)
  })

  it.each([5 * 2 ** 30, 2 ** 31, 64 * 2 ** 20 + 1])('a file of %i bytes, of which nothing is read', async (size) => {
    const path = join(await newFolder(), 'file')
    await writeFile(path, '')
    await truncate(path, size)
    const before = process.memoryUsage().rss
    const told = ['path-taken', `A file stands here that is far larger than what belongs here: ${path}`]
    expect(await toldAs(path, () => readFileIfThere(path))).toEqual(told)
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20)
    await truncate(path, 3)
    expect(await readFileIfThere(path)).toHaveLength(3)
    expect(await toldAs(path, () => readFileIfThere(path, 2))).toEqual(told)
  })

  it('a file of which no more is read than belongs there', async () => {
    const path = join(await newFolder(), 'file')
    expect(await readBeginningIfThere(path)).toBeUndefined()
    await writeFile(path, 'abc')
    await truncate(path, 5 * 2 ** 30)
    expect(Buffer.from((await readBeginningIfThere(path, 3)) ?? []).toString()).toBe('abc')
    const longer = await readBeginningIfThere(path, 100_000)
    expect([longer?.length, longer?.[2], longer?.[99_999]]).toEqual([100_000, 99, 0])
    expect(await toldAs(path, () => readBeginningIfThere(dirname(path)))).toMatchObject(['path-taken', expect.anything()])
  })

  it.skipIf(process.platform !== 'linux')('a file that is longer than its size says, as one that grows meanwhile', async () => {
    const path = '/proc/self/maps'
    expect((await stat(path)).size).toBe(0)
    const told = ['path-taken', `A file stands here that is far larger than what belongs here: ${path}`]
    expect(await toldAs(path, () => readFileIfThere(path, 16))).toEqual(told)
  })

  it('what Node itself reads at no price', async () => {
    const path = join(await newFolder(), 'file')
    await writeFile(path, '')
    await truncate(path, 5 * 2 ** 30)
    expect(await toldAs(path, () => readFile(path))).toMatchObject(['path-taken', expect.stringMatching(/^A file stands here/)])
  })

  it.skipIf(hasNoPipes)('a pipe, a socket or a device in the place of a file, which is not opened', async () => {
    const folder = await newFolder()
    const socket = join(folder, 'socket')
    const server = createServer().listen(socket)
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    for (const path of [makePipe(join(folder, 'pipe')), socket, '/dev/zero', '/dev/null']) {
      const told = ['path-taken', `Something else stands in the place of this file or folder: ${path}`]
      for (const read of [readFileIfThere, readBeginningIfThere]) expect(await toldAs(path, () => read(path, 1))).toEqual(told)
      const error = await readAtMost(path, 1).catch((one: unknown) => one)
      expect(whyUnread(error)).toBe('it is no file')
      await expect(openFile(path)).rejects.toMatchObject({ path })
      expect(() => readAtMostSync(path, 1)).toThrow('it is no file')
    }
  })

  it('why a person’s own file cannot be read, in few words', async () => {
    const folder = await newFolder()
    const why = (path: string) => readAtMost(path, 1).then(() => undefined, whyUnread)
    expect([await why(join(folder, 'none')), await why(folder), whyUnread(new Error('for once'))]).toEqual([
      ...['ENOENT', 'EISDIR', 'for once'],
    ])
  })

  it.skipIf(hasNoPipes)('but not what somebody hands over that is open already: stdin, and what a shell puts there', () => {
    const files = fileURLToPath(new URL('../../src/io/files.ts', import.meta.url))
    const readers = {
      readAtMost: `await readAtMost(path, 9)`,
      readAtMostSync: `readAtMostSync(path, 9)`,
      openGiven: `Buffer.concat(await (await openGiven(path)).createReadStream().toArray())`,
    }
    const [sh, node] = ['sh', `"${process.execPath}" --input-type=module -e`]
    for (const path of ['/dev/stdin', '/dev/fd/0', ...(isLinux ? ['/proc/self/fd/0'] : [])]) {
      for (const [name, read] of Object.entries(readers)) {
        const script = `const { ${name} } = await import('${files}'); const path = '${path}'; console.log(String(${read}))`
        expect(execFileSync(sh, ['-c', `(sleep 0.1; printf lamp) | ${node} "${script}"`], { encoding: 'utf8' })).toBe('lamp\n')
      }
    }
  })

  it('a folder that is not there', async () => {
    const path = join(await newFolder(), 'none', 'file')
    expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual([
      'path-missing',
      `There is no such file or folder: ${path}`,
    ])
    expect(await readFileIfThere(path)).toBeUndefined()
  })

  it('a name that is too long, for writing and for reading', async () => {
    const path = join(await newFolder(), 'x'.repeat(300))
    const told = ['name-too-long', `This path is too long for the file system: ${path}`]
    expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual(told)
    expect(await toldAs(path, () => readFileIfThere(path))).toEqual(told)
  })

  it.skipIf(process.platform === 'win32')('what one may not read or write', async () => {
    const folder = await newFolder()
    const path = join(folder, 'file')
    await writeFile(path, '')
    await chmod(path, 0o000)
    await chmod(folder, 0o555)
    await chmod(root, 0o755)
    // The superuser may do anything: for a moment this process is nobody.
    if (isRoot) process.seteuid?.(65_534)
    try {
      const told = ['permission-denied', `You may not read or write this: ${path}`]
      expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual(told)
      expect(await toldAs(path, () => readFileIfThere(path))).toEqual(told)
    } finally {
      if (isRoot) process.seteuid?.(0)
      await chmod(folder, 0o755)
    }
  })

  it.skipIf(!isRoot || !isLinux)('a full disk, a disk that can only be read, and one that is in use', async (context) => {
    const folder = await newFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    } catch {
      context.skip('no file system can be mounted here')
    }
    const path = join(folder, 'file')
    try {
      expect(await toldAs(path, () => replaceFile(path, 'x'.repeat(1_000_000), 0o600))).toEqual([
        'disk-full',
        `The disk is full: ${path}`,
      ])
      expect(await toldAs(folder, () => rmdir(folder))).toEqual(['file-busy', `Another program has this: ${folder}`])
      await unlink(`${path}.new`)
      execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' })
      const told = ['disk-read-only', `This disk can only be read: ${path}`]
      expect(await toldAs(path, () => replaceFile(path, '', 0o600))).toEqual(told)
    } finally {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
    }
  })

  it.runIf(isLinux)('a program that runs just now', async () => {
    const path = join(await newFolder(), 'sleep')
    await copyFile('/bin/sleep', path)
    await chmod(path, 0o700)
    const running = spawn(path, ['60'])
    await once(running, 'spawn')
    try {
      expect(await toldAs(path, () => open(path, 'r+'))).toEqual(['file-busy', `Another program has this: ${path}`])
    } finally {
      running.kill('SIGKILL')
    }
  })

  it.skipIf(process.platform === 'win32')('too many open files', async () => {
    const folder = await newFolder()
    const script = `
      const { openSync } = await import('node:fs')
      const { replaceFile } = await import(process.argv[1])
      try { for (;;) openSync(process.execPath) } catch {}
      await replaceFile(process.argv[2], '', 0o600).catch((error) => process.stderr.write(error.code + ' ' + error.message))
    `
    const files = new URL('../../src/io/files.ts', import.meta.url).href
    const path = join(folder, 'file')
    const shell = ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script, files, path]
    const child = spawn('sh', shell, { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said += String(chunk)
    })
    await once(child, 'close')
    expect(said).toBe(`files-exhausted Too many files are open to open one more: ${path}`)
  })
})

it('a failure that has a name already keeps it, and a bug is no trouble of the disk', () => {
  const failure = new Failure('key-damaged', 'x')
  const bug = new TypeError('x')
  expect([diskFailure(failure, 'p'), diskFailure(bug, 'p')]).toEqual([failure, bug])
})

it('what is left is the disk itself', () => {
  const error = Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
  expect(diskFailure(error, '/p')).toMatchObject({
    code: 'disk-failed',
    message: 'The disk failed (EIO): /p',
    facts: { cause: 'EIO' },
  })
})

it.each([
  ['IO error: /p/LOCK: Permission denied', 'permission-denied'],
  ['IO error: /p/LOCK: Read-only file system', 'disk-read-only'],
  ['IO error: /p/000005.log: No space left on device', 'disk-full'],
  ['IO error: /p/000005.log: Disk quota exceeded', 'disk-full'],
  ['IO error: /p/000005.ldb: Too many open files', 'files-exhausted'],
  ['IO error: /p/000005.ldb: Too many open files in system', 'files-exhausted'],
  ['IO error: /p/xxx: File name too long', 'name-too-long'],
  ['IO error: /p/LOCK: Not a directory', 'path-taken'],
  ['IO error: /p/LOCK: Device or resource busy', 'file-busy'],
  ['IO error: /p/000005.ldb: Input/output error', 'disk-failed'],
  ['IO error: /p: Invalid argument', 'sync-unsupported'],
  ['IO error: /p: Operation not supported', 'sync-unsupported'],
  ['IO error: /p/000005.ldb: Invalid argument', undefined],
  ['IO error: /p/LOCK: Access is denied.', 'permission-denied'],
  ['IO error: /p/000005.log: There is not enough space on the disk.', 'disk-full'],
  ['IO error: /p/000005.log: The media is write protected.', 'disk-read-only'],
  ['IO error: /p/x: The filename or extension is too long.', 'name-too-long'],
  ['IO error: /p/x: The process cannot access the file because it is being used by another process.', 'file-busy'],
  ['Invalid argument: /p: does not exist (create_if_missing is false)', undefined],
  ['Corruption: 1 missing files; e.g.: /p/000005.ldb', undefined],
  ['IO error: /p/000005.ldb: No such file or directory', undefined],
])('of a library the words count: %s', (words, code) => {
  expect(diskFailureInWords(words, '/p', new Error(words))?.code).toBe(code)
})

it('a file is written whole, for its owner only, and replaces a link without following it', async () => {
  const folder = await newFolder()
  const [path, other] = [join(folder, 'file'), join(folder, 'other')]
  await writeFile(other, 'mine')
  await symlink(other, path)
  await symlink(other, `${path}.new`)
  await replaceFile(path, 'new', 0o600)
  expect([await readFile(path, 'utf8'), await readFile(other, 'utf8')]).toEqual(['new', 'mine'])
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
})
