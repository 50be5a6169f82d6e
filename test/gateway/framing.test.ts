import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFramer, type Framed, type Framer } from '../../src/gateway/framing.ts'
import { messageBytesMax } from '../../src/gateway/message.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const line = (text: string): Framed => ({ kind: 'message', text, hasNewline: true })
const bare = (text: string): Framed => ({ kind: 'message', text, hasNewline: false })
const newline: Framed = { kind: 'newline' }

/** Each piece as it comes; `…` is a moment in which nothing does, as long as what waits waits for. */
function run(framer: Framer, pieces: readonly string[]): Framed[] {
  return pieces.flatMap((piece) => {
    if (piece !== '…') return framer.push(bytes(piece))
    return framer.waiting === 'moment' || framer.waiting === 'while' ? framer.take() : []
  })
}

const login = 't:1|op:6|rg:1111111111'
const pay = 't:2|op:2|rg:1111111111|valor:1'

describe('messages of a connection', () => {
  test.each<[string, readonly string[], readonly Framed[]]>([
    ['one write without a newline', [login], [bare(login)]],
    ['one line', [`${login}\n`], [line(login)]],
    ['the line of a telnet', [`${login}\r\n`], [line(`${login}\r`)]],
    ['two lines in one packet', [`${login}\n${pay}\n`], [line(login), line(pay)]],
    ['two without newlines in one packet', [`${login}${pay}`, '…'], [bare(login), bare(pay)]],
    ['newlines between, none at the end', [`${login}\nt:2|op:5`, '…'], [line(login), line('t:2|op:5')]],
    ['pieces', ['t:1|o', 'p:6|rg:11111', '11111\n'], [line(login)]],
    ['a value that grows', ['t:2|op:2|rg:1|valor:1', '0', '…'], [bare('t:2|op:2|rg:1|valor:10')]],
    ['a value that grows into the next message', [pay, `0t:3|op:5`], [bare(`${pay}0`), bare('t:3|op:5')]],
    ['a newline that comes later', [login, '\n', `${pay}\n`], [bare(login), newline, line(pay)]],
    ['a newline that comes later, of a telnet', [login, '\r', '\n', 't:2|op:5\n'], [bare(login), newline, line('t:2|op:5')]],
    ['an empty line', ['\n', `${login}\n\n`], [line(''), line(login), line('')]],
    ['what can become no request', ['olá', '…'], [bare('olá')]],
  ])('%s', (_, pieces, framed) => {
    expect(run(createFramer(), pieces)).toEqual(framed)
  })

  test('a carriage return without a newline is waited for no longer than nothing', () => {
    const framer = createFramer()
    expect(run(framer, [login, '\r'])).toEqual([bare(login)])
    expect(framer.waiting).toBe('nothing')
    expect(run(framer, ['t:2|op:5'])).toEqual([bare('\rt:2|op:5')])
  })

  test('of a large chunk no more is kept than what waits', () => {
    const chunk = Buffer.from(`${`${login}\n`.repeat(2_000)}t:2|op`)
    const framer = createFramer()
    framer.push(chunk)
    chunk.fill(0)
    expect(run(framer, [':5\n'])).toEqual([line('t:2|op:5')])
  })

  test('a letter that is cut in two is one letter', () => {
    const framer = createFramer()
    const all = bytes('t:1|op:8|item:Lâmpada|valor:5|segundos:3\n')
    const at = all.indexOf(0xc3) + 1
    expect([...framer.push(all.subarray(0, at)), ...framer.push(all.subarray(at))]).toEqual([
      line('t:1|op:8|item:Lâmpada|valor:5|segundos:3'),
    ])
  })

  test('once a newline came, half of a message that moves money is never taken', () => {
    const framer = createFramer()
    run(framer, [`${login}\n`, pay])
    expect(framer.waiting).toBe('more')
    expect(run(framer, ['…', '00\n'])).toEqual([line(`${pay}00`)])
    run(framer, [pay])
    expect(framer.take()).toEqual([{ kind: 'fault', fault: 'unended' }])
  })

  test('once a newline came, what moves none waits for longer than a moment', () => {
    const framer = createFramer()
    run(framer, [`${login}\n`, login])
    expect(framer.waiting).toBe('while')
    expect(framer.take()).toEqual([line(login)])
    expect(run(framer, ['\n', 't:3|op:5\n'])).toEqual([line('t:3|op:5')])
  })

  test('a part is given up whole', () => {
    const framer = createFramer()
    run(framer, ['t:1|op:2|rg:1|val'])
    expect(framer.waiting).toBe('more')
    expect(framer.take()).toEqual([{ kind: 'fault', fault: 'unended' }])
    expect(framer.waiting).toBe('nothing')
    expect(framer.take()).toEqual([])
  })

  test('a megabyte without an end is refused at its first kilobytes, with or without newlines before it', () => {
    for (const before of ['', `${login}\n`]) {
      const framer = createFramer()
      run(framer, [before])
      const chunks = Array.from({ length: 64 }, () => 'x'.repeat(16 * 1024))
      expect(run(framer, chunks)[0]).toEqual({ kind: 'fault', fault: 'too-long' })
    }
    expect(run(createFramer(), [`${'x'.repeat(messageBytesMax + 1)}\n${login}\n`])).toEqual([
      { kind: 'fault', fault: 'too-long' },
    ])
  })

  test('however lines are cut, they are the same lines, and each newline has its answer', () => {
    const text = fc.string({ unit: fc.constantFrom('t', ':', '1', '|', 'o', 'p', 'â', '\n', ' ', 'r', 'g', '5') })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (pieces) => {
        const whole = pieces.join('').split('\n')
        const framer = createFramer()
        const framed = framer.push(bytes(`\n${pieces.join('')}\n`))
        const cut = createFramer()
        const inPieces = [
          ...cut.push(bytes('\n')),
          ...pieces.flatMap((piece) => cut.push(bytes(piece))),
          ...cut.push(bytes('\n')),
        ]
        expect(inPieces).toEqual(framed)
        expect(framed.length).toBeGreaterThanOrEqual(whole.length + 1)
      }),
      { numRuns: 500 },
    )
  })
})
