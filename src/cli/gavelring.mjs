#!/usr/bin/env node
// Plain JavaScript without static imports: it must still run on a Node that is too old for everything else.
const needed = [22, 18]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `gavelring needs Node ${needed.join('.')} or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org\n`,
  )
  process.exitCode = 2
} else {
  // A peer idles for hours on small boards: a heap that is kept small costs it 30 MB less, and no speed that it needs.
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--optimize-for-size')
  const { main } = await import('./main.ts')
  process.exitCode = await main(process.argv.slice(2))
}
