import { type RefObject, useLayoutEffect, useState } from 'react'

/** Of the element, in pixels, followed. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(320)
  useLayoutEffect(() => {
    const { current } = element
    if (current === null) return
    const look = (): void => setWidth(Math.max(200, Math.floor(current.clientWidth)))
    look()
    const observer = new ResizeObserver(look)
    observer.observe(current)
    return () => observer.disconnect()
  }, [element])
  return width
}
