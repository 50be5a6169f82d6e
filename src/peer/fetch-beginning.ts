import type { Crypto } from '../core/crypto.ts'
import type { PeerId, RoomId } from '../core/ids.ts'
import { blockBytesMax } from '../core/limits.ts'
import { type Block, faultOf, partsAfter, viewOf } from '../ring/block.ts'
import type { Clock } from './ports.ts'
import { firstMarket, knowsRules } from './replay.ts'
import { genesisOf, refuseGenesis, roomIdOf } from './room.ts'

/**
 * The first blocks of a room on their way to a peer that is not in it yet: the genesis block, and where the room goes on from another
 * one the parts of that one's state, in as many answers as it takes. Nothing of a room is opened before all of it is there, and is the
 * state that the genesis block names (PROTOCOL, section 5, refound).
 */
export interface WantedRoom {
  readonly id: RoomId
  readonly name: string
  /** A person asked for it by its id: then all of its parts are its founder's, however many, and may take their time. */
  readonly isChosen: boolean
}

/** `reason`: why what a peer gave is not what a room begins with. `isFault`: no honest peer gives that. */
export type FetchedBeginning = { readonly blocks: readonly Block[] } | { readonly reason: string; readonly isFault: boolean }

/**
 * Whoever knows the code can make a room up that never ends, and only the last part shows it. So what comes has to come this fast, in
 * bytes a second, once so many milliseconds are over. More: slow links keep honest newcomers out. Less: it holds them up for longer.
 */
const leastRate = 128 * 1024
const graceMillis = 5_000
/** Of a room that nobody asked for by its id: so long at most, in milliseconds, and so many bytes in memory. */
const unchosenMillis = 60_000
const unchosenBytes = 128 * 1024 * 1024
/** A state is cut into whole blocks (`foundRoomOn`): many small parts would only cost signatures. The last one is what is left. */
const partBytesLeast = blockBytesMax / 2

/**
 * `ask`: blocks from this index on, as one peer gives them; `undefined` where it says nothing. `isEnough`: whether others are to be
 * looked at after so many milliseconds.
 */
export async function fetchBeginning(
  ask: (from: number) => Promise<readonly Block[] | undefined>,
  wanted: WantedRoom,
  crypto: Crypto,
  clock: Pick<Clock, 'monotonic'>,
  isEnough: (millis: number) => boolean = () => false,
): Promise<FetchedBeginning> {
  const began = clock.monotonic()
  const given = await ask(0)
  const first = given?.[0]
  const refusal = refuseBeginning(first, wanted, crypto)
  if (refusal !== undefined) return { ...refusal, isFault: refusal.isFault && given !== undefined }
  const blocks = [first as Block]
  for (let bytes = 0; partsAfter(blocks.at(-1) as Block) > 0; ) {
    const millis = clock.monotonic() - began
    if (isTooSlow(millis, bytes, wanted) || isEnough(millis))
      return { reason: 'the state that its room goes on from comes too slowly', isFault: false }
    const parts = await ask(blocks.length)
    if (parts === undefined || parts.length === 0)
      return { reason: 'it gave only a part of the state that its room goes on from', isFault: parts !== undefined }
    const fault = takeParts(blocks, parts, crypto)
    if (fault !== undefined) return { reason: `in the state that its room goes on from, ${fault}`, isFault: true }
    for (const part of parts) bytes += part.bytes.length
  }
  const [genesisBlock, ...parts] = blocks as [Block, ...Block[]]
  const genesis = genesisOf(genesisBlock)
  const market = genesis && firstMarket(genesisBlock, genesis, crypto.hash, parts)
  if (market !== undefined && 'value' in market) return { blocks }
  return { reason: 'the state that its room goes on from cannot be read', isFault: true }
}

