import type { Api } from '../../src/api/client.ts'

/** Which rooms there are, and where this peer is among them. */
export type RoomsView = Awaited<ReturnType<Api['rooms']['list']>>
export type RoomInSight = RoomsView['inSight'][number]
