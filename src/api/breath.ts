/** Long work lets everything else go first after so many milliseconds. */
const busyMillis = 5

/** Called between small pieces of long work: lets whatever else waits go first, where it has been going on for long enough. */
export function createBreath(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < busyMillis) return
    await new Promise((resolve) => setImmediate(resolve))
    since = performance.now()
  }
}
