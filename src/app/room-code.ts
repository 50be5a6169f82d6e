import { roomPrologue } from '../io/transport/prologue.ts'

/**
 * What a room code becomes takes a third of a second of a core, on a thread of its own: begun as soon as the code is known, it
 * is done when the network has been loaded. It is kept for whoever asks for it then, and so is its failure.
 */
export function beginRoomCode(room: string, code: string): void {
  roomPrologue(room, code).catch(() => {})
}
