import { createServer } from 'node:net'

// Something that is no peer: `listener.ts PORT` accepts connections and says nothing.
createServer(() => {}).listen(Number(process.argv[2]), () => process.stdout.write('started\n'))
