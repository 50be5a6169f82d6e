/** Where the peers are drawn. Screen angles: 0 to the right, growing clockwise; lengths in pixels of the drawing. */

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Place extends Point {
  readonly peer: string
  readonly angle: number
  readonly name: Point & { readonly anchor: 'start' | 'middle' | 'end' }
}

export interface CircleLayout {
  readonly width: number
  readonly height: number
  readonly centre: Point
  readonly radius: number
  /** Of the circle of one peer. */
  readonly dot: number
  readonly places: readonly Place[]
  /** Those that follow and are not in the ring: below it, in a row. */
  readonly outside: readonly Place[]
  /** Of all that is drawn: larger on the wall. */
  readonly scale: number
  /** So many characters of a name have room; 0: none, the circle is too full. */
  readonly nameCharacters: number
}

/** A screen that is seen from far away. */
const wall = { width: 900, height: 540, scale: 1.5 }
const dotMin = 3
/** Names of more would lie on each other. */
export const namedMax = 28
const bottom = Math.PI / 2

/**
 * In ring order, clockwise, `self` at the bottom; where it is not in the ring the first member stands on top.
 * @param width of the drawing; @param height of the circle with its names, what is outside comes below it
 */
export function layCircle(
  members: readonly string[],
  outside: readonly string[],
  self: string,
  { width, height }: { readonly width: number; readonly height: number },
): CircleLayout {
  const scale = width >= wall.width && height >= wall.height ? wall.scale : 1
  const { dotMax, gap, lineHeight, characterWidth, edge, outsideHeight } = sizesAt(scale)
  const isNamed = members.length <= namedMax
  const nameWidth = isNamed ? Math.min(150 * scale, Math.max(56, width * 0.17)) : 0
  const radius = Math.max(40, Math.min(width / 2 - nameWidth - gap - dotMax, height / 2 - edge - dotMax))
  const centre = { x: width / 2, y: height / 2 }
  const share = members.length === 0 ? 2 * Math.PI : (2 * Math.PI) / members.length
  const dot = Math.min(dotMax, Math.max(dotMin, radius * Math.sin(Math.min(share, Math.PI) / 2) * 0.8))
  const own = members.indexOf(self)
  const start = own === -1 ? -bottom : bottom - own * share
  return {
    width,
    height: outside.length > 0 ? height + outsideHeight : height,
    centre,
    radius,
    dot,
    places: members.map((peer, at) => {
      const angle = start + at * share
      return { peer, angle, ...pointAt(centre, radius, angle), name: namePlace(centre, radius + dot + gap, angle, scale) }
    }),
    outside: outside.map((peer, at) => {
      const x = ((at + 0.5) / outside.length) * width
      const y = height + dotMax
      return {
        peer,
        angle: bottom,
        x,
        y,
        name: { x, y: y + Math.min(dotMax, width / outside.length / 3) + lineHeight, anchor: 'middle' },
      }
    }),
    scale,
    nameCharacters: isNamed ? Math.floor(nameWidth / characterWidth) : 0,
  }
}

function sizesAt(scale: number) {
  const [dotMax, gap, lineHeight] = [22 * scale, 16 * scale, 18 * scale]
  return {
    dotMax,
    /** Between the circle of a peer and its name. */
    gap,
    lineHeight,
    characterWidth: 8 * scale,
    /** A name below a peer at the bottom, with its ring of waiting. */
    edge: lineHeight + gap + 14 * scale,
    outsideHeight: 76 * scale,
  }
}

export const pointAt = ({ x, y }: Point, radius: number, angle: number): Point => ({
  x: x + radius * Math.cos(angle),
  y: y + radius * Math.sin(angle),
})

/** Outside of the circle; beside it on its sides, above and below it at its top and bottom. */
function namePlace(centre: Point, radius: number, angle: number, scale: number): Place['name'] {
  const { gap, lineHeight } = sizesAt(scale)
  const { x, y } = pointAt(centre, radius, angle)
  const [sideways, downwards] = [Math.cos(angle), Math.sin(angle)]
  if (Math.abs(sideways) < 0.3) return { x, y: y + (downwards > 0 ? lineHeight : -gap), anchor: 'middle' }
  // The letters' middle, not their base line, is at the height of the peer.
  return { x, y: y + lineHeight * (0.3 + 0.35 * downwards), anchor: sideways > 0 ? 'start' : 'end' }
}

/** How far it is from one angle to another in ring order: from 0 to a whole turn. */
export function clockwise(from: number, to: number): number {
  const turn = 2 * Math.PI
  return (((to - from) % turn) + turn) % turn
}
