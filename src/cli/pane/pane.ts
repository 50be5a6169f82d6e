import { toEvent } from '../../api/to-view.ts'
import type { EventView } from '../../api/views.ts'
import type { PaneConfig } from '../../app/config.ts'
import type { RunningSeat } from '../../app/start.ts'
import { currencyOf } from '../../core/currency.ts'
import type { AccountId, AuctionId } from '../../core/ids.ts'
import { isAtLeast, type LogLevel } from '../../core/log-events.ts'
import { formatMoney } from '../../core/money.ts'
import { timeText } from '../format.ts'
import { peerNames } from '../output.ts'
import type { Terminal, Text } from '../terminal.ts'
import { createBurstGate, type Line } from './burst.ts'
import { createNewsDesk, loggedNews, type News, type RoomEyes, type Weight } from './news.ts'
import { createRingBoard, type RingSight } from './ring-board.ts'
import type { Screen } from './screen.ts'

export interface PaneOptions extends Pick<PaneConfig, 'watch'> {
  /** `json`: one object a line among the log lines, and nothing beside them. */
  readonly format: 'json' | 'text'
  /** Results are for a program: sentences go beside them. */
  readonly isBeside: boolean
  readonly terminal: Pick<Terminal, 'isScreen' | 'width' | 'height'>
  readonly screen: Screen
}

/** What a peer tells whoever sits before it, from the first moment of its room on. */
export interface Pane {
  /** Takes the picture away; lines go on. */
  still(): void
  /** Says what still waits to be summed up, and no more. */
  end(): void
}

/** The level from which on news of this weight is told, on a screen as in a log. */
const levelOf: Readonly<Record<Weight, LogLevel>> = { alarm: 'warn', result: 'warn', usual: 'info', verbose: 'debug' }

/** A picture is drawn so often at most, in milliseconds: the eye has no use for more, and the token is seldom faster. */
const drawEvery = 100
const usualWidth = 80
const usualHeight = 24

type Peer = NonNullable<RunningSeat['seat']['peer']>
type RawEvent = Parameters<Parameters<Peer['subscribe']>[0]>[0]
type RawMarketEvent = Extract<RawEvent, { kind: 'market' }>['event']

export function openPane(running: { readonly peer: Peer } & Pick<RunningSeat, 'log'>, options: PaneOptions): Pane {
  const { peer, log } = running
  const { watch, format, isBeside, terminal, screen } = options
  const { eyes, learnNames } = createEyes(peer)
  const open = peer.auctions().flatMap(({ id, endsAt, ended }) => (ended === undefined ? [[id, endsAt] as const] : []))
  const report = createNewsDesk(eyes, membersBefore(peer), open)
  const gate = createBurstGate()
  const board = createRingBoard()
  const hasPicture = watch && terminal.isScreen && !isBeside

  const show = ({ at, tone, text }: Line): void => {
    const said: Text = [`${timeText(at)}  `, tone === undefined ? text : { text, look: tone === 'good' ? 'green' : 'red' }]
    if (isBeside) screen.note(said)
    else screen.line(said)
  }

  let timer: NodeJS.Timeout | undefined
  const sumUpLater = (): void => {
    const { nextDue } = gate
    if (timer !== undefined || nextDue === undefined) return
    timer = setTimeout(
      () => {
        timer = undefined
        for (const line of gate.due(performance.now())) show(line)
        sumUpLater()
      },
      Math.max(1, nextDue - performance.now()),
    )
    timer.unref()
  }

  const write = (news: News): void => {
    if (loggedNews.has(news.event)) return
    const { event, weight, facts, text } = news
    // What is said is decided by its weight: results are told where alarms alone are.
    if (weight === 'verbose') log.always.debug(event, () => facts, text)
    else if (weight === 'alarm') log.always.warn(event, facts, text)
    else log.always.info(event, facts, text)
  }

  const say = (news: News, at: number): void => {
    if (!isAtLeast(levelOf[news.weight], log.level)) return
    if (format === 'json') return write(news)
    for (const line of gate.take(news, at, performance.now())) show(line)
    sumUpLater()
  }

  const take = (event: EventView): void => {
    if (event.kind === 'members' || event.kind === 'presence') learnNames()
    const news = report(event)
    for (const one of news) say(one, event.at)
    if (hasPicture) board.see(event, isWorthBlock(event) ? news[0]?.text : undefined)
    else if (watch && event.kind === 'members' && format === 'text') showRing(event)
  }

  /** Where nothing can be redrawn, the ring is a line whenever it changes. */
  const showRing = ({ at, members }: Extract<EventView, { kind: 'members' }>): void =>
    show({ at, tone: undefined, text: `the ring: ${members.map(eyes.nameOf).join(' → ')}` })

  const hearsAll = (): boolean => watch || log.level === 'debug'
  const listen = (event: RawEvent): void => {
    // Most of what happens in a busy room; nothing is made of it then.
    if (!hearsAll() && event.kind === 'market' && isOthersMoney(event.event, eyes)) return
    take(toEvent(event, currencyOf(peer.rules().currency)))
  }
  for (const event of peer.recentEvents()) listen(event)
  const stopListening = peer.subscribe(listen, { isForEyes: hasPicture })

  let drawn = ''
  const draw = (): void => {
    const sight = sightOf(peer, eyes)
    const size = { width: terminal.width ?? usualWidth, height: terminal.height ?? usualHeight }
    const picture = board.draw(sight, size, sight.time)
    const now = JSON.stringify([size, picture])
    if (now !== drawn) screen.show(picture)
    drawn = now
  }
  let drawing = hasPicture ? setInterval(draw, drawEvery) : undefined
  drawing?.unref()
  if (hasPicture) draw()

  const still = (): void => {
    clearInterval(drawing)
    drawing = undefined
    screen.show([])
  }
  return {
    still,
    end() {
      still()
      stopListening()
      clearTimeout(timer)
      for (const line of gate.due(Number.POSITIVE_INFINITY)) show(line)
    },
  }
}

