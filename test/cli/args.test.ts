import { describe, expect, test } from 'vitest'
import { run } from './run.ts'

describe('a wrong argument is a usage error: exit code 2, one sentence, and how to go on', () => {
  const auction = 'k3XbQz-2-15'
  const wrong: readonly (readonly [line: string, says: RegExp])[] = [
    ['nothing', /no command "nothing"\.$/m],
    ['statsu', /no command "statsu"\. Did you mean "status"\?/],
    ['help acount', /Did you mean "account"\?/],
    ['help account opne', /Did you mean "open"\?/],
    ['account --holder', /needs one of/],
    ['account', /needs one of: open, list, show, close, use/],
    ['account opne', /no command "account opne".*Did you mean "open"\?/],
    ['account open', /needs ACCOUNT/],
    ['account open a b', /"b"/],
    ['account open a/b', /ACCOUNT: An account id/],
    ['account open ana --holder=', /--holder: A name/],
    ['deposit', /needs AMOUNT/],
    ['deposit ana nan', /AMOUNT: An amount looks like/],
    ['deposit ana inf', /AMOUNT: An amount looks like/],
    ['deposit ana -1.50', /^-1\.50: .*no sign/],
    ['deposit ana 1e9', /AMOUNT: An amount looks like/],
    ['deposit ana 1 --wait soon', /--wait: a time/],
    ['deposit ana 1 --wait 0', /--wait: a time/],
    ['deposit ana 1 --wait 601', /--wait: a time/],
    ['deposit ana 1 --request-id a\tb', /--request-id: A request id/],
    ['deposit ana 1 --unknown', /has no flag --unknown\.$/m],
    ['deposit ana 1 --wiat 3', /has no flag --wiat\. Did you mean "--wait"\?/],
    ['deposit ana 1 -q', /has no flag -q/],
    ['deposit ana 1 --wait', /--wait needs a value: SECONDS/],
    ['deposit ana 1 --wait --request-id x', /--wait needs a value: SECONDS/],
    ['deposit ana 1 --wait 3 --wait 4', /--wait is given twice/],
    ['log tail --follow=yes', /--follow takes no value/],
    ['status --timeout never', /--timeout: a time/],
    ['status --expect-head lamp', /--expect-head: the index/],
    ['status --wait-member=never', /--wait-member: a time/],
    ['status never', /"never"/],
    ['completion tcsh', /"tcsh".*bash, zsh or fish/],
    ['withdraw ana nan', /AMOUNT/],
    ['transfer ana', /needs /],
    ['transfer ana b/b 1', /TO: An account id/],
    ['pending void 7', /OPERATION: An operation id/],
    ['auction start', /needs ITEM/],
    ['auction start Lamp', /--payee is needed/],
    ['auction start Lamp --payee ana --price 1e9', /--price: An amount/],
    ['auction start Lamp --payee ana --seconds never', /--seconds: a time/],
    ['auction start Lamp --payee ana --soft-close 5', /three times/],
    ['auction start Lamp --payee ana --picture /nonexistent', /--picture: .*cannot be read/],
    ['auction show lamp', /LOT: An auction is named by/],
    ['auction bid', /needs LOT/],
    [`auction bid ${auction}`, /--account is needed/],
    [`auction bid ${auction} --account ana`, /An amount is needed/],
    [`auction bid ${auction} 1e9 --account ana`, /An amount looks like/],
    [`auction bid ${auction} --account ana --auto`, /--max is needed/],
    [`auction bid ${auction} 5 --account ana --auto --max 9`, /given as --max/],
    [`auction bid ${auction} --account ana --auto --max 9 --raise 5`, /--raise: a range/],
    ['auction watch lamp', /LOT: An auction is named by/],
    ['log tail --count many', /--count/],
    ['log tail --count 0', /--count/],
    ['log verify /nonexistent.jsonl', /cannot be read/],
    ['peer extra', /a join link is expected/],
    ['peer gavelring://join?code=x', /^--join: The link names no room/],
    ['peer --join=gavelring://join?code=x', /^--join: The link names no room/],
    ['peer --join gavelring://join?code=x', /^--join: The link names no room/],
    ['peer --join=maybe', /a join link is expected/],
    ['peer --join gavelring://join?room=a gavelring://join?room=a', /LINK is given twice/],
    ['peer --join=gavelring://join?room=a --create', /not both/],
    ['peer --bootstrap gavelring://join?code=x', /^--bootstrap: The link names no room/],
    ['peer --listen gavelring://join?room=a', /^--listen: A join link says where others are/],
    ['peer --listen lamp', /^--listen: An address to listen at looks like/],
    ['doctor --bootstrap gavelring://join?code=x', /^--bootstrap: The link names no room/],
    ['peer --deposits all', /open or host/],
    ['peer --http 0.0.0.0:80', /this machine only/],
    ['peer --gateway lamp', /^--gateway: A place to listen at is expected/],
    ['demo --peers 2', /--peers: a whole number from 3 to 12/],
    ['demo --seconds 1.5', /--seconds: a whole number/],
  ]
  for (const [line, says] of wrong) {
    test(line, async () => {
      const { exitCode, out, notes } = await run(line.split(' '))
      expect(notes.join('\n')).toMatch(says)
      expect(notes.join('\n')).not.toMatch(/\bat .*:\d+:\d+|Error:/)
      expect([exitCode, out]).toEqual([2, []])
    })
  }

  test('with --json it is one object on stdout', async () => {
    const { exitCode, out, notes } = await run(['deposit', 'ana', '1e9', '--json'])
    expect(exitCode).toBe(2)
    expect(out.map((line) => JSON.parse(line))).toMatchObject([{ error: { code: 'usage', message: expect.any(String) } }])
    expect(notes).toEqual([])
  })
})

describe('where no peer runs', () => {
  for (const line of ['status', 'deposit ana 10', 'auction list', 'log tail', 'log export', 'refound', 'refound --yes']) {
    test(`\`${line}\` says so, and how to start one: exit code 3`, async () => {
      const { exitCode, notes } = await run(line.split(' '))
      expect(exitCode).toBe(3)
      expect(notes.join('\n')).toMatch(/No peer runs .*\n.*gavelring peer/)
    })
  }

  test('`log verify` says that there is no log', async () => {
    const { exitCode, notes } = await run(['log', 'verify'])
    expect([exitCode, notes.join(' ')]).toEqual([3, expect.stringMatching(/no log of any room/)])
  })
})