/** One that moved to another room meanwhile, or is of a later version, is honest. */
function refuseBeginning(
  first: Block | undefined,
  { id, name, isChosen }: WantedRoom,
  crypto: Crypto,
): { readonly reason: string; readonly isFault: boolean } | undefined {
  const genesis = first && genesisOf(first)
  const reason = refuseGenesis(first, id, name, crypto)
  if (first === undefined || genesis === undefined) return { reason: reason ?? 'it gave no genesis block', isFault: true }
  if (reason !== undefined) return { reason, isFault: roomIdOf(first) === id && knowsRules(genesis) }
  if (isChosen || partsAfter(first) * blockBytesMax <= unchosenBytes) return undefined
  return { reason: 'its room goes on from too large a state to be entered unasked: ask for it by its id', isFault: false }
}

function isTooSlow(millis: number, bytes: number, { isChosen }: WantedRoom): boolean {
  return (!isChosen && millis > unchosenMillis) || millis > graceMillis + (1_000 * bytes) / leastRate
}

/** Each is looked at as it comes, as far as one can tell: that they make the state together only the last one shows. */
function takeParts(blocks: Block[], given: readonly Block[], crypto: Crypto): string | undefined {
  const view = viewOf(blocks[0] as Block)
  for (const block of given) {
    const last = blocks.at(-1) as Block
    // What comes after the parts is for whoever is in the room.
    if (view === undefined || partsAfter(last) === 0) return undefined
    const fault = faultOfSize(block) ?? faultOf(block, last, view, crypto)
    if (fault !== undefined) return `block ${block.index}: ${fault}`
    blocks.push(block)
  }
  return undefined
}

const faultOfSize = ({ body }: Block): string | undefined =>
  body.kind === 'state' && body.left > 0 && body.part.length < partBytesLeast ? 'it is too small a part' : undefined

/** Whom to ask for the first blocks of its room, and when: for a peer that looks for its room, and one that would give way to another. */
export interface AskAgain {
  isDue(peer: PeerId): boolean
  /**
   * Since when it could be asked, or was seen first, in quarters of a second: those that wait longest come first, or a few that give
   * nothing could keep all others out, and new ones the few that gave nothing once.
   */
  dueSince(peer: PeerId): number
  /** How long it may take while other rooms wait, in milliseconds: more each time, or no large one would ever be here. */
  patienceWith(peer: PeerId): number
  /** `took`: so many milliseconds were spent on it, and it gave nothing, or what was of no use. */
  failed(peer: PeerId, took: number): void
}

/**
 * Who did not give its first blocks, or wrong ones, is asked again after so long, in milliseconds, and then after twice as long
 * each time: most often it was only cut off for a moment, or was slow. Whoever takes long to fail waits for so many times that.
 */
const askAgainFirst = 250
const askAgainMost = 10_000
const tookTimes = 5
/** Whoever knows the code can come under a new name each time: so many are remembered. */
const askedMax = 512

interface Waiting {
  readonly dueAt: number
  readonly pause: number
  readonly patience: number
}

export function createAskAgain(clock: Pick<Clock, 'monotonic'>): AskAgain {
  const asked = new Map<PeerId, Waiting>()
  const put = (peer: PeerId, waiting: Waiting): Waiting => {
    asked.delete(peer)
    asked.set(peer, waiting)
    if (asked.size > askedMax) for (const oldest of asked.keys()) if (asked.delete(oldest)) break
    return waiting
  }
  const of = (peer: PeerId): Waiting =>
    asked.get(peer) ?? put(peer, { dueAt: clock.monotonic(), pause: askAgainFirst, patience: graceMillis })
  return {
    // Seen first now, it is due now: the clock is read after that.
    isDue: (peer) => of(peer).dueAt <= clock.monotonic(),
    dueSince: (peer) => Math.floor(of(peer).dueAt / askAgainFirst),
    patienceWith: (peer) => of(peer).patience,
    failed(peer, took) {
      const { pause, patience } = of(peer)
      const most = Math.max(askAgainMost, tookTimes * took)
      put(peer, { dueAt: clock.monotonic() + pause, pause: Math.min(2 * pause, most), patience: 2 * patience })
    },
  }
}
