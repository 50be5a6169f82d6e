import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A network of hosts on one machine: network namespaces, joined by switches (bridges) that stand in a namespace of their own.
 * Nothing leaves them: no interface of the machine is in any.
 */
export interface Lan {
  /** A host with its loopback interface up, and no other. */
  host(name: string): Host
  /** Puts a switch up; hosts are plugged in with {@link Host.plug}. */
  addSwitch(): Switch
  /** Ends what runs there and takes everything down. */
  close(): void
}

export interface Switch {
  readonly bridge: string
}

export interface Host {
  readonly namespace: string
  /** An interface of this name on a switch, up, with these addresses such as `192.168.9.1/24`. Without a switch: to nowhere. */
  plug(name: string, to: Switch | undefined, ...addresses: string[]): void
  /** `ip` in the host: `route add default dev tun0`. */
  ip(command: string): void
  /** From here on it has no IPv6. */
  withoutIp6(): void
  /** `nft` in the host. */
  nft(command: string): void
  /** From here on these names have these addresses there, and no others; programs follow that were started after the first time. */
  names(addresses: Readonly<Record<string, string>>): void
  /** A program of this repository in a process there, as `src/cli/gavelring.mjs`. */
  node(script: string, ...args: string[]): Process
  /** Any program of this machine there. */
  run(program: string, ...args: string[]): Process
}

export interface Process {
  readonly child: ChildProcess
  /** Lines of stdout and stderr so far. */
  readonly lines: readonly string[]
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
}

/** Why hosts cannot be made here; `undefined`: they can. */
export function whyNoLan(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux'
  const probe = nameOf('probe')
  try {
    run('ip', ['netns', 'add', probe])
    run('ip', ['-n', probe, 'link', 'add', 'br0', 'type', 'bridge'])
    run('ip', ['-n', probe, 'link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'b0'])
    return undefined
  } catch (error) {
    return `network namespaces cannot be made here (${error instanceof Error ? error.message.trim() : error})`
  } finally {
    try {
      run('ip', ['netns', 'del', probe])
    } catch {
      // It was never made.
    }
  }
}

/** Why packets cannot be filtered here; `undefined`: they can. */
export function whyNoFilter(): string | undefined {
  try {
    run('nft', ['--version'])
    return undefined
  } catch {
    return 'there is no nft here to filter packets with'
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url))

export function createLan(): Lan {
  const run0 = randomBytes(3).toString('hex')
  const switches = `gv-${run0}-switches`
  const namespaces: string[] = []
  const children: ChildProcess[] = []
  const folders: string[] = []
  let links = 0
  let bridges = 0

  const addNamespace = (namespace: string): void => {
    run('ip', ['netns', 'add', namespace])
    namespaces.push(namespace)
    run('ip', ['-n', namespace, 'link', 'set', 'lo', 'up'])
  }
  addNamespace(switches)

  const host = (name: string): Host => {
    const namespace = `gv-${run0}-${name}`
    addNamespace(namespace)
    const ip = (command: string): void => run('ip', ['-n', namespace, ...command.split(' ')])
    return {
      namespace,
      ip,
      plug(interfaceName, to, ...addresses) {
        const end = `p${++links}`
        run('ip', ['link', 'add', interfaceName, 'netns', namespace, 'type', 'veth', 'peer', 'name', end, 'netns', switches])
        run('ip', ['-n', switches, 'link', 'set', end, 'up'])
        if (to !== undefined) run('ip', ['-n', switches, 'link', 'set', end, 'master', to.bridge])
        for (const address of addresses) ip(`addr add ${address} dev ${interfaceName}`)
        ip(`link set ${interfaceName} up`)
      },
      withoutIp6: () =>
        run('ip', [
          'netns',
          'exec',
          namespace,
          'sh',
          '-c',
          'for f in all default; do echo 1 > /proc/sys/net/ipv6/conf/$f/disable_ipv6; done',
        ]),
      nft: (command) => run('ip', ['netns', 'exec', namespace, 'nft', command]),
      names(addresses) {
        const folder = `/etc/netns/${namespace}`
        if (!folders.includes(folder)) folders.push(folder)
        mkdirSync(folder, { recursive: true })
        const lines = Object.entries({ localhost: '127.0.0.1', ...addresses }).map(([name, address]) => `${address} ${name}\n`)
        // In place: programs that run there have this very file as their /etc/hosts.
        writeFileSync(`${folder}/hosts`, lines.join(''))
      },
      node: (script, ...args) => start(namespace, process.execPath, [root + script, ...args]),
      run: (program, ...args) => start(namespace, program, args),
    }
  }

  const start = (namespace: string, program: string, args: readonly string[]): Process => {
    const child = spawn('ip', ['netns', 'exec', namespace, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream.on('data', (chunk) => {
        const parts = (rest + String(chunk)).split('\n')
        rest = parts.pop() ?? ''
        lines.push(...parts)
      })
    }
    return { child, lines, ended: new Promise((resolve) => child.once('close', resolve)) }
  }

  return {
    host,
    addSwitch() {
      const bridge = `br${++bridges}`
      run('ip', ['-n', switches, 'link', 'add', bridge, 'type', 'bridge'])
      run('ip', ['-n', switches, 'link', 'set', bridge, 'up'])
      return { bridge }
    },
    close() {
      for (const child of children) child.kill('SIGKILL')
      for (const namespace of namespaces) run('ip', ['netns', 'del', namespace])
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    },
  }
}

const nameOf = (what: string): string => `gv-${randomBytes(3).toString('hex')}-${what}`

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
