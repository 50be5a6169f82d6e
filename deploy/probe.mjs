// Whether the peer of this machine, or container, is alive (`healthz`) or ready (`readyz`): exit code 0 or 1, and why in a line.
// The API listens on loopback only, since its token travels in clear text; these two questions need no token.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Less than what probes are given. */
const patienceMillis = 4_000

const [question = 'healthz', profile = process.env.GAVELRING_PROFILE ?? ''] = process.argv.slice(2)
try {
  const { url } = JSON.parse(readFileSync(join(profile, 'api.json'), 'utf8'))
  const response = await fetch(`${url}/${question}`, { signal: AbortSignal.timeout(patienceMillis) })
  const answer = await response.text()
  process.stdout.write(`${answer.trim()}\n`)
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stdout.write(`${question}: ${error instanceof Error ? (error.cause ?? error).message : error}\n`)
  process.exitCode = 1
}
