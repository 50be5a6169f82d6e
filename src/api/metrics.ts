import { readdir, stat, statfs } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { ORPCError } from '@orpc/client'
import client from 'prom-client'
import type { Peer } from '../peer/peer.ts'
import type { Meter } from './caller.ts'
import { whyNotReady } from './health.ts'
import type { Seat } from './seat.ts'
import type { Sockets } from './sockets.ts'
import type { Streams } from './streams.ts'

export interface MetricsOptions {
  readonly seat: Seat
  /** The profile folder, whose disk is measured; `undefined`: none is. */
  readonly profile: string | undefined
  readonly version: string
  /** Is told each call from now on. */
  readonly meter: Meter
  readonly sockets: Pick<Sockets, 'counts'>
  readonly streams: Streams
}

/**
 * What Prometheus asks for. Loaded with the first question, since most peers are never asked: what is counted is counted from then on,
 * which a counter's rate does not mind. Names begin with `gavelring_` and end with a base unit; those of the process are its own
 * (`process_`, `nodejs_`). They stay: boards and alarms are built on them.
 */
export interface Metrics {
  tell(): Promise<{ readonly contentType: string; readonly text: string }>
  /** A request has come. */
  began(request: IncomingMessage, response: ServerResponse): void
  /** One was refused before it was answered. */
  refused(status: number): void
  stop(): void
}

/** In seconds, from what a cached answer takes to a commit that waits for a new epoch. */
const secondsBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

export function createMetrics({ seat, profile, version, meter, sockets, streams }: MetricsOptions): Metrics {
  const registry = new client.Registry()
  const registers = [registry]
  client.collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, read: () => number | undefined): void => {
    new client.Gauge({
      ...{ name, help, registers },
      collect() {
        const value = read()
        if (value === undefined) this.reset()
        else this.set(value)
      },
    })
  }
  /** Of the room that it is in; while it is in none, there is none to tell of. */
  const ofPeer = (name: string, help: string, read: (peer: Peer) => number | undefined): void =>
    gauge(name, help, () => seat.peer && read(seat.peer))
  const ofStatus = (name: string, help: string, read: (status: ReturnType<Peer['status']>) => number): void =>
    ofPeer(name, help, (peer) => read(peer.status()))

  new client.Gauge({ name: 'gavelring_build_info', help: 'The version that runs; always 1.', labelNames: ['version'], registers })
    .labels(version)
    .set(1)
  gauge('gavelring_ready', '1: a member with a quorum that has all that the room has.', () =>
    Number(whyNotReady(seat) === undefined),
  )
  gauge('gavelring_in_room', '1: it is in a room.', () => Number(seat.peer !== undefined))
  ofStatus('gavelring_member', '1: it is a member of the ring.', ({ role }) => Number(role === 'member'))
  ofStatus('gavelring_quorum', '1: enough members are reachable to commit.', ({ quorum }) => Number(quorum))
  ofStatus('gavelring_members', 'Members of the ring.', ({ members }) => members.length)
  ofStatus('gavelring_members_reachable', 'Members that are reachable, this peer included.', ({ reachable }) => reachable.length)
  ofStatus(
    'gavelring_epoch',
    'Number of the epoch: each change of the members, or of what they agree on, begins one.',
    ({ epoch }) => Number.parseInt(epoch, 10),
  )
  ofStatus('gavelring_turn', 'Turn of the token in this epoch.', ({ turn }) => turn)
  ofStatus('gavelring_holds_token', '1: the token is here.', ({ holdsToken }) => Number(holdsToken))
  ofStatus('gavelring_block_head', 'Index of the last block that is here.', ({ head }) => head)
  ofStatus('gavelring_block_durable', 'Index of the last block that is on disk here.', ({ durable }) => durable)
  ofStatus('gavelring_block_committed', 'Index of the last committed block.', ({ commit }) => commit.index)
  ofStatus('gavelring_blocks_behind', 'Blocks that the others have and this peer lacks.', ({ behind }) => behind)
  ofStatus('gavelring_pending_operations', 'Own operations that are not committed yet.', ({ pending }) => pending)
  ofPeer('gavelring_token_requests', 'Members that wait for the token.', (peer) => peer.ring().requests.length)
  ofPeer('gavelring_members_suspected', 'Members that are missed here.', (peer) => peer.ring().suspected.length)
  ofPeer('gavelring_fault_proofs', 'Proof of faults of members that is kept here.', (peer) => peer.proofs().length)
  gauge('gavelring_api_streams', 'Streams of events that are open over this API.', () => streams.count)

  countTurns(registry, seat)
  tellPeers(registry, seat)
  const stopCounting = countOperations(registry, seat)
  if (profile !== undefined) tellDisk(registry, profile)

  new client.Gauge({
    ...{ name: 'gavelring_api_connections', help: 'Connections to this API.', labelNames: ['shown'], registers },
    collect() {
      const { guests, strangers } = sockets.counts()
      this.labels('token').set(guests)
      this.labels('nothing').set(strangers)
    },
  })
  const responses = new client.Counter({
    ...{ name: 'gavelring_http_responses_total', help: 'Answers over plain HTTP.', labelNames: ['status'], registers },
  })
  const requestSeconds = new client.Histogram({
    name: 'gavelring_http_request_duration_seconds',
    help: 'From the head of a request to the end of its answer, streams left out.',
    ...{ labelNames: ['method'], buckets: secondsBuckets, registers },
  })
  const callSeconds = new client.Histogram({
    name: 'gavelring_call_duration_seconds',
    help: 'Calls over HTTP and WebSocket; that of an operation ends with its commit. Of a stream only its opening.',
    ...{ labelNames: ['procedure', 'outcome'], buckets: secondsBuckets, registers },
  })
  meter.called = (procedure, millis, error) => callSeconds.labels(procedure, outcomeOf(error)).observe(millis / 1_000)

  return {
    tell: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    began({ method = '' }, response) {
      const began = performance.now()
      response.once('finish', () => {
        responses.labels(String(response.statusCode)).inc()
        const isStream = String(response.getHeader('content-type') ?? '').startsWith('text/event-stream')
        if (!isStream) requestSeconds.labels(methodOf(method)).observe((performance.now() - began) / 1_000)
      })
    },
    refused: (status) => responses.labels(String(status)).inc(),
    stop() {
      delete meter.called
      stopCounting()
      registry.clear()
    },
  }
}

