import { expect, test } from 'vitest'
import { openLog } from '../../src/io/logger.ts'
import { createSecrets } from '../../src/io/secrets.ts'

const token = 'b7ZkQ2m9-x_41'

/** What both formats write of some facts, and of words that have a secret in them. */
async function written(facts: Record<string, unknown>, words?: string): Promise<string> {
  const lines: string[] = []
  for (const format of ['json', 'text'] as const) {
    const log = await openLog({ format, level: 'debug', write: (line) => lines.push(line) })
    for (const secret of ['old lamp', token, 'ring', 'a+(b', '']) log.conceal(secret)
    log.warn('room-unjoined', facts, words)
    log.debug('room-unjoined', () => facts, words)
    log.always.info('room-unjoined', facts, words)
  }
  return lines.join('')
}

test.each<readonly [string, Record<string, unknown>, string | undefined]>([
  ['in a fact', { reason: 'the code “old lamp” is another' }, undefined],
  ['in a sentence', {}, 'come in with --code "old lamp"'],
  ['in the name of a fact', { 'old lamp': true }, undefined],
  ['deep in a fact', { rooms: [{ codes: ['old lamp'] }] }, undefined],
  ['in an error and its cause', { error: new Error('no old lamp', { cause: `token ${token}` }) }, undefined],
  ['in a join link', { link: 'gavelring://join?room=evening&code=old%20lamp&at=x' }, undefined],
  ['in an address of the interface', { page: `http://127.0.0.1:4080/#token=${token}` }, undefined],
  ['in a head of a request', { head: `authorization: Bearer ${token}` }, undefined],
  ['with signs that mean something in a pattern', { reason: 'a+(b' }, undefined],
])('a secret is in no line: %s', async (_where, facts, words) => {
  const text = await written(facts, words)
  expect(text).toContain('[redacted]')
  for (const secret of ['old lamp', 'old%20lamp', token, 'a+(b']) expect(text).not.toContain(secret)
})

test('what nobody has told yet is known by its name, or by the form in which it travels', async () => {
  const facts = {
    ...{ token: 'unheard-1', apiToken: 'unheard-2', room_code: 'unheard-3', Authorization: 'unheard-4', seed: 'unheard-5' },
    ...{ link: 'gavelring://join?code=unheard-6', page: '/#token=unheard-7', head: 'bearer unheard-8' },
    nested: { password: 'unheard-9' },
  }
  expect(await written(facts)).not.toContain('unheard')
})

test('all else stays: the code of a refusal, words that a short code is part of, numbers', async () => {
  const text = await written({ code: 'funds-short', what: 'bringing rings', turn: 12, ring: 1 }, 'steering')
  expect(text).toContain('"code":"funds-short","what":"bringing rings","turn":12')
  expect(text).toContain('code=funds-short what="bringing rings" turn=12')
  expect(text).toContain('steering')
})

test('a longer secret is not left half by a shorter one', () => {
  const secrets = createSecrets()
  for (const secret of ['lamp', 'old lamp', 'old lamp shade']) secrets.add(secret)
  expect(secrets.text('an old lamp shade, an old lamp, a lamp')).toBe('an [redacted], an [redacted], a [redacted]')
})
