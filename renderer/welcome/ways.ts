import { createContext, useContext } from 'react'

/** What the screen of the rooms wants to know of its forms. */
export interface Ways {
  /** Somebody has asked for a room by one of them. */
  onTry(way: 'join' | 'create'): void
}

export const WaysContext = createContext<Ways>({ onTry: () => {} })

export const useWays = (): Ways => useContext(WaysContext)

/** Into a room that is not in the list, by the name of its text. */
export const otherWays = ['create', 'joinBy'] as const
export type Way = (typeof otherWays)[number]