/** What a client makes up must not make up a new series. */
const methodOf = (method: string): string => (['GET', 'HEAD', 'POST'].includes(method) ? method : 'other')

/** A refusal is an answer; what the world or this peer failed in is not. */
function outcomeOf(error: unknown): 'done' | 'refused' | 'failed' {
  if (error === undefined) return 'done'
  return error instanceof ORPCError && error.status < 500 ? 'refused' : 'failed'
}

/** Turns begin anew with each epoch: of an epoch that came and went between two questions they are not known. */
function countTurns(registry: client.Registry, seat: Seat): void {
  let last: { readonly epoch: string; readonly turn: number } | undefined
  const help = 'Turns of the token that were seen here, since metrics were asked for.'
  new client.Counter({
    ...{ name: 'gavelring_turns_total', help, registers: [registry] },
    collect() {
      if (seat.peer === undefined) return
      const { epoch, turn } = seat.peer.status()
      if (last !== undefined) this.inc(Math.max(0, last.epoch === epoch ? turn - last.turn : turn))
      last = { epoch, turn }
    },
  })
}

/** Each is one series for each peer of the room, by the end of its id. */
function tellPeers(registry: client.Registry, seat: Seat): void {
  const registers = [registry]
  const peers = () => seat.peer?.peers() ?? []
  new client.Gauge({
    ...{ name: 'gavelring_peers', help: 'Peers of the room, and those that were refused.', labelNames: ['role'], registers },
    collect() {
      this.reset()
      for (const { role, self, member } of peers()) this.labels(self && member ? 'member' : role).inc()
    },
  })
  new client.Gauge({
    ...{ name: 'gavelring_peer_round_trip_seconds', help: 'To each member and back.', labelNames: ['peer'], registers },
    collect() {
      this.reset()
      for (const { peer, roundTripMillis } of peers()) {
        if (roundTripMillis !== undefined) this.labels(peer.slice(-6)).set(roundTripMillis / 1_000)
      }
    },
  })
  new client.Gauge({
    ...{
      name: 'gavelring_peer_clock_offset_seconds',
      help: 'How far the clock of each is ahead.',
      labelNames: ['peer'],
      registers,
    },
    collect() {
      this.reset()
      for (const { peer, self, clockOffset } of peers()) {
        if (!self && clockOffset !== undefined) this.labels(peer.slice(-6)).set(clockOffset / 1_000)
      }
    },
  })
}

/** Of the whole room, as they are committed and applied here. Returns what ends it. */
function countOperations(registry: client.Registry, seat: Seat): () => void {
  const operations = new client.Counter({
    name: 'gavelring_operations_total',
    help: 'Committed operations of the room that changed something, or were refused by its rules.',
    ...{ labelNames: ['outcome'], registers: [registry] },
  })
  const epochs = new client.Counter({
    ...{ name: 'gavelring_epochs_total', help: 'Epochs that began with other members.', registers: [registry] },
  })
  for (const outcome of ['accepted', 'rejected']) operations.labels(outcome).inc(0)
  let last = ''
  let peer: Peer | undefined
  let unsubscribe = (): void => {}
  const follow = (): void => {
    if (seat.peer === peer) return
    unsubscribe()
    peer = seat.peer
    const stop = peer?.subscribe(
      (event) => {
        if (event.kind === 'members') epochs.inc()
        if (event.kind === 'rejected') operations.labels('rejected').inc()
        // One operation changes several things, told one after the other.
        if (event.kind !== 'market' || event.operation === last) return
        last = event.operation
        operations.labels('accepted').inc()
      },
      { isForEyes: false },
    )
    unsubscribe = () => stop?.()
  }
  follow()
  const stopFollowing = seat.onChange(follow)
  return () => {
    stopFollowing()
    unsubscribe()
  }
}

/** Looked at only when somebody asks. A disk that cannot be looked at has no numbers. */
function tellDisk(registry: client.Registry, profile: string): void {
  const registers = [registry]
  const measured = (name: string, help: string, read: () => Promise<number>): void => {
    new client.Gauge({
      ...{ name, help, registers },
      async collect() {
        try {
          this.set(await read())
        } catch {
          this.reset()
        }
      },
    })
  }
  measured('gavelring_disk_free_bytes', 'Free on the disk of the profile folder.', async () => {
    const { bavail, bsize } = await statfs(profile)
    return bavail * bsize
  })
  measured('gavelring_disk_size_bytes', 'Size of the disk of the profile folder.', async () => {
    const { blocks, bsize } = await statfs(profile)
    return blocks * bsize
  })
  measured('gavelring_profile_bytes', 'What the profile folder takes up.', () => bytesIn(profile))
}

/** LevelDB takes files away while this looks. */
async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true })
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return bytesIn(path)
    return entry.isFile() ? (await stat(path)).size : 0
  })
  const settled = await Promise.allSettled(sizes)
  return settled.reduce((sum, size) => sum + (size.status === 'fulfilled' ? size.value : 0), 0)
}
