import { useSyncExternalStore } from 'react'

/** Which screen is shown stands in the address's fragment. */
export function useHash(): string {
  return useSyncExternalStore(
    (listener) => {
      window.addEventListener('hashchange', listener)
      return () => window.removeEventListener('hashchange', listener)
    },
    () => location.hash,
  )
}

export function go(hash: string): void {
  location.hash = hash
}
