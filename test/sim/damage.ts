import type { Random } from '../../src/core/random.ts'
import type { Medium } from '../support/fake-disk.ts'
import { restartDelay } from './choose.ts'
import { mayLose } from './disk-faults.ts'
import { crashPeer, restartLater, type SimPeer } from './peer.ts'
import { after, type World } from './world.ts'

/**
 * What real disks were seen to do without a word. By chance of its own, in some worlds: all else in a world is the same with it and
 * without, until the first damage is done.
 */
export function startDamage(world: World, until: number): void {
  const { diskRandom } = world
  if (!diskRandom.chance(0.3)) return
  const every = 500 + diskRandom.below(6_000)
  const next = (): void =>
    after(world, diskRandom.next() * 2 * every, () => {
      if (world.now >= until) return
      damage(world)
      next()
    })
  next()
}

function damage(world: World): void {
  const { diskRandom, peers } = world
  const peer = peers[diskRandom.below(peers.length)] as SimPeer
  const { disk } = peer
  if (disk?.meta === undefined || disk.isDamaged || peer.doubtful !== undefined || !mayLose(world, peer)) return
  const { name, isSafe, task } = damages[diskRandom.below(damages.length)] as Damage
  // Found at a read, or at the next start; what takes newer rows for older ones needs a process that no longer writes.
  const stays = isSafe && peer.machine !== undefined && diskRandom.chance(0.3)
  if (!stays && peer.machine !== undefined) {
    crashPeer(world, peer)
    restartLater(world, peer, restartDelay(world))
  }
  const { medium } = disk
  if (!isSafe && !isWitnessed(medium)) return
  if (!task(medium, diskRandom, peers)) return
  disk.isDamaged = true
  world.trace?.line(peer, name, '')
}

interface Damage {
  readonly name: string
  /** It is found whatever the witness knows: there need not be a testimony of the newest batch. */
  readonly isSafe: boolean
  /** False where there is nothing to do it to. */
  readonly task: (medium: Medium, random: Random, peers: readonly SimPeer[]) => boolean
}

const damages: readonly Damage[] = [
  {
    name: 'a synced batch is dropped',
    isSafe: false,
    task(medium, random) {
      const dropped = random.below(medium.undo.length)
      medium.drop((_, place) => place === dropped)
      return medium.undo.length > 0
    },
  },
  {
    name: 'the journal is emptied',
    isSafe: false,
    task(medium) {
      medium.drop(() => true)
      return true
    },
  },
  {
    name: 'a byte of a row is flipped',
    isSafe: true,
    task({ rows }, random) {
      const key = anyOf(rows.keys, random)
      const value = key === undefined ? undefined : rows.get(key)
      if (key === undefined || value === undefined || value.length === 0) return false
      rows.set(key, flipped(value, random))
      return true
    },
  },
  {
    name: 'a byte of a key is flipped',
    isSafe: true,
    task({ rows }, random) {
      const key = anyOf(rows.keys, random)
      if (key === undefined) return false
      const value = rows.get(key)
      rows.set(key, undefined)
      rows.set(Buffer.from(flipped(Buffer.from(key, 'latin1'), random)).toString('latin1'), value)
      return true
    },
  },
  {
    name: 'a slot of the witness is damaged',
    isSafe: true,
    task: (medium, random) => spoilSlots(medium, random, [random.below(2)]),
  },
  { name: 'both slots are damaged', isSafe: true, task: (medium, random) => spoilSlots(medium, random, [0, 1]) },
  {
    name: 'the witness is gone',
    isSafe: true,
    task: ({ files }) => files.delete('witness'),
  },
  {
    name: 'the witness of another',
    isSafe: true,
    task({ files }, random, peers) {
      const witness = anyOf(peers, random)?.disk?.medium.files.get('witness')
      if (witness === undefined) return false
      files.set('witness', new Uint8Array(witness))
      return true
    },
  },
  {
    name: 'LevelDB is gone',
    isSafe: true,
    task(medium) {
      medium.rows.clear()
      medium.undo = []
      medium.hasDatabase = false
      return true
    },
  },
  {
    name: 'LevelDB cannot be read',
    isSafe: true,
    task(medium) {
      medium.isUnreadable = true
      return true
    },
  },
]

const anyOf = <T>(list: readonly T[], random: Random): T | undefined => list[random.below(list.length)]

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const other = new Uint8Array(bytes)
  const place = random.below(other.length)
  other[place] = (other[place] as number) ^ (1 << random.below(8))
  return other
}

const slotBytes = 4096

function spoilSlots({ files }: Medium, random: Random, slots: readonly number[]): boolean {
  const witness = files.get('witness')
  if (witness === undefined) return false
  for (const slot of slots) {
    const place = slot * slotBytes + random.below(80)
    witness[place] = (witness[place] as number) ^ (1 << random.below(8))
  }
  return true
}

/** A slot repeats the head row as it is now. */
function isWitnessed({ rows, files }: Medium): boolean {
  const [head, witness] = [rows.get('r'), files.get('witness')]
  if (head === undefined || witness === undefined) return false
  return [0, slotBytes].some((at) => Buffer.compare(witness.subarray(at, at + head.length), head) === 0)
}
