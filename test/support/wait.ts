/** Waits until `condition` holds, looking often; fails with `what` after `deadlineMillis`. */
export async function until(what: string, condition: () => boolean, deadlineMillis = 20_000): Promise<void> {
  const deadline = performance.now() + deadlineMillis
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`did not happen in ${deadlineMillis} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
