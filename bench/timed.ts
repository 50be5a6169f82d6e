import { performance } from 'node:perf_hooks'

export async function timed<T>(task: () => Promise<T>): Promise<{ readonly result: T; readonly millis: number }> {
  const began = performance.now()
  const result = await task()
  return { result, millis: performance.now() - began }
}
