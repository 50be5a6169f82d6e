import type { Room } from '../room/room.ts'
import type { History } from './history.ts'

const againMillis = 500

/**
 * Follows the ring's steps until the signal; a stream that ends is opened again. While it is open the peers of the room record
 * their frames for this one: it is open only while somebody looks.
 */
export async function followRing(
  { door, now }: Pick<Room, 'door' | 'now'>,
  history: History,
  onStep: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const api = await door.api()
      const steps = await api.ring.watch(undefined, { signal })
      history.reopen()
      for await (const step of steps) {
        history.add(step, now())
        onStep()
      }
    } catch {
      // Lost, in no room, called off, or as many streams are open as can be.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, againMillis))
  }
}
