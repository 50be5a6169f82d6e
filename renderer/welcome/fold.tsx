import { type ReactNode, type RefObject, useEffect, useRef } from 'react'

interface FoldProps {
  readonly id: string
  readonly isOpen: boolean
  /** The person wants it closed, by Escape. */
  onClose(): void
  readonly children: ReactNode
}

/** A form that is a click away. Only hidden: what is typed there stays, and so does what is waited for. Opened, it can be typed into. */
export function Fold({ id, isOpen, onClose, children }: FoldProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isOpen) place.current?.querySelector('input')?.focus()
  }, [isOpen])
  useEscape(place, isOpen, onClose)
  return (
    <div ref={place} id={id} hidden={!isOpen}>
      {children}
    </div>
  )
}

/** While this part of the screen is open, Escape in it closes it. */
export function useEscape(place: RefObject<HTMLElement | null>, isOpen: boolean, onClose: () => void): void {
  const close = useRef(onClose)
  close.current = onClose
  useEffect(() => {
    const { current } = place
    if (!isOpen || current === null) return
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close.current()
    }
    current.addEventListener('keydown', onKey)
    return () => current.removeEventListener('keydown', onKey)
  }, [place, isOpen])
}
