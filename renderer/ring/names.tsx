import { createContext, type ReactNode, useContext, useRef } from 'react'
import { inText } from '../parts/name.tsx'
import { useLive, useNameOf, useRoom } from '../room/use-room.tsx'

type NameOf = (peer: string) => string

const NamesContext = createContext<NameOf | undefined>(undefined)

/** Peers that have gone are shown for a while: so many names are remembered. */
const namesMax = 500

/** Names as the ring's screen says them, those of peers that have gone as well. */
export function RingNames({ children }: { readonly children: ReactNode }) {
  const peers = useLive(useRoom().peers)
  const nameOf = useNameOf()
  const known = useRef(new Map<string, string>()).current
  for (const { peer, name } of peers ?? []) {
    if (name === '') continue
    known.delete(peer)
    known.set(peer, inText(name))
  }
  for (const oldest of known.keys()) {
    if (known.size <= namesMax) break
    known.delete(oldest)
  }
  return <NamesContext value={(peer) => known.get(peer) ?? nameOf(peer)}>{children}</NamesContext>
}

export function useRingNames(): NameOf {
  const nameOf = useContext(NamesContext)
  if (nameOf === undefined) throw new Error('a name of the ring is shown outside of it')
  return nameOf
}