/** Members of the view before the first event that there is. */
function membersBefore(peer: Peer): readonly string[] {
  const { entered, members, self } = peer.status()
  const first = peer.recentEvents().find((event) => event.kind === 'members')
  // Whoever has just come in was in none.
  return (first?.members ?? members).filter((member) => member !== self || entered !== 'joined')
}

/** Of the events of one operation those that say what it was. */
const isWorthBlock = (event: EventView): boolean =>
  event.kind === 'rejected' || (event.kind === 'market' && !['held', 'released', 'outbid'].includes(event.event.kind))

function isOthersMoney(event: RawMarketEvent, eyes: RoomEyes): boolean {
  if (event.kind === 'held' || event.kind === 'released') return true
  return event.kind === 'moved' && !eyes.isOwn(event.from) && !eyes.isOwn(event.to)
}

/** Names of peers that are gone, for a line about their going. */
const namesMax = 1_024

function createEyes(peer: Peer): { readonly eyes: RoomEyes; learnNames(): void } {
  const { self } = peer.status()
  const known = new Map<string, string>()
  let nameNow: (peer: string) => string = () => ''
  const learnNames = (): void => {
    const peers = peer.peers()
    if (known.size + peers.length > namesMax) known.clear()
    for (const { peer: id, name } of peers) if (name !== '') known.set(id, name)
    nameNow = peerNames([...known].map(([id, name]) => ({ peer: id, name })))
  }
  learnNames()
  const eyes: RoomEyes = {
    self,
    room: () => peer.status().room,
    isBehind() {
      const { role, behind } = peer.status()
      return role === 'learner' || behind > 0
    },
    members: () => peer.status().members,
    reachable: () => peer.status().reachable,
    nameOf: (id) => nameNow(id),
    isOwn: (account) => peer.account(account as AccountId)?.owner === self,
    lot(auction) {
      const found = peer.auction(auction as AuctionId)
      if (found === undefined) return undefined
      const { number, lot, seller, minimum } = found
      return { number, item: lot.item, seller, minimum: formatMoney(minimum, currencyOf(peer.rules().currency)) }
    },
  }
  return { eyes, learnNames }
}

function sightOf(peer: Peer, { nameOf }: RoomEyes): RingSight & { readonly time: number } {
  const { room, self, members, reachable, quorum, epoch, turn, holdsToken, time } = peer.status()
  return { room: room.name, self, members, reachable, quorum, epoch, turn, holdsToken, time, nameOf }
}
