import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandCharsMax, isFault, readCommand } from '../../../src/app/bridge/command.ts'

const read = (command: object | string) => readCommand(typeof command === 'string' ? command : JSON.stringify(command)).result

describe('a command of the bus', () => {
  test.each([
    [
      { tipo: 'iniciar', productId: 7, nome: ' Vaso ', valor: 12.5 },
      { kind: 'start', product: 7, item: 'Vaso', amount: '12.5', seconds: '30', who: { named: undefined, maybe: undefined } },
    ],
    [
      { tipo: 'iniciar', item: 'Vaso', valorInicial: '10.0', duracao: 60, vendedor: 'Ana' },
      { kind: 'start', product: undefined, item: 'Vaso', amount: '10.0', seconds: '60', who: { named: 'Ana', maybe: undefined } },
    ],
    [
      { tipo: 'lance', productId: 'p', valor: 1, nome: 'Bia' },
      { kind: 'bid', product: 'p', amount: '1', who: { named: undefined, maybe: 'Bia' } },
    ],
    [
      { tipo: 'lance', leilao: 'p', lance: '1.5', conta: '1111111111' },
      { kind: 'bid', product: 'p', amount: '1.5', who: { named: '1111111111', maybe: undefined } },
    ],
    [
      { tipo: 'finalizar', productId: '0' },
      { kind: 'finish', product: '0' },
    ],
  ])('%j', (command, result) => {
    expect(read(command)).toEqual(result)
  })

  test.each([
    ['', { kind: 'unreadable' }],
    ['[]', { kind: 'unreadable' }],
    ['null', { kind: 'unreadable' }],
    ['{"tipo":"lance","valor":NaN}', { kind: 'unreadable' }],
    ['x'.repeat(commandCharsMax + 1), { kind: 'too-long' }],
    [{}, { kind: 'type-unknown' }],
    [{ tipo: 'Lance' }, { kind: 'type-unknown' }],
    [{ tipo: ['lance'] }, { kind: 'type-unknown' }],
    [
      { tipo: 'lance', valor: 1 },
      { kind: 'field-missing', field: 'productId' },
    ],
    [
      { tipo: 'lance', productId: {}, valor: 1 },
      { kind: 'field-missing', field: 'productId' },
    ],
    [
      { tipo: 'lance', productId: 1, valor: null },
      { kind: 'field-missing', field: 'valor' },
    ],
    [
      { tipo: 'iniciar', valor: 1 },
      { kind: 'field-missing', field: 'nome' },
    ],
    [{ tipo: 'finalizar' }, { kind: 'field-missing', field: 'productId' }],
    [{ tipo: 'lance', productId: 1, valor: 1, id: 'a b' }, { kind: 'id-invalid' }],
    [{ tipo: 'lance', productId: 1, valor: 1, id: 'x'.repeat(65) }, { kind: 'id-invalid' }],
  ])('%j is none', (command, fault) => {
    expect(read(command)).toEqual(fault)
  })

  test('a number is the text that it is, so that what was rounded before is refused later, and never rounded again', () => {
    expect(read({ tipo: 'lance', productId: 1, valor: 0.1 + 0.2 })).toMatchObject({ amount: '0.30000000000000004' })
    expect(read('{"tipo":"lance","productId":1,"valor":1e308}')).toMatchObject({ amount: '1e+308' })
    expect(read('{"tipo":"lance","productId":1,"valor":1e999}')).toMatchObject({ amount: 'Infinity' })
  })

  test('whatever comes, it is read or refused, and its id is one that the room takes', () => {
    const tipo = fc.constantFrom('iniciar', 'lance', 'finalizar')
    const loose = fc.record({ tipo, productId: fc.jsonValue(), valor: fc.jsonValue(), nome: fc.jsonValue(), id: fc.jsonValue() })
    const message = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      loose.map((command) => JSON.stringify(command)),
    )
    fc.assert(
      fc.property(message, (text) => {
        const { result, id } = readCommand(text)
        if (id !== undefined) expect(id).toMatch(/^\S{1,64}$/)
        if (!isFault(result) && result.kind !== 'finish') expect(result.amount).not.toBe('')
      }),
    )
  })
})
