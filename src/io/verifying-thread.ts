import { Worker } from 'node:worker_threads'

/**
 * A thread of its own that looks at many Ed25519 signatures at once. Node's threads for such work would take each by itself, and, four of
 * them on a machine with two cores, the event loop's core too. It is there while there is work, and some seconds longer.
 */
export interface VerifyingThread {
  /**
   * Public key (32 bytes), what was signed (32) and signature (64) of each, one after the other: handed over, and empty afterwards. A
   * byte for each: 1, it is good; all 0 where the thread has failed.
   */
  verify(records: Uint8Array<ArrayBuffer>): Promise<Uint8Array>
}

export const recordBytes = 128

/** To start it takes tens of milliseconds; to keep it for nothing, some megabytes. */
const rest = 5_000

export interface ThreadOptions {
  /** Plain JavaScript, run in the thread: see {@link program}. */
  readonly source: string
  /** Without work it ends after so many milliseconds. */
  readonly restMillis: number
}

/** `options`: for tests of a thread that fails. */
export function createVerifyingThread(
  { source, restMillis }: ThreadOptions = { source: program, restMillis: rest },
): VerifyingThread {
  let running: Running | undefined
  return {
    async verify(records) {
      try {
        if (running === undefined || running.hasEnded) running = start(source, restMillis)
      } catch {
        // The machine has no more threads to give.
        return new Uint8Array(records.length / recordBytes)
      }
      return running.verify(records)
    },
  }
}

interface Running extends VerifyingThread {
  readonly hasEnded: boolean
}

function start(source: string, restMillis: number): Running {
  const worker = new Worker(source, { eval: true, execArgv: [] })
  // Whoever waits for an answer has more to do; a process that has nothing else ends.
  worker.unref()
  /** Answered in the order in which they were asked. */
  const waiting: { readonly count: number; readonly resolve: (good: Uint8Array) => void }[] = []
  let hasEnded = false
  const resting = setTimeout(() => {
    if (waiting.length > 0) return void resting.refresh()
    hasEnded = true
    void worker.terminate()
  }, restMillis).unref()
  const fail = (): void => {
    hasEnded = true
    clearTimeout(resting)
    for (const { count, resolve } of waiting.splice(0)) resolve(new Uint8Array(count))
  }
  worker.on('message', (good: Uint8Array) => waiting.shift()?.resolve(good))
  worker.on('error', fail)
  worker.on('exit', fail)
  return {
    verify(records) {
      resting.refresh()
      return new Promise((resolve) => {
        waiting.push({ count: records.length / recordBytes, resolve })
        worker.postMessage(records, [records.buffer])
      })
    },
    get hasEnded() {
      return hasEnded
    },
  }
}

/** In one piece: no file has to be found, also where the program lies packed in an archive. */
const program = `
const { createPublicKey, verify } = require('node:crypto')
const { parentPort } = require('node:worker_threads')
// DER around a raw Ed25519 key (RFC 8410).
const prefix = Buffer.from('302a300506032b6570032100', 'hex')
const keys = new Map()
const keyOf = (raw) => {
  const name = raw.toString('latin1')
  const known = keys.get(name)
  if (known !== undefined) return known
  if (keys.size === 1024) keys.clear()
  const key = createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' })
  keys.set(name, key)
  return key
}
const isGood = (record) => {
  try {
    return verify(null, record.subarray(32, 64), keyOf(record.subarray(0, 32)), record.subarray(64))
  } catch {
    return false
  }
}
parentPort.on('message', (records) => {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.length)
  const good = new Uint8Array(bytes.length / ${recordBytes})
  for (let i = 0; i < good.length; i++) good[i] = isGood(bytes.subarray(i * ${recordBytes}, (i + 1) * ${recordBytes})) ? 1 : 0
  parentPort.postMessage(good, [good.buffer])
})
`
