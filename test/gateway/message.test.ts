import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endingOf, parseRequest, printAnswer, printNotice, splitGlued } from '../../src/gateway/message.ts'

describe('a request', () => {
  test.each<[string, object]>([
    ['t:1|op:6|rg:1111111111', { time: 1, kind: 'login', account: '1111111111' }],
    ['t:7|op:1|rg:ana', { time: 7, kind: 'balance', account: 'ana' }],
    ['t:7|op:2|rg:1|valor:10.0', { time: 7, kind: 'withdraw', account: '1', amount: '10.0' }],
    ['t:7|op:3|rg:1|valor:10', { time: 7, kind: 'deposit', account: '1', amount: '10' }],
    ['t:7|op:4|rg_origem:1|rg_destino:2|valor:3', { time: 7, kind: 'transfer', from: '1', to: '2', amount: '3' }],
    ['t:7|op:4|origen_rg:1|destino_rg:2|valor:3', { time: 7, kind: 'transfer', from: '1', to: '2', amount: '3' }],
    ['t:7|op:4|valor:3|rg_destino:2|rg_origem:1', { time: 7, kind: 'transfer', from: '1', to: '2', amount: '3' }],
    ['op:5|t:7', { time: 7, kind: 'clock' }],
    ['t:7|op:7', { time: 7, kind: 'list' }],
    ['t:7|op:8|item:Vaso: azul|valor:5|segundos:30', { time: 7, kind: 'start', item: 'Vaso: azul', amount: '5', seconds: '30' }],
    ['t:7|op:9|productId:1|valor:5', { time: 7, kind: 'bid', lot: '1', amount: '5' }],
    ['t:7|op:9|productId:1|valor:5|rg:1', { time: 7, kind: 'bid', lot: '1', amount: '5', account: '1' }],
    ['t:7|op:10', { time: 7, kind: 'subscribe' }],
    [' t : 7 | op : 1 | rg : ana \r', { time: 7, kind: 'balance', account: 'ana' }],
    ['t:7|op:3|rg:1|valor:10|id:coin-1|', { time: 7, kind: 'deposit', account: '1', amount: '10', id: 'coin-1' }],
    [
      't:7|op:8|item:Um livro HTTP/1.1|valor:5|segundos:3',
      { time: 7, kind: 'start', item: 'Um livro HTTP/1.1', amount: '5', seconds: '3' },
    ],
    ['t:7|op:1|rg:ana|cor:azul', { time: 7, kind: 'balance', account: 'ana' }],
  ])('%s', (text, request) => {
    expect(parseRequest(text)).toEqual(request)
  })

  test.each<[string, object]>([
    ['', { fault: 'unreadable', time: 0 }],
    ['olá', { fault: 'unreadable', time: 0 }],
    ['op:5', { fault: 'time-invalid', time: 0 }],
    ['t:|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:-1|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:1.5|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:nan|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:281474976710657|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:99999999999999999999|op:5', { fault: 'time-invalid', time: 0 }],
    ['t:3', { fault: 'operation-unknown', time: 3 }],
    ['t:3|op:0', { fault: 'operation-unknown', time: 3 }],
    ['t:3|op:11', { fault: 'operation-unknown', time: 3 }],
    ['t:3|op:constructor', { fault: 'operation-unknown', time: 3 }],
    ['t:3|op:01', { fault: 'operation-unknown', time: 3 }],
    ['t:3|op:1', { fault: 'field-missing', field: 'rg', time: 3 }],
    ['t:3|op:2|rg:1', { fault: 'field-missing', field: 'valor', time: 3 }],
    ['t:3|op:4|rg_destino:1|valor:1', { fault: 'field-missing', field: 'rg_origem', time: 3 }],
    ['t:3|op:2|rg:1|valor:1|valor:100', { fault: 'unreadable', time: 0 }],
    ['t:3|op:4|rg_origem:1|origen_rg:3|rg_destino:2|valor:1', { fault: 'unreadable', time: 3 }],
    ['POST / HTTP/1.1', { fault: 'no-client', time: 0 }],
    ['GET /t:1|op:5 HTTP/1.1', { fault: 'no-client', time: 0 }],
  ])('%s is none', (text, fault) => {
    expect(parseRequest(text)).toEqual(fault)
  })

  test('whatever stands there, it is read or refused', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom('t:1', 'op:2', 'op:10', 'rg:1', 'valor:nan', '', ':', '__proto__:1', 't:1|op:'),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const request = parseRequest(parts.join('|'))
        expect('fault' in request || Number.isSafeInteger(request.time)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a message that no newline ends', () => {
  test.each(['t:1|op:6|rg:1111111111', 't:1|op:1|rg:1111111111', 't:1|op:5', 't:1|op:7', 't:1|op:10'])(
    '%s is whole at once',
    (text) => {
      expect(endingOf(text)).toBe('now')
    },
  )
  test.each([
    't:1|op:6|rg:111111111',
    't:1|op:6|rg:ana',
    't:1|op:2|rg:1111111111|valor:1',
    't:1|op:4|valor:1|rg_origem:1111111111|rg_destino:2222222222',
    't:1|op:5|',
    't:1|op:99',
    't:1|op:1x',
    'olá',
    't:x',
  ])('%s may grow, or is none', (text) => {
    expect(endingOf(text)).toBe('quiet')
  })
  test.each([
    't',
    't:',
    't:1',
    't:1|',
    't:1|o',
    't:1|op',
    't:1|op:',
    't:1|op:1',
    't:1|op:6|',
    't:1|op:6|rg',
    't:1|op:6|rg:',
    't:1|op:2|rg:1|val',
  ])('%s is a part', (text) => {
    expect(endingOf(text)).toBe('partial')
  })
})

test('messages that came glued are taken apart where the next one begins', () => {
  const [login, balance] = ['t:1|op:6|rg:antt', 't:2|op:1|rg:antt']
  expect(splitGlued(login + balance)).toEqual([login, balance])
  expect(splitGlued(login + balance + balance)).toEqual([login, balance, balance])
  expect(splitGlued(login)).toEqual([login])
  expect(splitGlued('')).toEqual([''])
})

describe('an answer', () => {
  test('is what the classic client reads', () => {
    expect(printAnswer(3, { ok: true, text: 'Login realizado com sucesso' })).toBe('t:3|s:0|resposta:Login realizado com sucesso')
    expect(printAnswer(9, { ok: false, text: 'Saldo insuficiente' })).toBe('t:9|s:1|resposta:Saldo insuficiente')
  })

  test('nothing that others wrote forges a field, a line or a message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const printed = printAnswer(1, { ok: true, text: 'x', fields: [['nome', text]] })
        expect(printed.split('|')).toHaveLength(4)
        expect(printed).not.toMatch(/[\r\n\0]/)
        const notice = printNotice(1, { kind: 'lance', fields: [['nome', text]] })
        expect(notice.split('|')).toHaveLength(3)
      }),
    )
  })
})
