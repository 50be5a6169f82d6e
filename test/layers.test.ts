import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The table of folders in src/README.md is held by one lint rule; this shows that the rule bites.
const root = fileURLToPath(new URL('..', import.meta.url))
const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome')

/** Whether the project's lint rule refuses such a text in such a file. */
function isRefused(file: string, text: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-layers-'))
  try {
    copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'))
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${text}\n`)
    const only = ['--only=style/noRestrictedImports', '--only=style/noRestrictedGlobals']
    const [top = ''] = file.split('/')
    const run = spawnSync(process.execPath, [biome, 'lint', '--vcs-enabled=false', ...only, top], {
      cwd: folder,
      encoding: 'utf8',
    })
    if (!`${run.stdout}${run.stderr}`.includes('Checked 1 file')) throw new Error(`the linter did not run: ${run.stderr}`)
    return run.status !== 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the ring decides, the peer does, the machines remember: a folder imports only what its line in the table names', () => {
  const rows: [string, string, boolean][] = [
    ['src/core/x.ts', "import { x } from '../ring/log.ts'\nx()", true],
    ['src/ring/x.ts', "import { x } from '../core/ids.ts'\nx()", false],
    ['src/ring/x.ts', "import { x } from '../market/market.ts'\nx()", true],
    ['src/ring/x.ts', "import { x } from 'node:crypto'\nx()", true],
    ['src/ring/x.ts', 'export const now = Date.now()', true],
    ['src/market/x.ts', 'setTimeout(() => undefined, 1)', true],
    ['src/market/x.ts', "import { x } from '../ring/log.ts'\nx()", true],
    ['src/peer/x.ts', "import { x } from '../ring/replica.ts'\nx()", false],
    ['src/peer/x.ts', "import { x } from '../io/clock.ts'\nx()", true],
    ['src/peer/x.ts', "import { x } from 'libp2p'\nx()", true],
    ['src/io/transport/x.ts', "import { x } from 'libp2p'\nx()", false],
    ['src/io/transport/x.ts', "import { x } from '../peer-id.ts'\nx()", false],
    ['src/io/transport/x.ts', "import { x } from '../../peer/driver.ts'\nx()", true],
    ['src/api/router.ts', "import { x } from '../peer/peer.ts'\nx()", false],
    ['src/api/router.ts', "import { x } from '../ring/log.ts'\nx()", true],
    ['src/api/contract.ts', "import { x } from '../peer/peer.ts'\nx()", true],
    ['src/api/client-port.ts', "import { x } from '../peer/peer.ts'\nx()", true],
    ['src/gateway/x.ts', "import { x } from '../peer/peer.ts'\nx()", false],
    ['src/gateway/x.ts', "import { x } from '../api/seat.ts'\nx()", true],
    ['src/gateway/x.ts', "import { x } from '../io/clock.ts'\nx()", true],
    ['src/desktop/x.ts', "import { x } from '../app/start.ts'\nx()", false],
    ['src/desktop/x.ts', "import { x } from 'electron'\nx()", false],
    ['src/desktop/x.ts', "import { x } from '../peer/peer.ts'\nx()", true],
    ['src/desktop/x.ts', "import { x } from '../cli/main.ts'\nx()", true],
    ['src/cli/x.ts', "import { x } from '../app/start.ts'\nx()", false],
    ['renderer/lab/x.ts', "import { x } from '../../src/mutex/space-time.ts'\nx()", false],
    ['renderer/lab/x.ts', "import { x } from '../../src/mutex/part.ts'\nx()", true],
    ['renderer/lab/x.ts', "import { x } from '../../src/peer/peer.ts'\nx()", true],
    ['src/cli/x.ts', "await import('../peer/driver.ts')", true],
  ]
  it.each(rows)('%s: %s', (file, text, refused) => {
    expect(isRefused(file, text)).toBe(refused)
  })
})
