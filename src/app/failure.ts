// What `startPeer` and the stored log throw; on its own, so that small commands need not load the network for it.
export { Failure } from '../peer/ports.ts'
