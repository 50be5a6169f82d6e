import { expect, test } from 'vitest'
import { comeInText } from '../../src/cli/room-text.ts'

const host = (...addresses: readonly string[]) => ({ name: 'Ana', room: { id: 'a'.repeat(64), name: 'evening' }, addresses })

test.each([
  [['/ip4/127.0.0.1/tcp/4001', '/ip4/192.168.1.7/tcp/4001'], '--bootstrap 192.168.1.7:4001'],
  // Square brackets are a pattern to a shell: zsh refuses the whole line where no file matches.
  [['/ip6/::1/tcp/4001', '/ip6zone/eth0/ip6/fe80::7/tcp/4001'], "--bootstrap '[fe80::7%eth0]:4001'"],
  [['/ip4/127.0.0.1/tcp/4001'], '--bootstrap 127.0.0.1:4001'],
])('others are told an address that can be typed: %j', (addresses, words) => {
  expect(comeInText(host(...addresses), '')).toBe(`gavelring peer --room evening ${words}`)
})
