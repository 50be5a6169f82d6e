import type { MessageEvent, MessagePortMain, ParentPort } from 'electron'
import { toAuctionDetail, toEvent } from '../api/to-view.ts'
import { readPeerConfig } from '../app/config.ts'
import type { Flags } from '../app/flags.ts'
import { type RunningPeer, startPeer } from '../app/start.ts'
import { currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { AccountId, AuctionId } from '../core/ids.ts'
import type { FromPeer, ToPeer } from './messages.ts'
import { isHosting, type Market, noticeOf } from './notice.ts'

/** How long leaving in good order may take, in milliseconds: the main process waits a little longer. */
const leaveMillis = 5_000

/**
 * The peer's own process, forked by the app's main one and spoken to over `parent`. It ends with 0 when the peer left or could not
 * start, having said so; with anything else it died.
 */
export function runPeerProcess(parent: ParentPort, exit: (code: number) => void): void {
  const say = (message: FromPeer): void => parent.postMessage(message)
  const search = new AbortController()
  let running: RunningPeer | undefined
  let isLeaving = false
  /** One for each window. What is said before the peer is there waits in them. */
  const windows = new Map<number, MessagePortMain>()

  const start = async (flags: Flags): Promise<void> => {
    const started = await openPeer(flags, say, search.signal)
    if (started === undefined) return exit(0)
    running = started
    for (const port of windows.values()) running.servePort(port)
    say({ kind: 'running', room: running.peer.status().room.name })
    watch(running, say)
    void running.stopped.then(({ hasLeft }) => {
      if (hasLeft || isLeaving) say({ kind: 'left' })
      exit(hasLeft || isLeaving ? 0 : 1)
    })
    if (isLeaving) await running.stop(leaveMillis)
  }

  parent.on('message', ({ data, ports }: MessageEvent) => {
    const message = data as ToPeer
    const [port] = ports
    switch (message.kind) {
      case 'start':
        start(message.flags).catch((error: unknown) => {
          process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
          exit(1)
        })
        break
      case 'port':
        if (port === undefined) break
        windows.get(message.window)?.close()
        windows.set(message.window, port)
        running?.servePort(port)
        break
      case 'leave':
        isLeaving = true
        search.abort()
        void running?.stop(leaveMillis)
    }
  })
}

/** `undefined`: it cannot start, and has said why, or was called off. */
async function openPeer(flags: Flags, say: (message: FromPeer) => void, signal: AbortSignal): Promise<RunningPeer | undefined> {
  const config = readPeerConfig(flags, process.env)
  if (!config.ok) {
    say({ kind: 'refused', text: config.error.message })
    return undefined
  }
  let told = ''
  try {
    return await startPeer(config.value, {
      signal,
      onProgress(what, done, total) {
        const text = `${what === 'check' ? 'Checking' : 'Replaying'} the log: ${Math.floor((100 * done) / Math.max(1, total))} %.`
        if (total > 0 && text !== told) say({ kind: 'waiting', text })
        told = text
      },
      onWaiting: ({ room, why }) => say({ kind: 'waiting', text: `Waiting for the room “${room}”: ${why.join('; ')}.` }),
    })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say(error.code === 'stopping' ? { kind: 'left' } : { kind: 'refused', text: error.message })
    return undefined
  }
}

function watch({ peer }: RunningPeer, say: (message: FromPeer) => void): void {
  const { self } = peer.status()
  const market: Market = {
    self,
    ownerOf: (account) => peer.account(account as AccountId)?.owner,
    lotOf: (id) => {
      const auction = peer.auction(id as AuctionId)
      return auction && toAuctionDetail(auction, currencyOf(peer.rules().currency), peer.status().time)
    },
  }
  let told: boolean | undefined
  const tellHosting = (): void => {
    const hosting = isHosting(self, peer.auctions())
    if (hosting !== told) say({ kind: 'hosting', isHosting: hosting })
    told = hosting
  }
  tellHosting()
  peer.subscribe((event) => {
    if (event.kind !== 'market') return
    const { kind } = event.event
    if (kind === 'auction-started' || kind === 'auction-ended') tellHosting()
    if (kind !== 'outbid' && kind !== 'auction-ended') return
    const notice = noticeOf(toEvent(event, currencyOf(peer.rules().currency)), market, peer.status().time)
    if (notice !== undefined) say({ kind: 'notice', notice })
  })
}
