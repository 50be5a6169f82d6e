import { useEffect, useRef, useSyncExternalStore } from 'react'

/** A key that does something on the screen that is shown. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has it: `Enter`, `+`, `?`. */
  readonly key: string
  /** What it does, for the list of keys. */
  readonly text: string
  run(): void
}

/** Only these are in the list, the one that was put up last on top. */
let shown: readonly { readonly current: readonly Shortcut[] }[] = []
const listeners = new Set<() => void>()

function put(next: typeof shown): void {
  shown = next
  for (const listener of [...listeners]) listener()
}

/**
 * While the calling part is shown, these keys do what they say, and stand in the list that `?` opens. A key that is typed into a
 * field is that field's; Enter and space are a button's, too.
 */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts)
  newest.current = shortcuts
  useEffect(() => {
    put([newest, ...shown])
    const onKey = (event: KeyboardEvent): void => {
      if (isElsewhere(event)) return
      const found = newest.current.find(({ key }) => key === event.key)
      if (found === undefined) return
      event.preventDefault()
      found.run()
    }
    window.addEventListener('keydown', onKey)
    return () => {
      window.removeEventListener('keydown', onKey)
      put(shown.filter((each) => each !== newest))
    }
  }, [])
}

/** What the screen that is shown understands, for the list of keys. */
export function useShownShortcuts(): readonly Shortcut[] {
  const all = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => shown,
  )
  return all.flatMap(({ current }) => current)
}

/** The key is meant for a field, a button, a dialog or the browser. */
export function isElsewhere(event: KeyboardEvent): boolean {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true
  if (document.querySelector('dialog[open]') !== null) return true
  if (!(event.target instanceof Element)) return false
  if (event.target.matches('input, textarea, select, [contenteditable]')) return true
  return (
    (event.key === 'Enter' || event.key === ' ') && event.target.matches('a, button, summary, [role="button"], [tabindex="0"]')
  )
}
