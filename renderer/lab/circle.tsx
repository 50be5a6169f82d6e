import { useReducedMotion } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { initialsOf, shortName } from '../parts/name.tsx'
import { type CircleLayout, layCircle, type Place } from '../ring/circle-layout.ts'
import { useWidth } from '../ring/use-width.ts'
import { useNameOf, useRoom } from '../room/use-room.tsx'
import { along, type Flight, flightsMax, launch, pointOf, queueShares, stillFlying } from './flights.ts'
import type { History } from './history.ts'
import type { Run } from './types.ts'

/** What is older came before somebody looked, and is not seen to move; in milliseconds. */
const recentMillis = 2_000

export interface CircleProps {
  readonly run: Run
  readonly history: History
  readonly self: string
}

/** The peers around the section: who is inside, who waits, and what they say to each other. The table beside it says it in words. */
export function Circle({ run, history, self }: CircleProps) {
  const { t } = useTranslation('lab')
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const peers = run.members.map(({ peer }) => peer)
  const layout = layCircle(peers, [], self, { width, height: heightFor(width) })
  const inside = run.inside
  const places = new Map(layout.places.map((place) => [place.peer, place]))
  return (
    <div ref={box} className="lab-circle">
      <svg
        width={layout.width}
        height={layout.height}
        role="img"
        aria-label={t('circle', { count: peers.length })}
        style={{ fontSize: 15 * layout.scale }}
      >
        <circle className="lab-line" cx={layout.centre.x} cy={layout.centre.y} r={layout.radius} />
        <Section layout={layout} count={inside.length} />
        {inside.map((peer) => {
          const place = places.get(peer)
          if (place === undefined) return null
          const { centre, dot } = layout
          const [from, to] = [along(place, centre, dot, 0), along(centre, place, sectionRadius(layout), 0)]
          return <line key={peer} className="lab-holds" x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
        })}
        <Waiting run={run} layout={layout} places={places} />
        {/* What is told of one that is over, all at once, has moved long ago. */}
        {run.ended === undefined && <Messages history={history} layout={layout} places={places} />}
        {layout.places.map((place) => (
          <PeerMark key={place.peer} run={run} layout={layout} place={place} self={self} />
        ))}
      </svg>
    </div>
  )
}

/** As much of the screen as leaves the rest in sight. */
const heightFor = (width: number): number =>
  Math.round(Math.min(Math.max(280, width * 0.72), Math.max(320, window.innerHeight * 0.52)))

type Places = ReadonlyMap<string, Place>

const sectionRadius = ({ scale }: CircleLayout): number => 26 * scale

/** In the middle: what only one may use at a time. */
function Section({ layout, count }: { readonly layout: CircleLayout; readonly count: number }) {
  const { centre, scale } = layout
  return (
    <g className={count > 1 ? 'lab-section bad' : count === 1 ? 'lab-section taken' : 'lab-section'} data-inside={count}>
      <circle cx={centre.x} cy={centre.y} r={sectionRadius(layout)} />
      <text className="figures" x={centre.x} y={centre.y + 6 * scale}>
        {count}
      </text>
    </g>
  )
}

interface PeerMarkProps {
  readonly run: Run
  readonly layout: CircleLayout
  readonly place: Place
  readonly self: string
}

function PeerMark({ run, layout, place, self }: PeerMarkProps) {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const { peer, x, y, name } = place
  const told = nameOf(peer)
  const member = run.members.find((one) => one.peer === peer)
  const part = run.inside.includes(peer) ? 'inside' : (member?.part ?? 'absent')
  const { dot, nameCharacters, scale } = layout
  const shown = [...told]
  const text = shown.length > nameCharacters ? `${shown.slice(0, Math.max(0, nameCharacters - 1)).join('')}…` : told
  return (
    <g className={`lab-peer ${part}`} transform={`translate(${x} ${y})`} data-peer={peer} data-part={part}>
      <title>{`${told}: ${t(`part_${part}`)}`}</title>
      {part === 'waiting' && <circle className="waiting" r={dot + 8 * scale} />}
      <circle className="body" r={dot} />
      {dot >= 12 * scale && (
        <text className="initials" y="0.36em">
          {initialsOf(told.replaceAll(/[\u2068\u2069]/g, ''))}
        </text>
      )}
      {nameCharacters > 0 && (
        <text className="name" x={name.x - x} y={name.y - y} textAnchor={name.anchor}>
          {peer === self && nameCharacters > 8 ? `${text} (${t('you', { ns: 'common' })})` : text}
        </text>
      )}
    </g>
  )
}

