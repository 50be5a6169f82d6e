import type { MessageEvent, MessagePortMain, ParentPort } from 'electron'
import { parseRoomTarget, type RoomsView } from '../api/rooms.ts'
import { toAuctionDetail, toEvent } from '../api/to-view.ts'
import { readPeerConfig } from '../app/config.ts'
import type { Flags } from '../app/flags.ts'
import { type RunningSeat, startSeat } from '../app/start.ts'
import { currencyOf } from '../core/currency.ts'
import { Failure } from '../core/failure.ts'
import type { AccountId, AuctionId } from '../core/ids.ts'
import type { FromPeer, Place, Refusal, ToPeer } from './messages.ts'
import { isHosting, type Market, noticeOf } from './notice.ts'

type Peer = NonNullable<RunningSeat['seat']['peer']>

/** How long leaving in good order may take, in milliseconds: the main process waits a little longer. */
const leaveMillis = 5_000
/** How long a room whose link was opened is looked for, in milliseconds. */
const lookMillis = 30_000

/**
 * The peer's own process, forked by the app's main one and spoken to over `parent`. It ends with 0 when the peer left or could not
 * start, having said so; with anything else it died.
 */
export function runPeerProcess(parent: ParentPort, exit: (code: number) => void): void {
  const say = (message: FromPeer): void => parent.postMessage(message)
  const started = Promise.withResolvers<RunningSeat>()
  let running: RunningSeat | undefined
  let isLeaving = false
  /** One for each window. What is said before the seat is there waits in them. */
  const windows = new Map<number, MessagePortMain>()

  const start = async (flags: Flags): Promise<void> => {
    const found = await open(flags, say)
    if (found === undefined) return exit(0)
    running = found
    started.resolve(found)
    for (const port of windows.values()) running.servePort(port)
    follow(running, say)
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
      case 'join':
        void started.promise
          .then(({ seat }) => join(seat, message.link))
          .then((refusal) => {
            if (refusal !== undefined) say({ kind: 'not-joined', refusal })
          })
        break
      case 'leave':
        isLeaving = true
        void running?.stop(leaveMillis)
    }
  })
}

/** `undefined`: it cannot start, and has said why. */
async function open(flags: Flags, say: (message: FromPeer) => void): Promise<RunningSeat | undefined> {
  const config = readPeerConfig(flags, process.env)
  if (!config.ok) {
    say({ kind: 'refused', refusal: config.error, isOption: true })
    return undefined
  }
  const tell = createPlaceTeller(say)
  try {
    return await startSeat(config.value, {
      onProgress(what, done, total) {
        const percent = Math.floor((100 * done) / Math.max(1, total))
        if (total > 0) tell({ kind: what === 'check' ? 'checking' : 'replaying', percent })
      },
    })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say({ kind: 'refused', refusal: refusalOf(error), isOption: false })
    return undefined
  }
}

/** Why the room of a link, to which the person said yes, was not entered. What is here is kept in a file, if need be. */
async function join(seat: RunningSeat['seat'], link: string): Promise<Refusal | undefined> {
  const target = parseRoomTarget(link)
  if (!target.ok) return target.error
  try {
    await seat.join(target.value, { force: true, deadlineMillis: lookMillis })
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.code === 'called-off' || error.code === 'stopping' ? undefined : refusalOf(error)
  }
}

/** An error that another process is told keeps none of its own fields. */
const refusalOf = ({ code, message, facts }: Failure): Refusal => ({ code, message, facts })

/** Says a place when it is another one than before. */
function createPlaceTeller(say: (message: FromPeer) => void): (place: Place) => void {
  let told = ''
  return (place) => {
    const text = JSON.stringify(place)
    if (text !== told) say({ kind: 'running', place })
    told = text
  }
}

/** Says where it is, and what happens there, from room to room. */
function follow({ seat }: RunningSeat, say: (message: FromPeer) => void): void {
  const tell = createPlaceTeller(say)
  let shown: Peer | undefined
  let stopWatching = (): void => {}
  const look = (): void => {
    const { peer } = seat
    tell(placeOf(seat.rooms()))
    if (peer === shown) return
    stopWatching()
    shown = peer
    stopWatching = peer === undefined ? () => {} : watch(peer, say)
  }
  seat.onChange(look)
  look()
}

function placeOf({ state, room, waiting }: RoomsView): Place {
  if (state === 'none' || room === undefined) return { kind: 'nowhere' }
  if (state === 'in') return { kind: 'in', room: room.name }
  return { kind: 'entering', room: room.name, reasons: waiting?.reasons ?? [] }
}

/** Until the returned function is called. */
function watch(peer: Peer, say: (message: FromPeer) => void): () => void {
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
  const tellHosting = (hosting: boolean): void => {
    if (hosting !== told) say({ kind: 'hosting', isHosting: hosting })
    told = hosting
  }
  tellHosting(isHosting(self, peer.auctions()))
  const stopListening = peer.subscribe((event) => {
    if (event.kind !== 'market') return
    const { kind } = event.event
    if (kind === 'auction-started' || kind === 'auction-ended') tellHosting(isHosting(self, peer.auctions()))
    if (kind !== 'outbid' && kind !== 'auction-ended') return
    const notice = noticeOf(toEvent(event, currencyOf(peer.rules().currency)), market, peer.status().time)
    if (notice !== undefined) say({ kind: 'notice', notice })
  })
  return () => {
    stopListening()
    tellHosting(false)
  }
}
