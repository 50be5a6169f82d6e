import { expect, onTestFinished, test } from 'vitest'
import { openPane, type PaneOptions } from '../../src/cli/pane/pane.ts'
import { createScreen } from '../../src/cli/pane/screen.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { type LogEvent, logEvents } from '../../src/core/log-events.ts'
import { type Log, openLog } from '../../src/io/logger.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { accept, account, agree, cents, createRig, openWith } from '../peer/rig.ts'
import { until } from '../support/wait.ts'
import { createSink } from './run.ts'

/** A pane before a real peer, and how much is told. */
async function paneOf(peer: Peer, level: Log['level'], options: Partial<PaneOptions> = {}) {
  const [out, errors] = [createSink(), createSink()]
  const terminal = createTerminal({ NO_COLOR: '1' }, out, errors)
  const log = await openLog({ format: 'json', level, write: (line) => errors.write(line) })
  const shown = { watch: false, format: 'text', isBeside: false } as const
  const pane = openPane({ peer, log }, { ...shown, terminal, screen: createScreen(terminal), ...options })
  onTestFinished(() => pane.end())
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  return {
    log,
    end: () => pane.end(),
    lines: () => linesOf(out.text).map((line) => line.replace(/^\S+ {2}/, '')),
    notes: () => linesOf(errors.text),
  }
}

async function pair(): Promise<readonly [Peer, Peer]> {
  const rig = createRig()
  onTestFinished(() => rig.end())
  const ana = await rig.machine('Ana').start({ entry: { kind: 'create' } })
  const bob = await rig.machine('Bob').start({ entry: { kind: 'join', room: undefined } })
  await until('both are members', () => [ana, bob].every((peer) => peer.status().members.length === 2))
  return [ana, bob]
}

test('a burst of payments is summed up for those whom it concerns, and silent for the others', async () => {
  const [ana, bob] = await pair()
  for (const id of ['ana', 'cleo']) await openWith(ana, id, 100_000)
  await agree([ana, bob])
  const [own, others, everything] = await Promise.all([paneOf(ana, 'info'), paneOf(bob, 'info'), paneOf(bob, 'debug')])
  const pay = { kind: 'transfer', from: account('ana'), to: account('cleo'), amount: cents(10), memo: '' } as const
  const count = 500
  await Promise.all(Array.from({ length: count }, () => accept(ana, pay)))
  await agree([ana, bob])
  for (const pane of [own, others, everything]) pane.end()
  expect(others.lines().filter((line) => /EUR/.test(line))).toEqual([])
  for (const [pane, where] of [
    [own, 'to cleo'],
    [everything, 'between others'],
  ] as const) {
    const payments = pane.lines().filter((line) => /0\.10 EUR went|payments/.test(line))
    expect(payments.length).toBeLessThan(60)
    const sums = payments.flatMap((line) => {
      const [, more, there, together] = /^(\d+) more payments (.*), together ([\d.]+) EUR$/.exec(line) ?? []
      return more === undefined ? [] : [{ more: Number(more), there, together: Number(together) }]
    })
    expect(sums.length).toBeGreaterThan(0)
    for (const { more, there, together } of sums) expect([there, together]).toEqual([where, more / 10])
    expect(payments.length - sums.length + sums.reduce((sum, { more }) => sum + more, 0)).toBe(count)
  }
})

test('whoever comes in is not told the whole evening', async () => {
  const rig = createRig()
  onTestFinished(() => rig.end())
  const ana = await rig.machine('Ana').start({ entry: { kind: 'create' } })
  await openWith(ana, 'ana', 1_000)
  const bob = await rig.machine('Bob').start({ entry: { kind: 'join', room: undefined } })
  const pane = await paneOf(bob, 'info')
  await until('Bob is a member', () => bob.status().members.length === 2)
  const lot = { kind: 'start-auction', payee: account('ana'), item: 'Lamp', description: '', startingPrice: cents(100) } as const
  const terms = { increment: cents(100), reserve: undefined, buyNow: undefined, durationMillis: 60_000, softClose: undefined }
  await accept(ana, { ...lot, ...terms, picture: new Uint8Array() })
  await until('the lot is told', () =>
    pane.lines().some((line) => line.startsWith('lot 1 “Lamp” is offered by Ana from 1.00 EUR')),
  )
  expect(pane.lines().filter((line) => /went into|was opened/.test(line))).toEqual([])
  await until('the joining is told', () => pane.lines().some((line) => line.startsWith('this peer is a member now: 2 members')))
})

test('for programs: one object a line with a name of the table, facts flat, nothing beside it, and nothing twice', async () => {
  const [ana, bob] = await pair()
  const panes = [await paneOf(ana, 'debug', { format: 'json' }), await paneOf(ana, 'info', { format: 'json' })]
  const text = await paneOf(ana, 'debug')
  await openWith(bob, 'bob', 1_000)
  await openWith(ana, 'ana', 1_000)
  const refused = { kind: 'withdraw', account: account('ana'), amount: cents(5_000) } as const
  await expect(accept(ana, refused)).rejects.toThrow()
  for (const pane of [...panes, text]) pane.end()
  const [all = [], usual = []] = panes.map((pane) => pane.notes().map((line) => JSON.parse(line) as Record<string, unknown>))
  expect(panes.map((pane) => pane.lines())).toEqual([[], []])
  for (const { event, level, message, ...facts } of all) {
    expect(Object.keys(logEvents)).toContain(event as LogEvent)
    expect(['info', 'debug', 'warn']).toContain(level)
    expect(message).toMatch(/\w/)
    for (const fact of Object.values(facts)) expect(typeof fact).not.toBe('object')
  }
  const of = (lines: readonly Record<string, unknown>[], name: LogEvent) => lines.filter(({ event }) => event === name)
  expect(of(all, 'money-moved')).toMatchObject([
    { level: 'debug', from: 'issuer', to: 'bob', amount: '10.00 EUR', memo: '' },
    { level: 'info', from: 'issuer', to: 'ana', amount: '10.00 EUR', memo: '', message: '10.00 EUR went into ana' },
  ])
  expect(of(all, 'operation-refused')).toMatchObject([{ level: 'debug', code: 'funds-short', what: 'withdraw' }])
  expect(of(usual, 'money-moved')).toMatchObject([{ to: 'ana' }])
  expect(new Set(all.map((line) => JSON.stringify({ ...line, time: '' }))).size).toBe(all.length)
  // In words the very same.
  expect(text.lines()).toEqual(all.map(({ message }) => message))
})

test('how much is told follows the level at once: alarms and results, what is usual, everything', async () => {
  const [ana, bob] = await pair()
  const pane = await paneOf(ana, 'warn')
  await openWith(ana, 'ana', 1_000)
  await openWith(bob, 'bob', 1_000)
  await agree([ana, bob])
  pane.log.setLevel('info')
  await openWith(ana, 'anita', 1_000)
  await openWith(bob, 'bobby', 1_000)
  await agree([ana, bob])
  pane.log.setLevel('debug')
  await openWith(bob, 'bobo', 1_000)
  await agree([ana, bob])
  pane.end()
  const told = pane.lines().filter((line) => /went into/.test(line))
  expect(told).toEqual(['10.00 EUR went into anita', '10.00 EUR went into bobo'])
})
