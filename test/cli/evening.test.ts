import { expect, test } from 'vitest'
import { compareGolden, createGuest, createTranscript, type Guest } from './evening.ts'

test('a whole evening, as the panes of Ana and Bob tell it', { timeout: 300_000 }, async () => {
  const [ana, bob, cleo] = [createGuest('Ana'), createGuest('Bob'), createGuest('Cleo')]
  const { step, textOf } = createTranscript([ana, bob])
  const says = (...lines: readonly (readonly [Guest, ...RegExp[]])[]) =>
    new Map(lines.map(([guest, ...patterns]) => [guest, patterns]))
  /** The same on both panes. */
  const both = (...patterns: readonly RegExp[]) => says([ana, ...patterns], [bob, ...patterns])

  await step('Ana founds the room', () => ana.start('--create'), says([ana, /^Others join with/, /has begun: 1 member/]))
  await step(
    'Bob comes in',
    () => bob.start('--bootstrap', ana.address),
    says(
      [ana, /Bob is in reach/, /Bob is a member now: 2 members/],
      [bob, /^Others join with/, /Ana is in reach/, /has begun: 1 member/, /this peer is a member now: 2 members/],
    ),
  )
  await step(
    'Cleo comes in',
    () => cleo.start('--bootstrap', ana.address),
    both(/Cleo is in reach/, /Cleo is a member now: 3 members/),
  )
  await step(
    'accounts and deposits',
    async () => {
      for (const [guest, account] of [
        [ana, 'ana'],
        [bob, 'bob'],
        [cleo, 'cleo'],
      ] as const) {
        await guest.call('account', 'open', account)
        await guest.call('deposit', account, '100')
      }
    },
    says([ana, /100\.00 EUR went into ana/], [bob, /100\.00 EUR went into bob/]),
  )
  const lot = ['Brass lamp', '--payee', 'ana', '--price', '10', '--seconds', '10', '--soft-close', '10s,10s,60s']
  await step('a lot', () => ana.call('auction', 'start', ...lot), both(/lot 1 “Brass lamp” is offered by Ana from 10\.00 EUR/))
  await step(
    'bids, and one that comes late',
    async () => {
      await bob.call('auction', 'bid', '1', '10', '--account', 'bob')
      await cleo.call('auction', 'bid', '1', '12', '--account', 'cleo')
      await bob.call('auction', 'bid', '1', '15', '--account', 'bob')
    },
    says(
      [ana, /\bbob leads .* with 10\.00/, /\bcleo leads .* with 12\.00/, /\bbob leads .* with 15\.00 EUR\n.* ends \d+ s later/],
      [bob, /your bob leads .* 10\.00/, /cleo leads/, /your bob is outbid/, /your bob leads .* 15\.00 EUR\n.* ends \d+ s later/],
    ),
  )
  await step(
    'sold',
    async () => {},
    says(
      [ana, /15\.00 EUR went from bob to ana/, /is sold to bob for 15\.00 EUR/],
      [bob, /15\.00 EUR went from bob to ana/, /is sold to your bob for 15\.00 EUR/, /your bob won lot 1/],
    ),
  )
  await step(
    'Cleo’s process is killed: the others go on without it',
    () => cleo.kill(),
    both(/Cleo is no member any more: 2 members/, /Cleo is out of reach/),
  )
  expect([...ana.lines, ...bob.lines].filter((line) => /Cleo (is silent|did not take the token): asking/.test(line))).not.toEqual(
    [],
  )
  await step(
    'Ana’s process is killed: Bob is alone, and has no quorum',
    () => ana.kill(),
    says([bob, /no quorum: 1 of 2 members reachable, waiting for Ana/, /Ana is out of reach/]),
  )
  expect(bob.lines).toContainEqual(expect.stringMatching(/Ana (is silent|did not take the token): asking/))
  await step(
    'Ana comes back',
    () => ana.start('--bootstrap', bob.address),
    says(
      [ana, /Bob is in reach/, /Bob is a member now: 2 members/],
      [bob, /Ana is in reach/, /the quorum is back/, /(is a member now|has begun): 2 members/],
    ),
    // Ana alone is a ring before Bob is in it again: either may see both views, or the second only.
    /^\S+ {2}(this peer|Bob) is (no member any more: 1|a member now: 2)|^Room classroom/,
  )
  await step(
    'Bob leaves',
    () => bob.leave(),
    says([ana, /Bob is no member any more: 1 member/, /Bob is out of reach/], [bob, /^Stopped: left the room/]),
    // Whoever leaves stops looking.
    /^\S+ {2}this peer is no member any more/,
  )
  await step('Ana leaves', () => ana.leave(), says([ana, /^Stopped: left the room/]))

  compareGolden('evening-ana', textOf(ana))
  compareGolden('evening-bob', textOf(bob))
})