interface OnLines {
  readonly layout: CircleLayout
  readonly places: Places
}

/** Step mode: each waiting message beside its sender, on its way to its receiver. */
function Waiting({ run: { held }, layout, places }: OnLines & { readonly run: Run }) {
  const shares = queueShares(held)
  const [first] = held
  return (
    <g className="lab-waiting">
      {held.map(({ id, from, to, message }) => {
        const [start, end] = [places.get(from), places.get(to)]
        if (start === undefined || end === undefined) return null
        const point = along(start, end, layout.dot, shares.get(id) ?? 0)
        return (
          <g key={id} transform={`translate(${point.x} ${point.y})`} className={id === first?.id ? 'first' : undefined}>
            <title>{shortName(message.kind)}</title>
            <circle r={5 * layout.scale} />
          </g>
        )
      })}
    </g>
  )
}

/** So many have their kinds beside them; more would cover each other. */
const labelledMax = 5

/** Messages on their way, drawn by itself as the screen is: the rest of the page need not follow. */
function Messages({ history, layout, places }: OnLines & { readonly history: History }) {
  const group = useRef<SVGGElement>(null)
  const room = useRoom()
  const isStill = useReducedMotion()
  const newest = useRef({ layout, places })
  newest.current = { layout, places }
  useEffect(() => {
    if (isStill) return
    let flights: readonly Flight[] = []
    let frame = 0
    const draw = (): void => {
      const now = performance.now()
      flights = stillFlying(flights, now)
      place(group.current, flights, newest.current, now)
      frame = flights.length === 0 ? 0 : requestAnimationFrame(draw)
    }
    const stop = history.onSent(({ peer, other, message, purpose, at }) => {
      if (other === undefined || document.hidden || room.now() - at > recentMillis) return
      flights = launch(flights, {
        ...{ from: peer, to: other, kind: shortName(message?.kind ?? ''), isOverhead: purpose === 'overhead' },
        startedAt: performance.now(),
      })
      if (frame === 0) frame = requestAnimationFrame(draw)
    })
    return () => {
      stop()
      cancelAnimationFrame(frame)
    }
  }, [history, room, isStill])
  return (
    <g ref={group} className="lab-flights">
      {Array.from({ length: flightsMax }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: places for messages, which are all alike
        <g key={index} visibility="hidden">
          <circle r={5 * layout.scale} />
          <text y={-9 * layout.scale} />
        </g>
      ))}
    </g>
  )
}

function place(group: SVGGElement | null, flights: readonly Flight[], { layout, places }: OnLines, now: number): void {
  if (group === null) return
  for (const [index, element] of [...group.children].entries()) {
    const flight = flights[index]
    const [from, to] = [places.get(flight?.from ?? ''), places.get(flight?.to ?? '')]
    const isSeen = flight !== undefined && from !== undefined && to !== undefined
    if (element.getAttribute('visibility') !== (isSeen ? 'visible' : 'hidden'))
      element.setAttribute('visibility', isSeen ? 'visible' : 'hidden')
    if (!isSeen) continue
    const { x, y } = pointOf(flight, from, to, layout.dot, now)
    element.setAttribute('transform', `translate(${x.toFixed(1)} ${y.toFixed(1)})`)
    element.setAttribute('class', flight.isOverhead ? 'overhead' : '')
    const label = element.lastElementChild
    const text = flights.length <= labelledMax ? flight.kind : ''
    if (label !== null && label.textContent !== text) label.textContent = text
  }
}
