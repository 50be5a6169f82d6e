import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkDist, type DistReport } from '../../build/dist-check.ts'
import { root } from '../../build/processes.ts'

// The app is packed for Linux, against a stub of Electron, whose own 100 MB cannot be had offline.
describe.skipIf(process.platform !== 'linux')('the packed app', () => {
  let folder = ''
  let report: DistReport

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gavelring-dist-'))
    report = await checkDist(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

  test('holds the app, the command line, the icons and what they need', () => {
    expect(report.files).toEqual(
      expect.arrayContaining([
        'dist/desktop/main.js',
        'dist/desktop/peer-entry.js',
        'dist/desktop/preload.cjs',
        'dist/cli/gavelring.mjs',
        'src/desktop/icons/tray.png',
        'src/desktop/icons/trayTemplate.png',
        'src/desktop/icons/trayTemplate@2x.png',
        'src/desktop/icons/icon.png',
        'node_modules/libp2p/package.json',
        'node_modules/electron-updater/package.json',
        'CHANGELOG.md',
      ]),
    )
  })

  test('holds nothing that only making it needs', () => {
    const tops = ['test', 'bench', 'build', 'node_modules/electron', 'node_modules/typescript', 'node_modules/vitest']
    expect(report.files.filter((path) => tops.includes(path))).toEqual([])
    expect(
      report.files.filter((path) => /^(?!node_modules).*\.(?:ts|map)$|^node_modules\/classic-level\/deps/.test(path)),
    ).toEqual([])
  })

  test('has native code beside the archive, for every system', () => {
    const native = report.files.filter((path) => path.endsWith('.node'))
    expect(native).toEqual(expect.arrayContaining([expect.stringMatching(/classic-level\/prebuilds\/linux-x64\//)]))
    expect(native.filter((path) => !report.unpacked.includes(path))).toEqual([])
  })

  test('starts where it should', () => {
    expect(report.manifest).toMatchObject({ name: 'gavelring', main: 'dist/desktop/main.js', type: 'module' })
  })

  test('has every fuse off that would let somebody else’s code in', () => {
    expect([...report.fuses].sort()).toEqual(expectedFuses)
  })

  test('runs: the command line says its version, and a peer founds a room, serves its page and leaves', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(report.version).toBe(version)
    expect(report.peer).toEqual({ room: 'check', page: 200, exitCode: 0 })
  })
})

/** The last two are Electron's own defaults, and concern speed alone. */
const expectedFuses = [
  'EnableCookieEncryption',
  'EnableEmbeddedAsarIntegrityValidation',
  'LoadBrowserProcessSpecificV8Snapshot',
  'OnlyLoadAppFromAsar',
  'WasmTrapHandlers',
]

describe('the packaging', () => {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8')

  test('tells macOS which service is looked for on the network: the one that discovery uses', () => {
    const [, service] =
      /const service = '(\w+\._udp)\.local'/.exec(readFileSync(join(root, 'src', 'io', 'discovery', 'packet.ts'), 'utf8')) ?? []
    expect(text).toContain(`NSBonjourServices: [${service}]`)
    expect(text).toMatch(/NSLocalNetworkUsageDescription: \S/)
  })

  test('registers the scheme of join links', () => expect(text).toContain('schemes: [gavelring]'))

  test.each(['dmg', 'zip', 'nsis', 'AppImage', 'deb'])('makes a %s', (target) => expect(text).toContain(`- target: ${target}\n`))
})
