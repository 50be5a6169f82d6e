import { writeRefounded } from './machine.ts'
import { letterOf } from './names.ts'
import { endProcess, type SimPeer, startPeer } from './peer.ts'
import { isPresent } from './progress.ts'
import { createSimDisk } from './store.ts'
import { Violation } from './violation.ts'
import { after, runUntil, type World } from './world.ts'

/** How long a room of one needs to commit something, and far more. */
const patience = 5_000

/**
 * A person gives the others up, and goes on alone: a new room from what this peer has committed. All money is there, whoever
 * owned it, and the room works. The checks know the old room only, so this comes last.
 */
export async function refoundRoom(world: World): Promise<void> {
  const peer = world.peers.find((one) => isPresent(one) && !one.leaving && one.machine?.view.active === true)
  if (peer?.machine === undefined) return
  world.trace?.line(peer, 'refound', '')
  const before = moneyOf(peer)
  const beginning = peer.machine.refound()
  const { incarnation } = peer.machine.view
  for (const other of world.peers) {
    if (other.machine !== undefined) endProcess(world, other)
    other.dead = other !== peer
  }
  world.checks = undefined
  peer.disk = createSimDisk()
  await writeRefounded(world, peer.disk, beginning, incarnation)
  after(world, 0, () => startPeer(world, peer))
  let told: string | undefined
  // Before it writes anything: an auction may be due.
  await runUntil(world, world.now + 1, () => peer.machine !== undefined)
  const name = letterOf(peer.index)
  if (moneyOf(peer) !== before) throw new Violation('S4', `${name} goes on in a new room with other balances than it had`)
  if ((peer.machine?.view.incarnation ?? 0) <= incarnation)
    throw new Violation(
      'S3',
      `${name} goes on in a new room as incarnation ${peer.machine?.view.incarnation}, and was ${incarnation}`,
    )
  peer.machine?.submit({ request: undefined, operation: { kind: 'void' } }, patience).then(
    ({ outcome }) => {
      told = outcome.accepted ? 'accepted' : 'rejected'
    },
    (failure: { readonly code: string }) => {
      told = failure.code
    },
  )
  await runUntil(world, world.now + patience, () => told !== undefined)
  if (told !== 'accepted') throw new Violation('L1', `${name} writes nothing in the room that it refounded: ${told}`)
}

function moneyOf({ machine }: SimPeer): string {
  const accounts = [...(machine?.market.accounts.values() ?? [])].map(({ id, owner, available, held }) => [
    id,
    owner,
    available,
    held,
  ])
  return JSON.stringify([machine?.market.issuer, accounts.sort()])
}
