import { archiveLog } from '../../src/app/room-folder.ts'
import type { Failure } from '../../src/core/failure.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import { peerNamed } from '../peer/keyed-crypto.ts'
import { genesisBy } from '../peer/log-of-blocks.ts'

/** Writes an archive, and says where it is, or what became of it. */
const [, , folder = ''] = process.argv
const block = genesisBy(peerNamed('A'))
async function* blocks() {
  for (let i = 0; i < 40; i++) yield [block]
}
process.stdout.write(await archiveLog(folder, roomIdOf(block), blocks()).catch(({ code }: Failure) => code))
