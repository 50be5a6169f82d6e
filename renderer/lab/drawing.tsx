import type { Cones } from '../../src/mutex/happened-before.ts'
import type { SpaceTime } from '../../src/mutex/space-time.ts'
import type { LabEvent, PeerEvent } from './types.ts'
import { findEvent, withRoom } from './window.ts'

/** Room for the ticks below, and for the epochs above. */
export const [foot, head] = [24, 18]

export type Clock = 'lamport' | 'vector'

export interface DrawingProps {
  readonly drawing: SpaceTime
  readonly events: readonly LabEvent[]
  readonly clock: Clock
  readonly chosen: number | undefined
  readonly cones: Cones | undefined
  /** Too many events for this much room: only lines and stays. */
  readonly isFull: boolean
  onChoose(number: number): void
}

/** The diagram as it is seen; all of it can be read in words, too, one event at a time. */
export function Drawing({ drawing, events, clock, chosen, cones, isFull, onChoose }: DrawingProps) {
  const { width, height, lines, stays, marks, arrows, views, ticks } = drawing
  /** Where it stands to what is chosen. */
  const relation = (...numbers: readonly (number | undefined)[]): string => {
    if (cones === undefined) return ''
    const isIn = (set: ReadonlySet<number>): boolean =>
      numbers.every((one) => one === undefined || one === chosen || set.has(one))
    return numbers.every((one) => one === chosen) ? 'chosen' : isIn(cones.past) ? 'past' : isIn(cones.future) ? 'future' : 'apart'
  }
  const peers = lines.map(({ peer }) => peer)
  const textOf = (number: number, lamport: number): string =>
    clock === 'lamport' ? String(lamport) : vectorText(findEvent(events, number), peers)
  const labels = withRoom(
    isFull ? [] : marks.map(({ number, lamport, x, y }) => ({ number, x, y, text: textOf(number, lamport) })),
    chosen,
  )
  return (
    <svg
      width={width}
      height={height + head + foot}
      aria-hidden="true"
      onClick={(click) => {
        const mark = click.target instanceof Element ? click.target.closest('[data-number]') : null
        if (mark !== null) onChoose(Number(mark.getAttribute('data-number')))
      }}
    >
      <defs>
        <marker
          id="lab-head"
          viewBox="0 0 8 8"
          refX="8"
          refY="4"
          markerWidth="9"
          markerHeight="9"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path className="lab-tip" d="M0 0L8 4L0 8Z" />
        </marker>
      </defs>
      <g transform={`translate(0 ${head})`}>
        {views.map(({ number, x, epoch }) => (
          <g key={number} className="lab-view">
            <path d={`M${x} -4V${height}`} />
            <text x={x + 3} y={-6}>
              {epoch}
            </text>
          </g>
        ))}
        {lines.map(({ peer, y }) => (
          <path key={peer} className="lab-row" d={`M0 ${y}H${width}`} />
        ))}
        {stays.map(({ number, x1, x2, y, isViolated }) => (
          <rect
            key={number}
            className={`${isViolated ? 'lab-stay bad' : 'lab-stay'} ${relation(number)}`}
            x={x1}
            y={y - 8}
            width={Math.max(2, x2 - x1)}
            height={16}
            rx={3}
          />
        ))}
        {!isFull &&
          arrows.map(({ sent, received, x1, y1, x2, y2, purpose, isLost }) => (
            <path
              key={`${sent ?? ''}-${received ?? ''}`}
              className={`lab-arrow ${purpose ?? ''} ${isLost ? 'open' : ''} ${relation(sent, received)}`}
              d={`M${x1} ${y1}L${x2} ${y2}`}
              markerEnd={isLost ? undefined : 'url(#lab-head)'}
            />
          ))}
        {!isFull &&
          marks.map(({ number, what, x, y }) => (
            <g
              key={number}
              className={`lab-mark ${what} ${relation(number)}`}
              data-number={number}
              transform={`translate(${x} ${y})`}
            >
              <circle className="reach" r={11} />
              <Shape what={what} />
            </g>
          ))}
        {labels.map(({ number, x, y, text }) => (
          <text key={number} className={`lab-label ${relation(number)}`} x={x} y={y - 11}>
            {text}
          </text>
        ))}
        {ticks.map(({ x, value }) => (
          <g key={value} className="lab-tick">
            <path d={`M${x} ${height}v5`} />
            <text x={x} y={height + 18}>
              {value}
            </text>
          </g>
        ))}
      </g>
    </svg>
  )
}

/** An entry is full, its end is empty, a wish stands, a message is a dot: not told by colour. */
export function Shape({ what }: { readonly what: PeerEvent['what'] }) {
  switch (what) {
    case 'entered':
      return <circle r={5.5} />
    case 'released':
    case 'left':
      return <circle className="empty" r={5} />
    case 'wished':
      return <path className="stroke" d="M0 -8V8" />
    case 'began':
      return <rect x={-3.5} y={-3.5} width={7} height={7} />
    case 'sent':
    case 'received':
      return <circle r={2.6} />
  }
}

/** In the order of the lines: `2,0,5`. */
function vectorText(event: PeerEvent | undefined, peers: readonly string[]): string {
  const counts = new Map(event?.vector.map(({ peer, count }) => [peer, count]))
  return peers.map((peer) => counts.get(peer) ?? 0).join(',')
}
