import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readPeerConfig } from '../../src/app/config.ts'
import { readDeployed, root } from './manifests.ts'
import { readUnit, readVariables } from './unit.ts'

const unit = readUnit(readDeployed('gavelring@.service'))

/** Of systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.kill(5), version 252: those that a unit like this may have. */
const known: Readonly<Record<string, string>> = {
  Unit: 'Description After Wants StartLimitIntervalSec StartLimitBurst',
  Service: `Type User Environment EnvironmentFile LoadCredential ExecStart KillSignal KillMode TimeoutStopSec Restart RestartSec
    RestartPreventExitStatus StateDirectory StateDirectoryMode CacheDirectory CacheDirectoryMode UMask CapabilityBoundingSet
    AmbientCapabilities NoNewPrivileges ProtectSystem ProtectHome ProtectProc ProtectClock ProtectHostname ProtectKernelLogs
    ProtectKernelModules ProtectKernelTunables ProtectControlGroups PrivateTmp PrivateDevices RestrictAddressFamilies
    RestrictNamespaces RestrictRealtime RestrictSUIDSGID LockPersonality RemoveIPC SystemCallArchitectures SystemCallFilter
    SystemCallErrorNumber`,
  Install: 'WantedBy',
}

const hasSystemd = (): boolean => {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('the unit has keys that systemd knows, in sections that they belong to', () => {
  expect(Object.keys(unit.sections)).toEqual(Object.keys(known))
  for (const [section, lines] of Object.entries(unit.sections)) {
    for (const [key] of lines) expect(known[section]?.split(/\s+/), key).toContain(key)
  }
})

test.skipIf(!hasSystemd())('systemd itself finds nothing wrong with an instance of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-unit-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'gavelring@a.service')
  copyFileSync(join(root, 'deploy', 'gavelring@.service'), file)
  expect(
    execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  ).toBe('')
})

test('it stops by the signal that leaves the ring, in time, and starts again but where a person has to act', () => {
  expect([unit.of('KillSignal'), unit.of('Restart'), unit.of('RestartPreventExitStatus')]).toEqual([
    ['SIGTERM'],
    ['on-failure'],
    ['2'],
  ])
  expect(Number.parseInt(unit.of('TimeoutStopSec')[0] ?? '', 10)).toBeGreaterThan(5)
  // The code is no argument and no variable, which others could see.
  expect(unit.of('LoadCredential')).toEqual(['room-code:/etc/gavelring/room-code'])
  expect(unit.of('Environment')).toContain('GAVELRING_CODE_FILE=%d/room-code')
})

test('it runs as nobody else, and writes into its own folders only', () => {
  expect([unit.of('User'), unit.of('ProtectSystem'), unit.of('CapabilityBoundingSet')]).toEqual([['gavelring'], ['strict'], ['']])
  expect(unit.of('Environment')).toContain(`GAVELRING_PROFILE=%S/${unit.of('StateDirectory')[0]}`)
  expect(unit.of('StateDirectoryMode')).toEqual(['0700'])
})

test('the example of options can be read, and founds in one of the peers', () => {
  const variables = readVariables(readDeployed('gavelring.env'))
  const entries = ['a', 'b', 'c'].map((name) => {
    const config = readPeerConfig({}, { ...variables, GAVELRING_NAME: name })
    return config.ok ? config.value.entry.kind : config.error.message
  })
  expect(entries).toEqual(['look', 'join', 'join'])
})
