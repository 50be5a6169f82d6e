import { createDiscovery } from '../../src/io/discovery/discovery.ts'
import { createIdentity } from '../../src/io/identity.ts'

// Discovery alone, as a process: `looker.ts NAME LISTENING…`. Prints one line of JSON for whatever it hears, until it is ended.
const [name = '', ...listening] = process.argv.slice(2)
const say = (kind: string, what: object): void => {
  process.stdout.write(`${JSON.stringify({ ...what, kind, at: Date.now() })}\n`)
}
const discovery = createDiscovery({
  self: createIdentity().self,
  room: { name: 'namespaces', hasCode: false },
  listening: () => listening,
  onSighted: (sighting) => say('sighted', sighting),
  onTrouble: (trouble) => say('trouble', trouble),
})
discovery.announce({ name, room: undefined })
discovery.start()
say('started', {})
