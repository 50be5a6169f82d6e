import { connect } from 'node:net'

/**
 * Clients that come all at once and say nothing, in a process of their own (`node crowd.ts PORT COUNT`): it tells what became of
 * them when all are in or out, keeps those that are in, and ends when it is told anything.
 */
export interface Crowd {
  /** Were connected, if only for a moment. */
  readonly came: number
  /** Never came in, by the code of the error. */
  readonly failed: Readonly<Record<string, number>>
}

async function flood(port: number, count: number): Promise<void> {
  let came = 0
  const failed: Record<string, number> = {}
  const arrivals = Array.from({ length: count }, () => {
    const socket = connect({ port, host: '127.0.0.1' })
    return new Promise<void>((resolve) => {
      let isIn = false
      socket.once('connect', () => {
        isIn = true
        came++
        resolve()
      })
      socket.on('error', (error: NodeJS.ErrnoException) => {
        const code = error.code ?? error.message
        if (!isIn) failed[code] = (failed[code] ?? 0) + 1
        resolve()
      })
      // Nothing is read otherwise, and the end never seen.
      socket.resume()
    })
  })
  await Promise.all(arrivals)
  process.send?.({ came, failed } satisfies Crowd)
  process.once('message', () => process.exit())
}

if (process.argv[1] === import.meta.filename) await flood(Number(process.argv[2]), Number(process.argv[3]))
