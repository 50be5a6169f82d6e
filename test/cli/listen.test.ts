import { expect, test } from 'vitest'
import { gavelring, temporaryFolder } from './processes.ts'

const start = (listen: string) =>
  gavelring(['peer', '--create', '--no-mdns', '--name', 'Ana', '--profile', temporaryFolder(), '--listen', listen])

test('a peer listens at a name of its own machine', async () => {
  const peer = start('localhost:0')
  expect(await peer.said(/^Listening at/)).toMatch(/^Listening at \/ip[46]\/(127\.0\.0\.1|::1)\/tcp\/\d+\//)
})

test.each([
  ['nowhere.invalid:4001', /^The name nowhere\.invalid is not known here, so nothing can be listened at there\.$/m],
  // An address for documentation, which nobody has (RFC 5737).
  ['192.0.2.77:4001', /^192\.0\.2\.77 is no address of this machine: it has .*127\.0\.0\.1.* Listen at one of these/m],
  ['[fe80::7%nowhere]:4001', /^fe80::7%nowhere is no address of this machine: it has /m],
])('one that is told to listen at %s says why it cannot', async (address, words) => {
  const { exitCode, errors } = await start(address).finished
  expect([exitCode, errors]).toEqual([3, expect.stringMatching(words)])
})
