/** How much is recorded of the ring's frames, and how much of it is told. Times in milliseconds. */
export const recording = {
  /** From one batch of records to the next. */
  batchEvery: 200,
  /** How often a peer where somebody looks says so, and how long that counts. */
  watchEvery: 2_000,
  watchLasts: 6_000,
  /** Frames of one batch; beyond it only some are recorded, the same ones at both ends. */
  batchFrames: 200,
  /** Steps of each kind that are told from one batch to the next; more are counted as missed. */
  toldFrames: 200,
  toldMoves: 100,
  toldBlocks: 100,
  /** Own frames in full: so many, and so many bytes together. */
  keptFrames: 2_000,
  keptBytes: 8 * 1024 * 1024,
  /** What one peer may say for the lab in a second: five batches and a request, and something for the network's unevenness. */
  heardPerSecond: 12,
  /** Of peers that are no members so many are heard. */
  strangersMax: 32,
  /** A record's time differs from the room clock here by so much at most: clocks, and the way. */
  timeSlack: 10_000,
  /** A token that others tell of is ahead of all signs of it here by so many turns at most. */
  turnSlack: 1_024,
} as const
