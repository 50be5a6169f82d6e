import { readApiAddress } from '../../api/api-files.ts'
import { type Api, connectApi } from '../../api/client.ts'
import type { AuctionDetail } from '../../api/views.ts'
import { type Currency, currencyOf } from '../../core/currency.ts'

/** A running peer in its room, as far as a bridge is concerned; over when `gone` resolves. */
export interface PeerLink {
  readonly api: Api
  readonly self: string
  readonly room: { readonly id: string; readonly name: string; readonly currency: Currency }
  /** The last committed block when this began. */
  readonly commit: number
  /** Whether the room can write, as far as this peer is in it. */
  readonly hasQuorum: boolean
  /** Blocks in which something happened to a lot, from before `commit` was looked at on; some of them were missed at a `gap`. */
  onNews(listener: (news: 'gap' | { readonly block: number } | { readonly quorum: boolean }) => void): void
  readonly known: Known
  /** Resolves when the peer is gone, or has gone into another room. */
  readonly gone: Promise<void>
  close(): void
}

/** What was looked up and stays as it is. */
export interface Known {
  /** By what programs call them. */
  readonly accounts: Map<string, string>
  /** By number and id. */
  readonly auctions: Map<string, string>
  /** By id. How they stood then. */
  readonly lots: Map<string, AuctionDetail>
}

/** What a bridge has to hear of. */
const kinds = ['auction-started', 'bid-accepted', 'auction-ended', 'quorum'] as const
/** How long a peer may take to answer before it counts as gone, in milliseconds; and how often it is asked. */
const answerMillis = 5_000

/** The peer of this folder, as it is now. Rejects where none runs, none answers, or it is in no room. */
export async function openPeerLink(profile: string): Promise<PeerLink> {
  const address = readApiAddress(profile)
  if (address === undefined) throw new Error('no peer runs there')
  const { api, closed, close } = await connectApi(address, answerMillis)
  const gone = Promise.withResolvers<void>()
  void closed.then(() => gone.resolve())
  const end = (): void => {
    clearInterval(timer)
    close()
    gone.resolve()
  }
  let timer: NodeJS.Timeout | undefined
  try {
    let listener: Parameters<PeerLink['onNews']>[0] | undefined
    const early: Parameters<NonNullable<typeof listener>>[0][] = []
    const news = (what: (typeof early)[number]): void => void (listener === undefined ? early.push(what) : listener(what))
    // Before the look at what there is: nothing can fall between.
    const events = await within(api.events({ after: 0, filter: { kinds: [...kinds] } }))
    // The first event is `opened`; a second one would be another room's.
    await within(events.next())
    const { self, room, commit, quorum, time } = await within(api.status())
    const follow = async (): Promise<void> => {
      for await (const event of events) {
        if (event.kind === 'opened') return
        if (event.kind === 'gap') news('gap')
        else if (event.kind === 'market') news({ block: event.block })
        // Of what was before, the look has the newest word.
        else if (event.kind === 'quorum' && event.at > time) news({ quorum: event.held })
      }
    }
    follow().then(end, end)
    // A process that is stopped keeps its sockets.
    timer = setInterval(() => void within(api.rooms.list()).catch(end), answerMillis)
    return {
      known: { accounts: new Map(), auctions: new Map(), lots: new Map() },
      ...{ api, self, commit: commit.index, hasQuorum: quorum, gone: gone.promise, close: end },
      room: { id: room.id, name: room.name, currency: currencyOf(room.currency) },
      onNews(given) {
        listener = given
        for (const what of early.splice(0)) given(what)
      },
    }
  } catch (error) {
    end()
    throw error
  }
}

function within<T>(task: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the peer does not answer')), answerMillis)
    task.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
