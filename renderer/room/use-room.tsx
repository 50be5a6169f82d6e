import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { mayDo, type ProcedureName, type Role, roleNeeded } from '../../src/api/procedures.ts'
import type { PeerView, RefusalCode, StatusView } from '../../src/api/views.ts'
import type { ShellState } from './desktop.ts'
import type { Live } from './live.ts'
import type { DoorState } from './open-door.ts'
import type { Room } from './room.ts'
import type { RoomsView } from './rooms.ts'

const RoomContext = createContext<Room | undefined>(undefined)

export function RoomProvider({ room, children }: { readonly room: Room; readonly children: ReactNode }) {
  return <RoomContext value={room}>{children}</RoomContext>
}

export function useRoom(): Room {
  const room = useContext(RoomContext)
  if (room === undefined) throw new Error('a part of the room is shown outside of it')
  return room
}

/** The newest answer, or `undefined` before the first. */
export const useLive = <T,>(live: Live<T>): T | undefined => useSyncExternalStore(live.subscribe, live.read)

/** The code of the refusal, if it was refused. */
export const useFailure = <T,>(live: Live<T>): RefusalCode | undefined => useSyncExternalStore(live.subscribe, live.failure)

export const useStatus = (): StatusView | undefined => useLive(useRoom().status)

/** Where this peer is among the rooms; `undefined`: not told yet. */
export const useRooms = (): RoomsView | undefined => useLive(useRoom().rooms)

/** The room's time, seen anew every so many milliseconds. */
export function useRoomTime(everyMillis: number): number {
  const room = useRoom()
  const [time, setTime] = useState(room.now)
  useEffect(() => {
    const timer = setInterval(() => setTime(room.now()), everyMillis)
    return () => clearInterval(timer)
  }, [room, everyMillis])
  return time
}

export const useDoorState = (): DoorState => {
  const { door } = useRoom()
  return useSyncExternalStore(door.onChange, () => door.state)
}

/** What this page is let do, by the token that it was opened with. */
export function useRole(): { readonly role: Role; needed(to: ProcedureName): Role; may(to: ProcedureName): boolean } {
  const { role } = useRoom().door
  return { role, needed: (to) => roleNeeded[to], may: (to) => mayDo(role, roleNeeded[to]) }
}

/** What the desktop app says of the peer’s process. */
export const useShell = (): ShellState | undefined => {
  const { door } = useRoom()
  return useSyncExternalStore(door.onChange, () => door.shell)
}

/** What a peer is called here; the end of its id where nobody has told its name. */
export function useNameOf(): (peer: string) => string {
  const peers = useLive(useRoom().peers)
  return (peer) => nameIn(peers, peer)
}

const nameIn = (peers: readonly PeerView[] | undefined, peer: string): string =>
  peers?.find((each) => each.peer === peer)?.name || `…${peer.slice(-6)}`
