import { useReducedMotion } from '@mantine/hooks'
import { type CSSProperties, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { initialsOf } from '../parts/name.tsx'
import { type CircleLayout, layCircle, type Place, pointAt } from './circle-layout.ts'
import type { History } from './history.ts'
import type { Departure } from './membership.ts'
import type { Seen } from './seen.ts'
import { moveOn, type TokenMove, tokenPoint } from './token-move.ts'
import type { TokenStep } from './types.ts'
import { useWidth } from './use-width.ts'

export interface CircleProps {
  readonly history: History
  readonly seen: Seen
  nameOf(peer: string): string
}

/** The peers around the table, and the light that goes round. What it shows stands in words beside it. */
export function Circle(props: CircleProps) {
  const { t } = useTranslation('ring')
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const { members, outside, departures, self, token } = props.seen
  const layout = layCircle(members, outside, self, { width, height: heightFor(width) })
  const { centre, radius } = layout
  return (
    <div ref={box} className="ring-circle">
      <svg
        width={layout.width}
        height={layout.height}
        role="img"
        aria-label={t('circle', { count: members.length })}
        style={{ fontSize: 15 * layout.scale }}
      >
        <circle className="ring-line" cx={centre.x} cy={centre.y} r={radius} />
        <TokenMark {...props} layout={layout} />
        {/* One that leaves keeps its element: it is seen to go from where it was. */}
        {[
          ...layout.places.map((place) => <PeerMark key={place.peer} {...props} layout={layout} place={place} />),
          ...departures.map((departure) => (
            <PeerMark key={departure.peer} {...props} layout={layout} place={farPlace(layout, departure)} departure={departure} />
          )),
        ]}
        {layout.outside.map((place) => (
          <PeerMark key={place.peer} {...props} layout={layout} place={place} isOutside />
        ))}
        {token !== undefined && <Centre layout={layout} token={token} />}
      </svg>
    </div>
  )
}

/** Narrower than this, and the middle has room for the turn alone. */
const epochRadiusMin = 100

function Centre({ layout: { centre, radius, scale }, token }: { readonly layout: CircleLayout; readonly token: TokenStep }) {
  const { t } = useTranslation('ring')
  return (
    <>
      <text className="ring-turn-word" x={centre.x} y={centre.y - 26 * scale}>
        {t('turn')}
      </text>
      <text className="ring-turn figures" x={centre.x} y={centre.y + 4 * scale}>
        {token.turn}
      </text>
      {radius >= epochRadiusMin && (
        <text className="ring-turn-word figures" x={centre.x} y={centre.y + 28 * scale}>
          {t('epochIs', { epoch: token.epoch })}
        </text>
      )}
    </>
  )
}

/** As much of the screen as leaves the diagram in sight. */
function heightFor(width: number): number {
  return Math.round(Math.min(Math.max(280, width * 0.72), Math.max(320, window.innerHeight * 0.52)))
}

/** Outside of the circle, on the side where it stood. */
function farPlace(layout: CircleLayout, { peer, share }: Departure): Place {
  const angle = Math.PI / 2 + share * 2 * Math.PI
  const point = pointAt(layout.centre, layout.radius + layout.dot * 2.4, angle)
  return { peer, angle, ...point, name: { x: point.x, y: point.y + layout.dot + 20, anchor: 'middle' } }
}

interface PeerMarkProps extends CircleProps {
  readonly layout: CircleLayout
  readonly place: Place
  readonly departure?: Departure
  readonly isOutside?: boolean
}

function PeerMark({ layout, place, departure, isOutside = false, seen, nameOf }: PeerMarkProps) {
  const { t } = useTranslation('ring')
  const { peer, x, y, name } = place
  const told = nameOf(peer)
  const isMissed = departure?.isMissed ?? (seen.suspected.has(peer) || seen.away.has(peer))
  const isLit = departure === undefined && seen.token?.to === peer
  const classes = [
    'ring-peer',
    isMissed && 'missed',
    isLit && 'lit',
    departure !== undefined && 'gone',
    isOutside && 'outside',
    peer === seen.self && 'self',
  ]
  const at: CSSProperties = { transform: `translate(${x}px, ${y}px)` }
  const { dot, nameCharacters, scale } = layout
  const shown = [...told]
  const text = shown.length > nameCharacters ? `${shown.slice(0, Math.max(0, nameCharacters - 1)).join('')}…` : told
  return (
    <g className={classes.filter(Boolean).join(' ')} style={at} data-peer={peer}>
      <title>{told}</title>
      {seen.waiting.has(peer) && departure === undefined && <circle className="waiting" r={dot + 10 * scale} />}
      <circle className="body" r={dot} />
      {dot >= 12 * scale && (
        <text className="initials" y="0.36em">
          {initialsOf(told.replaceAll(/[\u2068\u2069]/g, ''))}
        </text>
      )}
      {nameCharacters > 0 && (
        <text className="name" x={name.x - x} y={name.y - y} textAnchor={name.anchor}>
          {peer === seen.self && nameCharacters > 8 ? `${text} (${t('you', { ns: 'common' })})` : text}
        </text>
      )}
    </g>
  )
}

/** Drawn by itself, sixty times a second: it moves when the token moves. */
function TokenMark({ history, seen: { token }, layout }: CircleProps & { readonly layout: CircleLayout }) {
  const mark = useRef<SVGCircleElement>(null)
  const move = useRef<TokenMove | undefined>(undefined)
  const isStill = useReducedMotion()
  useEffect(() => {
    let frame = 0
    const draw = (): void => {
      const now = performance.now()
      move.current = moveOn(move.current, history.token() ?? token, now)
      const point = tokenPoint(move.current, layout, isStill ? Number.POSITIVE_INFINITY : now)
      if (mark.current !== null) {
        change(mark.current, {
          visibility: point === undefined ? 'hidden' : 'visible',
          ...(point !== undefined && { cx: point.x.toFixed(1), cy: point.y.toFixed(1) }),
          'data-at': move.current?.to ?? '',
          'data-turn': String(move.current?.turn ?? ''),
          'data-moving': String(point?.isMoving ?? false),
        })
      }
      frame = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(frame)
  }, [history, token, layout, isStill])
  return <circle ref={mark} className="token" r={layout.dot + 6} />
}

/** Most of the time the token rests: an attribute that is set again makes the browser look at all that depends on it. */
function change(element: Element, attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value)
  }
}
