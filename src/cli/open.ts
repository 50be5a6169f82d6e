import { readApiAddress } from '../api/api-files.ts'
import { profileFolder } from '../app/flags.ts'
import { profileOption, withPeer } from './client.ts'
import type { Call, Command } from './command.ts'
import { CliError } from './errors.ts'
import { tell } from './output.ts'

export const open: Command = {
  name: 'open',
  summary: 'open the interface of the running peer in a browser',
  operands: [],
  options: [{ name: 'print', text: 'only print its address, with the token of this peer' }, profileOption],
  examples: ['gavelring open', 'gavelring open --print'],
  details:
    'The address carries the token of this peer: whoever has it can do all that you can, until the peer is started again. So it is\n' +
    'handed to the browser by a file that only you can read, and printed only where --print is given: keep it out of logs.',
  async run(call) {
    const { hasDisplay, openInBrowser, pageAddress } = await import('../app/browser.ts')
    const profile = profileFolder(call.flags, call.env)
    // Whoever answers has proven that it is this peer; another program would be shown to the person as if it were.
    await withPeer(call, (api) => api.rooms.list())
    const api = readApiAddress(profile)
    if (api === undefined)
      throw new CliError(3, 'not-reachable', 'The peer has just stopped.', 'Start it again with `gavelring peer`.')
    if (call.flags.print === true) {
      const address = pageAddress(api)
      tell(call, { address }, [address])
      return 0
    }
    if (!hasDisplay(process.platform, call.env)) throw unopened('There is no display here to open a browser on.')
    const reason = await openInBrowser(pageAddress(api), profile, call.env)
    if (reason !== undefined) throw unopened(`The browser could not be opened: ${reason}.`)
    tellOpened(call, api.url)
    return 0
  },
}

const unopened = (message: string): CliError =>
  new CliError(3, 'not-opened', message, '`gavelring open --print` prints the address, for a browser on this machine.')

/** Without the token, which others may read over a shoulder. */
const tellOpened = (call: Call, url: string): void => tell(call, { opened: url }, [`The browser opens ${url}`])
