import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../build/processes.ts'
import { readApiAddress } from '../../src/api/api-files.ts'
import { readPeerConfig } from '../../src/app/config.ts'
import { type RunningSeat, startSeat } from '../../src/app/start.ts'
import { stateText } from '../../src/desktop/menu.ts'
import type { PeerState } from '../../src/desktop/messages.ts'
import { createSpeech, type Speech } from '../../src/desktop/speech.ts'
import { until } from '../support/wait.ts'
import { browser, describeScreens, expectAccessible, goTo } from './support/screens.ts'

/** The page as the desktop app shows it: the preload script as it is, a real peer behind its message port, and Electron left out. */

/** Runs in the page before anything of it does: what Electron gives to a preload script. */
const preload = `(() => {
  const listeners = new Map()
  const require = () => ({
    ipcRenderer: {
      on: (channel, listener) => listeners.set(channel, listener),
      send: (channel, word) => toMain(channel, word),
    },
    contextBridge: { exposeInMainWorld: (name, value) => { window[name] = value } },
  })
  let port
  window.fromMain = (channel, word) => listeners.get(channel)?.({ ports: [] }, word)
  window.newPort = () => {
    const channel = new MessageChannel()
    port = channel.port2
    port.onmessage = ({ data }) => toPeer(data)
    listeners.get('gavelring:port')({ ports: [channel.port1] })
  }
  window.fromPeer = (data) => port.postMessage(data)
  ${stripTypeScriptTypes(readFileSync(join(root, 'src', 'desktop', 'preload.cts'), 'utf8'))}
})()`

interface Shell {
  readonly page: Page
  readonly speech: Speech
  /** What the page said to the main process, but for asking for ports. */
  readonly said: unknown[][]
  tell(state: PeerState): Promise<void>
  /** The peer is there: the page gets its port. */
  open(): Promise<void>
  /** The peer's door closes the page's port, since something stood there that is no word; no other is given until the returned function is called. */
  shut(): Promise<() => void>
}

