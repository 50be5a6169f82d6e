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
  const isPeer = process.argv[2] === 'peer'
  if (isPeer) {
    // After a busy hour a peer would keep 130 MB and more that it uses no longer: glibc keeps what each thread has freed for that
    // thread, and large buffers between small ones; V8 96 MB for new things, of which 48 do. (With 24 a busy peer collects so often
    // that it is a twentieth slower.) Both can be told so before the process starts only: this one becomes another, with the same id.
    // Where there is no glibc the names mean nothing.
    if (process.platform !== 'win32' && process.env.MALLOC_ARENA_MAX === undefined) {
      const args = [process.execPath, ...process.execArgv, '--max-semi-space-size=16', ...process.argv.slice(1)]
      const env = { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' }
      process.execve?.(process.execPath, args, env)
    }
    // A start leaves much behind that is never needed again. Where the heap is kept small meanwhile, a peer that then idles for
    // hours takes 45 MB less. Kept small for good it would collect all the time under load, at half the speed.
    const { setFlagsFromString } = await import('node:v8')
    setFlagsFromString('--optimize-for-size')
    setTimeout(() => setFlagsFromString('--no-optimize-for-size'), startMillis).unref()
  }
  const { keepCompiled } = await import('./compiled.mjs')
  keepCompiled()
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
  // All is written and closed. What still hangs on a peer that does not answer is not waited for, nor what a start that failed has left.
  process.exit()
}
