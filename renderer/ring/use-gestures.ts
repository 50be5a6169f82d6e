import { type RefObject, useEffect, useRef } from 'react'

export interface Gestures {
  /** Whether there is something that can be pressed. Pixels from the upper left corner. */
  find(x: number, y: number): boolean
  onPress(x: number, y: number): void
  /** To the right: above 0. */
  onPan(pixels: number): void
  /** Below 1: nearer, around this place. */
  onZoom(factor: number, x: number): void
}

/** A press that moves further than this drags. */
const dragPixels = 4

/** Dragging pans, two fingers and the wheel with Ctrl zoom, a wheel to the side pans; the wheel alone is the page's. */
export function useGestures(element: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const newest = useRef(gestures)
  newest.current = gestures
  useEffect(() => {
    const { current: target } = element
    if (target === null) return
    const pointers = new Map<number, { x: number; y: number }>()
    let isDrag = false
    let from = { x: 0, y: 0 }
    const placeOf = (event: MouseEvent) => {
      const { left, top } = target.getBoundingClientRect()
      return { x: event.clientX - left, y: event.clientY - top }
    }
    const apart = (): number => {
      const [a, b] = [...pointers.values()]
      return a === undefined || b === undefined ? 0 : Math.abs(a.x - b.x)
    }

    const onDown = (event: PointerEvent): void => {
      if (event.button !== 0) return
      if (pointers.size === 0) {
        isDrag = false
        from = placeOf(event)
      } else isDrag = true
      pointers.set(event.pointerId, placeOf(event))
    }
    const onMove = (event: PointerEvent): void => {
      const place = placeOf(event)
      const before = pointers.get(event.pointerId)
      if (before === undefined) {
        target.style.cursor = newest.current.find(place.x, place.y) ? 'pointer' : 'grab'
        return
      }
      if (!isDrag && Math.hypot(place.x - from.x, place.y - from.y) < dragPixels) return
      isDrag = true
      // From here on the pointer is ours, wherever it goes: a press keeps its own click.
      if (!target.hasPointerCapture(event.pointerId)) target.setPointerCapture(event.pointerId)
      const was = apart()
      pointers.set(event.pointerId, place)
      if (pointers.size === 1) newest.current.onPan(place.x - before.x)
      else if (was > 0 && apart() > 0) newest.current.onZoom(was / apart(), place.x)
    }
    const onUp = (event: PointerEvent): void => {
      const isPress = pointers.delete(event.pointerId) && !isDrag && pointers.size === 0
      const { x, y } = placeOf(event)
      if (isPress) newest.current.onPress(x, y)
    }
    const onCancel = (event: PointerEvent): void => {
      pointers.delete(event.pointerId)
    }
    const onWheel = (event: WheelEvent): void => {
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey
      if (!event.ctrlKey && !event.metaKey && !isSideways) return
      event.preventDefault()
      if (isSideways) newest.current.onPan(-(event.deltaX || event.deltaY))
      else newest.current.onZoom(Math.exp(event.deltaY / 300), placeOf(event).x)
    }
    target.addEventListener('pointerdown', onDown)
    target.addEventListener('pointermove', onMove)
    target.addEventListener('pointerup', onUp)
    target.addEventListener('pointercancel', onCancel)
    target.addEventListener('wheel', onWheel, { passive: false })
    return () => {
      target.removeEventListener('pointerdown', onDown)
      target.removeEventListener('pointermove', onMove)
      target.removeEventListener('pointerup', onUp)
      target.removeEventListener('pointercancel', onCancel)
      target.removeEventListener('wheel', onWheel)
    }
  }, [element])
}