/** The main process's end, as main.ts has it. */
async function startShell(seat: RunningSeat, url: string, folder: string): Promise<Shell> {
  const context = await browser().newContext({ locale: 'en' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  const speech = createSpeech(join(folder, 'speech.json'), ['en'])
  const said: unknown[][] = []
  let state: PeerState = { kind: 'starting' }
  let port: MessagePort | undefined
  const run = (script: string): Promise<unknown> => page.evaluate(script)
  const tell = async (next: PeerState): Promise<void> => {
    state = next
    const told = { kind: state.kind, text: stateText(state, speech.words) }
    await run(`fromMain('gavelring:state', ${JSON.stringify(told)})`)
  }
  const open = async (): Promise<void> => {
    port?.close()
    const { port1, port2 } = new MessageChannel()
    port = port1
    await run('newPort()')
    port1.on('message', (data) => void run(`fromPeer(${JSON.stringify(data)})`).catch(() => {}))
    seat.servePort(port2)
  }
  let shut = Promise.resolve()
  const give = async (): Promise<void> => {
    await shut
    await open()
  }
  await page.exposeFunction('toPeer', (data: unknown) => port?.postMessage(data))
  await page.exposeFunction('toMain', async (channel: string, word: unknown) => {
    if (channel !== 'gavelring:want-port') said.push([channel, word])
    if (channel === 'gavelring:speak') speech.choose(word)
    if (state.kind === 'running' && channel === 'gavelring:want-port') await give()
    await tell(state)
  })
  await page.addInitScript(preload)
  onTestFinished(async () => {
    await context.close()
    port?.close()
    expect(complaints).toEqual([])
  })
  await page.goto(url)
  return {
    ...{ page, speech, said, tell, open },
    async shut() {
      const { promise, resolve } = Promise.withResolvers<void>()
      shut = promise
      port?.postMessage({ kind: 'no word' })
      return resolve
    },
  }
}

async function startPeerSeat() {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const profile = join(folder, 'profile')
  const config = readPeerConfig({ profile, create: true, 'no-mdns': true, listen: ['127.0.0.1:0'], name: 'Ana' }, {})
  if (!config.ok) throw new Error(config.error.message)
  const seat = await startSeat(config.value, { onProgress: () => {}, write: () => {} })
  onTestFinished(() => seat.stop(5_000))
  await seat.entered
  const address = readApiAddress(profile)
  if (address === undefined) throw new Error('the peer does not say where its API is')
  return { seat, url: address.url, folder }
}

describeScreens('the page in the desktop app', () => {
  test('it says why nothing answers, starts the peer again, and goes on when it is there', async () => {
    const { seat, url, folder } = await startPeerSeat()
    const { page, said, tell, open } = await startShell(seat, url, folder)
    const bars = page.locator('.bars')
    await bars.getByText('The peer starts.').waitFor()
    await tell({ kind: 'running', place: { kind: 'replaying', percent: 40 } })
    await bars.getByText('Replaying the log: 40 %.').waitFor()
    const message = 'The disk is full. Make room on it, and start the peer again.'
    await tell({ kind: 'refused', refusal: { code: 'disk-full', message }, isOption: false })
    await bars.getByText(message).waitFor()
    await expectAccessible(page, 'a peer that does not start')
    await bars.getByRole('button', { name: 'Start the peer again' }).press('Enter')
    await until('it is told to start again', () => said.length > 0)
    expect(said).toEqual([['gavelring:start-again', undefined]])

    await open()
    await tell({ kind: 'running', place: { kind: 'in', room: 'classroom' } })
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    await page
      .getByText('No lot yet')
      .or(page.getByRole('heading', { name: 'Auctions' }))
      .first()
      .waitFor()
    expect(await bars.textContent()).toBe('')
    await tell({ kind: 'restarting' })
    await bars.getByText('The peer stopped by itself, and is started again.').waitFor()
    expect(await bars.getByRole('button').count()).toBe(0)
  })

  test('a port that the peer’s door closed is asked for again by the page itself, which says so meanwhile', async () => {
    const { seat, url, folder } = await startPeerSeat()
    const { page, tell, open, shut } = await startShell(seat, url, folder)
    await open()
    await tell({ kind: 'running', place: { kind: 'in', room: 'classroom' } })
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    const give = await shut()
    await page.locator('.bars').getByText('This page has lost its peer and is reconnecting.').waitFor()
    give()
    await expect.poll(() => page.locator('.bars').textContent()).toBe('')
    // It answers: what is asked from now on comes over the new port.
    await goTo(page, '#/bank')
    await page.getByRole('heading', { name: 'Bank' }).waitFor()
    await page.reload()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
  })

  test('the language that is chosen on it is the app’s, at once and each time it is opened', async () => {
    const { seat, url, folder } = await startPeerSeat()
    const { page, speech, said, tell } = await startShell(seat, url, folder)
    await tell({ kind: 'running', place: { kind: 'in', room: 'classroom' } })
    await page.reload()
    await page.getByText('Quorum: 1 of 1 member').waitFor()
    // Nobody chose: the app speaks the system’s language for itself.
    expect(said).toEqual([])
    await goTo(page, '#/settings')
    await page.getByLabel('Language').selectOption('pt')
    await page.getByRole('heading', { name: 'Ajustes' }).waitFor()
    await until('the app is told', () => said.length > 0)
    expect([said, speech.words.language]).toEqual([[['gavelring:speak', 'pt']], 'pt'])

    await page.reload()
    await page.getByText('Quórum: 1 de 1 membro').waitFor()
    expect(said).toEqual([
      ['gavelring:speak', 'pt'],
      ['gavelring:speak', 'pt'],
    ])
    await tell({ kind: 'away' })
    await page.locator('.bars').getByText('O par saiu do anel.').waitFor()
    await page.getByRole('button', { name: 'Iniciar o par de novo' }).waitFor()
  })
})
