import type { Api } from '../api/client.ts'
import type { RoomsView } from '../api/rooms.ts'
import type { StatusView } from '../api/views.ts'

/** Its status; where it is in no room, why. */
export const whereIs = (api: Api): Promise<StatusView | RoomsView> =>
  api.status().catch((error: unknown) => {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'no-room') throw error
    return api.rooms.list()
  })

/** What a person should know of a peer, though it goes on: rows of what is told of it. */
export const noticeRows = (notices: readonly { readonly text: string }[]): (readonly [name: string, text: string])[] =>
  notices.map(({ text }) => ['Beware', text])
