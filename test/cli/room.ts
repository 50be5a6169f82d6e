import { chmodSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { makeToken, writeApiFiles } from '../../src/api/api-files.ts'
import { startApiServer } from '../../src/api/http.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { createRig, type Machine } from '../peer/rig.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { temporaryFolder } from './processes.ts'
import { type Ran, run } from './run.ts'

export interface Person {
  readonly peer: Peer
  readonly profile: string
  /** One command line to this person's peer. */
  call(...args: readonly string[]): Promise<Ran>
  readonly machine: Machine
  /** What it says, on stdout and beside it, with places and times taken out. */
  says(...args: readonly string[]): Promise<string>
}

/** Real peers in this process, over a network in memory, each with a real API and a profile; gone when the test is over. */
export async function peopleInRoom(names: readonly string[], options: Partial<PeerOptions> = {}): Promise<Person[]> {
  const rig = createRig()
  const people: Person[] = []
  onTestFinished(() => rig.end())
  for (const name of names) {
    const entry = people.length === 0 ? ({ kind: 'create' } as const) : ({ kind: 'join', room: undefined } as const)
    people.push(await personOf(rig.machine(name), { ...options, entry }))
  }
  await until('all are members', () => people.every(({ peer }) => peer.status().members.length === names.length))
  return people
}

async function personOf(machine: Machine, options: Partial<PeerOptions>): Promise<Person> {
  const peer = await machine.start(options)
  const profile = temporaryFolder()
  chmodSync(profile, 0o700)
  const token = makeToken()
  const server = await startApiServer({ seat: createFakeSeat(peer), logger: silentLogger, token, port: 0, version: '0.1.0' })
  onTestFinished(() => server.stop())
  writeApiFiles(profile, { url: server.url, token })
  const call = (...args: readonly string[]): Promise<Ran> => run([...args, '--profile', profile])
  return {
    peer,
    profile,
    machine,
    call,
    async says(...args) {
      const { out, notes } = await call(...args)
      return normal([...out, ...notes].join('\n'))
    },
  }
}

/** What differs from one run to the next: places in the log, times. */
export const normal = (text: string): string =>
  text
    .replaceAll(/ \(block \d+, turn \d+ of epoch [^)]+\)/g, ' (…)')
    .replaceAll(/(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d[+-]\d\d:\d\d/g, 'TIME')
