import { runPeerProcess } from './peer-process.ts'

// The file that the main process forks. Text of a log line that nobody reads must not end the peer.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
runPeerProcess(process.parentPort, (code) => process.exit(code))
