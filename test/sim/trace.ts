import type { Message } from '../../src/ring/message.ts'
import type { Input, Output } from '../../src/ring/types.ts'
import { epochName, letterOf, nameOf } from './names.ts'
import type { SimPeer } from './peer.ts'

/** What happened, one line each: time, peer, input, notable outputs, state. */
export interface Trace {
  line(peer: SimPeer, what: string, text: string): void
  fault(text: string): void
  step(peer: SimPeer, input: Input, outputs: readonly Output[]): void
}

export function createTrace(now: () => number, write: (line: string) => void): Trace {
  const put = (who: string, what: string, text: string): void => {
    write(`${now().toFixed(2).padStart(10)} ${who} ${what.padEnd(26)} ${text}`.trimEnd())
  }
  return {
    line: (peer, what, text) => put(letterOf(peer.index), what, text),
    fault: (text) => put('*', text, ''),
    step(peer, input, outputs) {
      const told = outputs.map(tellOutput).filter((text) => text !== '')
      if (isDull(input) && told.length === 0) return
      put(letterOf(peer.index), tellInput(input), `${told.join('; ')}  ${tellState(peer)}`)
    },
  }
}

const isDull = (input: Input): boolean => input.kind === 'tick' || input.kind === 'applied' || input.kind === 'persisted'

function tellInput(input: Input): string {
  switch (input.kind) {
    case 'receive':
      return `${nameOf(input.from)}> ${tellMessage(input.message)}`
    case 'persisted':
      return `persisted ${input.id}`
    case 'submit':
      return `submit ${input.ops.length}`
    case 'withdraw':
      return `withdraw ${input.sequence}`
    case 'applied':
      return `applied ${input.index}`
    case 'pace':
      return `pace ${input.idleHop}`
    case 'link':
      return `link ${nameOf(input.peer)} ${input.state}`
    default:
      return input.kind
  }
}

function tellOutput(output: Output): string {
  switch (output.kind) {
    case 'persist': {
      const last = output.blocks.at(-1)
      const cut = output.cutFrom === undefined ? '' : ` cut ${output.cutFrom}`
      return `persist ${output.id}${cut}${last === undefined ? '' : ` to ${last.index} of ${epochName(last.epoch)}`}`
    }
    case 'send':
      return `>${output.to.map(nameOf).join('')} ${tellMessage(output.message)}`
    case 'gossip':
      return output.message.kind === 'status' ? '' : `>* ${tellMessage(output.message)}`
    case 'apply':
      return `apply ${output.blocks[0]?.index}..${output.blocks.at(-1)?.index}`
    case 'note':
      return `[${output.note.event}${output.note.event.includes('refuse') ? ` ${JSON.stringify(output.note.facts)}` : ''}]`
    case 'serve':
      return 'through' in output.blocks
        ? `serve ${nameOf(output.to)} ${output.blocks.from}..${output.blocks.through} from the store`
        : `serve ${nameOf(output.to)} ${placesOf(output.blocks)} c${output.commit.index}`
    case 'stopped':
      return `STOPPED ${output.reason.kind}`
    case 'wake':
      return ''
  }
}

const placesOf = (blocks: readonly { readonly index: number }[]): string =>
  `${blocks[0]?.index ?? '-'}..${blocks.at(-1)?.index ?? '-'}`

function tellMessage(message: Message): string {
  switch (message.kind) {
    case 'token':
      return `token ${epochName(message.epoch)} t${message.turn} head ${message.head.index} +${message.blocks.length}`
    case 'blocks':
      return `blocks ${message.blocks.map((block) => block.index).join(',')} of ${epochName(message.epoch)}`
    case 'durable':
      return `durable ${epochName(message.epoch)} ${message.durable.index}`
    case 'status':
      return `status ${epochName(message.epoch)} d${message.durable?.index ?? '-'} c${message.commit.index} p${epochName(message.promised)}`
    case 'promise':
      return `promise ${epochName(message.epoch)} head ${message.head.index} of ${epochName(message.head.epoch)} c${message.commit.index}`
    case 'refuse':
      return `refuse ${epochName(message.epoch)} p${epochName(message.promised)}`
    case 'install': {
      const { body, index } = message.viewBlock
      return `install ${epochName(message.epoch)} #${index} ${body.kind === 'view' ? body.members.map(nameOf).join('') : ''}${body.kind === 'view' && body.lost.length > 0 ? ` lost ${body.lost.map(({ peer }) => nameOf(peer)).join('')}` : ''}`
    }
    case 'request':
      return `request ${message.purpose} above ${epochName(message.above)}${message.loss === undefined ? '' : ` loss ${message.loss}`}`
    case 'fetch':
      return `fetch ${message.what} from ${message.from}`
    case 'fetched':
      return `fetched ${message.what} ${placesOf(message.blocks)} c${message.commit.index} of ${epochName(message.commit.epoch)}`
    case 'pre-vote':
      return `pre-vote ${message.suspect === undefined ? '' : nameOf(message.suspect)}`
    case 'committed':
      return `committed ${message.commit.index}`
    default:
      return 'epoch' in message ? `${message.kind} ${epochName(message.epoch)}` : message.kind
  }
}

function tellState(peer: SimPeer): string {
  const view = peer.machine?.view
  if (view === undefined) return ''
  const hold = view.holding === undefined ? '' : ` HOLD t${view.holding}`
  const flags = `${view.active ? '' : ' inactive'}${view.membership === 'member' ? '' : ` ${view.membership}`}${hold}`
  return `{p${epochName(view.promised)} i${epochName(view.installed)} ${view.members.map(nameOf).join('')} h${view.head.index} d${view.durable} c${view.commit.index}${flags}}`
}
