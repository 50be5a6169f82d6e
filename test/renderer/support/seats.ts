import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { readApiAddress } from '../../../src/api/api-files.ts'
import { type Api, connectApi } from '../../../src/api/client.ts'
import { gavelring, type Running, temporaryFolder } from '../../cli/processes.ts'
import { until } from '../../e2e/room.ts'
import type { Host } from '../../namespaces/lan.ts'

/** A running process with its API up, in a room or in none. */
export interface Seat {
  readonly profile: string
  readonly running: Running
  readonly api: Api
}

/** On loopback, heard by nobody; `--last` in a new folder: in no room. */
export async function startSeat(name: string, ...more: readonly string[]): Promise<Seat> {
  const profile = temporaryFolder()
  const running = gavelring([
    ...['peer', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--name', name, '--profile', profile],
    ...more,
  ])
  // Up from its first moment, also while it waits for its room and says nothing else.
  const address = await until(`${name} has its API up`, async () => readApiAddress(profile))
  const client = await connectApi(address)
  onTestFinished(() => client.close())
  return { profile, running, api: client.api }
}

/** On a host of a network of its own; its profile's folder. Its pages are seen by a browser of that host only. */
export async function startOn(host: Host, name: string, ...more: readonly string[]): Promise<string> {
  const profile = temporaryFolder()
  const process = host.node('src/cli/gavelring.mjs', 'peer', '--name', name, '--profile', profile, ...more)
  await until(
    () => `${name} has its API up: ${process.lines.join('\n')}`,
    async () => process.lines.some((line) => /^API at/.test(line)),
  )
  return profile
}

/** Whatever the peer tells this page has `from` for `to` in it: what another peer might have sent. */
export async function rewriteAnswers(page: Page, from: string, to: string): Promise<void> {
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer()
    server.onMessage((message) => {
      const text = typeof message === 'string' ? message : message.toString('utf8')
      socket.send(text.replaceAll(JSON.stringify(from), JSON.stringify(to)))
    })
  })
}

/** Nobody whom it would tell something that it does not want to tell can read it on the page. */
export async function expectUnsaid(page: Page, text: string): Promise<void> {
  expect(await page.content()).not.toContain(text)
}
