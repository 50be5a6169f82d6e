import { readApiAddress } from '../../src/api/api-files.ts'
import { connectApi } from '../../src/api/client.ts'

// Asks the running peer of a profile for one thing that no command asks for, and prints the answer: asker.ts PROFILE diagnosis
const [profile = '', what] = process.argv.slice(2)
const address = readApiAddress(profile)
if (address === undefined) throw new Error(`no peer runs with ${profile}`)
const { api, close } = await connectApi(address)
process.stdout.write(`${JSON.stringify(what === 'cancel' ? await api.rooms.cancel() : await api.diagnosis())}\n`)
close()
