import { auctionText } from '../api/schemas.ts'
import type { EventView } from '../api/views.ts'
import { profileOption, valid, withPeer } from './client.ts'
import type { Call, Command } from './command.ts'
import { describeEvent } from './event-text.ts'
import { clockTime } from './output.ts'

export const auctionWatch: Command = {
  name: 'auction watch',
  summary: 'bids as they are committed, until the auction ends; without AUCTION: of all, for ever',
  operands: ['AUCTION?'],
  options: [profileOption],
  examples: ['gavelring auction watch k3XbQz-2-15', 'gavelring auction watch --json | jq .event.amount'],
  async run(call) {
    const auction = call.operands[0]
    if (auction !== undefined) valid(auctionText, auction, 'AUCTION')
    return withPeer(call, async (api) => {
      // Before the look at what there is: nothing can fall between.
      const events = await api.events({ after: 0 })
      if (auction !== undefined) {
        const found = await api.auctions.show({ auction })
        if (found.ended !== undefined) {
          call.terminal.note(`The auction has ended: ${found.ended.why}.`)
          return 0
        }
      }
      for await (const event of events) {
        if (!isOf(event, auction)) continue
        tellEvent(call, event)
        if (call.terminal.isClosed) break
        if (auction !== undefined && event.kind === 'market' && event.event.kind === 'auction-ended') break
      }
      return 0
    })
  },
}

function isOf(event: EventView, auction: string | undefined): boolean {
  if (event.kind !== 'market' || !('auction' in event.event)) return false
  return auction === undefined || event.event.auction === auction
}

function tellEvent(call: Call, event: EventView): void {
  if (call.json) return call.terminal.line(JSON.stringify(event))
  if (event.kind === 'market') call.terminal.line(`${clockTime(event.at)}  ${describeEvent(event.event)}`)
}
