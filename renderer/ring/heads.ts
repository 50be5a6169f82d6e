import type { Look } from './kinds.ts'

/** The heads of the arrows as SVG paths: pointing to the right, with the tip at 0, 0. For the canvas and for the legend. */
export const heads: Readonly<Record<Look['head'], { readonly path: string; readonly isFilled: boolean }>> = {
  triangle: { path: 'M0 0L-10 -5L-10 5Z', isFilled: true },
  open: { path: 'M-8 -5L0 0L-8 5', isFilled: false },
  square: { path: 'M0 -3.5H-7V3.5H0Z', isFilled: true },
  circle: { path: 'M0 0A3.2 3.2 0 1 1 -6.4 0A3.2 3.2 0 1 1 0 0Z', isFilled: true },
  bar: { path: 'M0 -4V4', isFilled: false },
  diamond: { path: 'M0 0L-5 -4.5L-10 0L-5 4.5Z', isFilled: true },
  cross: { path: 'M-6 -3.5L0 3.5M-6 3.5L0 -3.5', isFilled: false },
}
