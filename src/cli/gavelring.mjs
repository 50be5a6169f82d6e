#!/usr/bin/env node
// Plain JavaScript without static imports: it must still run on a Node that is too old for everything else.
const needed = [22, 18]
/** A peer has started by then, and found its room. */
const startMillis = 10_000
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `gavelring needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org\n`,
  )
  process.exitCode = 2
} else {
  // A start leaves much behind that is never needed again. Where the heap is kept small meanwhile, a peer that then idles for
  // hours takes 45 MB less. Kept small for good it would collect all the time under load, at half the speed.
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--optimize-for-size')
  setTimeout(() => setFlagsFromString('--no-optimize-for-size'), startMillis).unref()
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
