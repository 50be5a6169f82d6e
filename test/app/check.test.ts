import { expect, test } from 'vitest'
import { createCheck, toFindings } from '../../src/app/check.ts'
import type { Findings } from '../../src/app/diagnosis.ts'
import { createFakePeer } from '../support/fake-peer.ts'

const quiet: Findings = {
  room: undefined,
  hasCode: false,
  links: [{ interfaceName: 'eth0', address: '192.168.9.1', echoes: true }],
  defaultRoute: undefined,
  peers: [],
  given: [],
  running: undefined,
}
const coded: Findings['peers'][number] = {
  ...{ peer: 'x'.repeat(10), name: 'Ana', version: 3, roomName: 'evening', hasCode: true, isNear: true },
  room: { id: 'a'.repeat(16), founder: 'Ana', members: 2 },
  tried: [{ address: '/ip4/192.168.9.2/tcp/4001', outcome: 'open', isNear: true }],
}
const said = (findings: Findings): string[] => toFindings(findings).map(({ severity, code }) => `${severity} ${code}`)

test('what is wrong comes first, then what may be just so, then what is well', () => {
  expect(said(quiet)).toEqual(['note nobody-heard', 'good multicast'])
  expect(said({ ...quiet, links: [] })).toContain('bad no-network')
  expect(said({ ...quiet, links: [{ interfaceName: 'eth0', address: '192.168.9.1', echoes: false }] })).toEqual([
    'bad multicast-blocked',
  ])
  const running = {
    roomName: 'evening',
    connected: 2,
    clockOffsets: [{ name: 'Bob', clockOffset: 60_000 }],
    otherRooms: [],
    notices: [],
  }
  expect(said({ ...quiet, room: 'evening', hasCode: true, running })).toEqual([
    'note clock-off',
    'good multicast',
    'good connected',
  ])
})

test('that a room has a code is a fault only for whoever wants to come in', () => {
  const heard = { ...quiet, peers: [coded] }
  expect(said(heard)).toContain('note code-missing')
  expect(said({ ...heard, room: 'evening' })).toContain('bad code-missing')
  expect(said(heard)).toContain('good peers-answer')
})

test('each finding is a sentence, and what is wrong has a remedy', () => {
  for (const { severity, text, remedy } of toFindings({ ...quiet, peers: [coded], room: 'evening' })) {
    expect(text).toMatch(/^[A-Z0-9].*\.$/)
    expect(remedy === undefined).toBe(severity === 'good')
  }
})

test('a peer that may not use multicast says so, and what it knows by itself; who asks at once gets one answer', async () => {
  const check = createCheck(false)
  const room = { room: 'classroom', code: '', peer: createFakePeer() }
  const [one, other] = await Promise.all([check(room), check(undefined)])
  expect(one).toBe(other)
  expect(one.map(({ code, severity }) => [severity, code])).toEqual([
    ['note', 'mdns-off'],
    ['bad', 'another-code'],
  ])
  expect((await check(undefined)).map(({ code }) => code)).toEqual(['mdns-off'])
})
