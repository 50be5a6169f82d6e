import type { AlgorithmKind, MutexMessage } from './algorithm.ts'
import { centralized, centralizedByRing } from './coordinator.ts'
import { lamportQueue } from './lamport-queue.ts'
import { maekawa } from './maekawa.ts'
import { ricartAgrawala } from './ricart-agrawala.ts'
import { suzukiKasami } from './suzuki-kasami.ts'
import { tokenRing } from './token-ring.ts'

/** Whoever made it knows its messages; whoever runs it asks {@link AlgorithmKind.accepts} first, and need not. */
const closed = <M extends MutexMessage>(kind: AlgorithmKind<M>): AlgorithmKind => kind as unknown as AlgorithmKind

/** All that are built in: the textbook's three first. */
export const algorithms: readonly AlgorithmKind[] = [
  closed(centralized),
  closed(ricartAgrawala),
  closed(tokenRing),
  closed(centralizedByRing),
  closed(lamportQueue),
  closed(suzukiKasami),
  closed(maekawa),
]
