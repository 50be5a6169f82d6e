import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPaneConfig, readPeerConfig } from '../../src/app/config.ts'
import { type Environment, type Flags, profileFolder } from '../../src/app/flags.ts'
import { hasNoPipes } from '../support/pipe.ts'

describe('a peer is configured', () => {
  test('by what is usual, where nothing is said', () => {
    expect(readGood({}, {})).toMatchObject({
      isLast: false,
      room: 'classroom',
      entry: { kind: 'look' },
      name: undefined,
      waitMillis: undefined,
      currency: 'EUR',
      deposits: 'open',
      code: '',
      isNewCode: false,
      listen: ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0'],
      bootstrap: [],
      mdns: true,
      refetch: false,
      httpPort: 0,
      logFormat: 'text',
    })
  })

  test('by variables, each named after its flag', () => {
    const env = {
      GAVELRING_ROOM: 'evening',
      GAVELRING_CREATE: 'no',
      GAVELRING_WAIT: '90s',
      GAVELRING_CURRENCY: 'BRL',
      GAVELRING_DEPOSITS: 'host',
      GAVELRING_CODE: 'old lamp',
      GAVELRING_NAME: 'Ana',
      GAVELRING_PROFILE: '/tmp/ana',
      GAVELRING_LISTEN: '/ip4/127.0.0.1/tcp/4001',
      GAVELRING_BOOTSTRAP: '192.168.1.20:4001, /ip4/192.168.1.21/tcp/4001',
      GAVELRING_NO_MDNS: 'yes',
      GAVELRING_REFETCH: 'true',
      GAVELRING_HTTP: 'off',
      GAVELRING_LOG_FORMAT: 'json',
    }
    expect(readGood({}, env)).toEqual({
      isLast: false,
      room: 'evening',
      entry: { kind: 'join', room: undefined },
      waitMillis: 90_000,
      currency: 'BRL',
      deposits: 'host',
      code: 'old lamp',
      isNewCode: false,
      name: 'Ana',
      profile: '/tmp/ana',
      listen: ['/ip4/127.0.0.1/tcp/4001'],
      bootstrap: ['/ip4/192.168.1.20/tcp/4001', '/ip4/192.168.1.21/tcp/4001'],
      mdns: false,
      refetch: 'once',
      httpPort: undefined,
      logFormat: 'json',
    })
  })

  test('by flags before variables', () => {
    const config = readGood({ room: 'here', code: '', http: '4000' }, { GAVELRING_ROOM: 'there', GAVELRING_CODE: 'x' })
    expect(config).toMatchObject({ room: 'here', code: '', httpPort: 4000 })
  })
})

test('thin clients are served where it is told, on this machine unless another host is named', () => {
  const place = (gateway: string, more: Flags = {}): unknown => readGood({ gateway, ...more }, {}).gateway
  expect(readGood({}, {}).gateway).toBeUndefined()
  expect(place('off')).toBeUndefined()
  expect(place('5000')).toEqual({ host: '127.0.0.1', port: 5_000, language: 'pt' })
  expect(place('0.0.0.0:5000', { 'gateway-language': 'en' })).toEqual({ host: '0.0.0.0', port: 5_000, language: 'en' })
  expect(place('[::1]:0')).toEqual({ host: '::1', port: 0, language: 'pt' })
  expect(place('peer-1.lan:5000')).toMatchObject({ host: 'peer-1.lan' })
  const env = { GAVELRING_GATEWAY: '127.0.0.1:5000', GAVELRING_GATEWAY_LANGUAGE: 'es' }
  expect(readGood({}, env).gateway).toEqual({ host: '127.0.0.1', port: 5_000, language: 'es' })
})

describe('a peer goes into the last room', () => {
  test.each<[Flags, Environment]>([
    [{ last: true }, {}],
    [{ last: true, name: 'Ana', 'no-mdns': true, bootstrap: ['10.0.0.2:4001'] }, {}],
    [{}, { GAVELRING_LAST: 'yes' }],
    [{ last: true }, { GAVELRING_ROOM: '', GAVELRING_JOIN: 'no' }],
  ])('%j %j', (flags, env) => expect(readGood(flags, env).isLast).toBe(true))
  const rows: [string, Flags, Environment][] = [
    ['--room', { room: 'x' }, {}],
    ['--code', { code: 'x' }, {}],
    ['--create', { create: true }, {}],
    ['--join', { join: true }, {}],
    ['--join', { join: 'gavelring://join?room=x' }, {}],
    ['--bootstrap', { bootstrap: ['gavelring://join?room=x'] }, {}],
    ['--refetch', { refetch: true }, {}],
    ['--wait', { wait: '30' }, {}],
    ['GAVELRING_ROOM', {}, { GAVELRING_ROOM: 'x' }],
  ]
  test.each(rows)('but not where %s says another', (name, flags, env) => {
    const config = readPeerConfig({ last: true, ...flags }, env)
    expect(config.ok ? undefined : [config.error.code, config.error.message]).toEqual([
      'last-alone',
      `The room is the last one, or another: --last or ${name}, not both.`,
    ])
  })
})

const id = 'ab'.repeat(32)
const link = `gavelring://join?room=evening&code=old%20lamp&id=${id}&at=10.0.0.2:4001`

describe('a peer comes into a room', () => {
  const rows: readonly (readonly [string, Flags, object])[] = [
    ['by looking for it, then founding it', {}, { kind: 'look' }],
    ['by founding it', { create: true }, { kind: 'create' }],
    ['by founding it, and dialling others', { create: true, bootstrap: ['10.0.0.2:4001'] }, { kind: 'create' }],
    ['by waiting for it', { join: true }, { kind: 'join', room: undefined }],
    ['by waiting for it where an address is given', { bootstrap: ['name.local:4001'] }, { kind: 'join', room: undefined }],
    ['by waiting for it where its log is to be fetched', { refetch: true }, { kind: 'join', room: undefined }],
    ['by waiting for the one of a link', { join: link }, { kind: 'join', room: id }],
    ['by waiting for the one of a link among addresses', { bootstrap: [link] }, { kind: 'join', room: id }],
  ]
  for (const [how, flags, entry] of rows) test(how, () => expect(readGood(flags, {}).entry).toEqual(entry))

  test('whose name, code and addresses stand in a link', () => {
    const found = { room: 'evening', code: 'old lamp', bootstrap: ['/ip4/10.0.0.2/tcp/4001'] }
    expect(readGood({ join: link }, {})).toMatchObject(found)
    expect(readGood({}, { GAVELRING_JOIN: link })).toMatchObject(found)
    expect(readGood({}, { GAVELRING_BOOTSTRAP: `${link}, [::1]:9` })).toMatchObject({
      ...found,
      bootstrap: ['/ip4/10.0.0.2/tcp/4001', '/ip6/::1/tcp/9'],
    })
  })

  test('whose code is said beside a link without it', () => {
    const bare = 'gavelring://join?room=evening'
    expect(readGood({ join: bare, code: 'old lamp', room: 'evening' }, {})).toMatchObject({ room: 'evening', code: 'old lamp' })
  })

  test('for as long as it is told to wait', () => {
    const waits = ['5', '1.5', '90s', '2m', '1h'].map((wait) => readGood({ join: true, wait }, {}).waitMillis)
    expect(waits).toEqual([5_000, 1_500, 90_000, 120_000, 3_600_000])
  })
})

describe('a room code from a file', () => {
  const fileOf = (contents: string | Uint8Array): string => {
    const folder = mkdtempSync(join(tmpdir(), 'gavelring-code-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'code'), contents)
    return join(folder, 'code')
  }
  const refusalOf = (flags: Flags, env: Environment): readonly string[] => {
    const config = readPeerConfig(flags, env)
    return config.ok ? [] : [config.error.code, config.error.message]
  }

  test.each<readonly [string, string]>([
    ['old lamp', 'old lamp'],
    ['old lamp\n', 'old lamp'],
    ['old lamp\r\n', 'old lamp'],
    ['\uFEFFlâmpada 灯\n', 'lâmpada 灯'],
    [' spaces count ', ' spaces count '],
    ['🏮'.repeat(64), '🏮'.repeat(64)],
  ])('%j', (contents, code) => {
    const file = fileOf(contents)
    expect(readGood({ 'code-file': file }, {}).code).toBe(code)
    expect(readGood({}, { GAVELRING_CODE_FILE: file }).code).toBe(code)
  })

  test.each<readonly [string, string | Uint8Array, RegExp]>([
    ['empty', '', /^GAVELRING_CODE_FILE: The file with the room code is empty: \//],
    ['only the end of a line', '\n', /is empty/],
    ['two lines', 'old\nlamp\n', /without control characters/],
    ['too long', 'x'.repeat(129), /at most 128 characters/],
    ['far too long', 'x'.repeat(1_000_000), /no room code in UTF-8/],
    ['no text', Uint8Array.of(0xff, 0xfe, 0x41), /no room code in UTF-8/],
    ['new', 'new\n', /--create --code new/],
  ])('is refused where it is %s, and never taken for none', (_which, contents, message) => {
    const refusal = refusalOf({}, { GAVELRING_CODE_FILE: fileOf(contents) })
    expect(refusal).toEqual(['code-file-invalid', expect.stringMatching(message)])
  })

  test('is refused where it cannot be read, with the reason', () => {
    expect(refusalOf({ 'code-file': '/nonexistent/code' }, {})[1]).toMatch(
      /^--code-file: .* cannot be read \(there is none\): \/non/,
    )
    expect(refusalOf({ 'code-file': tmpdir() }, {})[1]).toMatch(/\(it is a folder\)/)
    if (!hasNoPipes) expect(refusalOf({ 'code-file': '/dev/zero' }, {})[1]).toMatch(/\(it is no file\)/)
  })

  test('stands before a variable where it is typed, and gives way to a code that is; two that are given alike are refused', () => {
    const file = fileOf('old lamp')
    expect(readGood({ 'code-file': file }, { GAVELRING_CODE: 'x' }).code).toBe('old lamp')
    expect(readGood({ code: 'x' }, { GAVELRING_CODE_FILE: file }).code).toBe('x')
    const message = 'The room code is said, or the file that holds it: --code or --code-file, not both.'
    expect(refusalOf({ code: 'x', 'code-file': file }, {})).toEqual(['code-twice', message])
    expect(refusalOf({}, { GAVELRING_CODE: 'x', GAVELRING_CODE_FILE: file })[0]).toBe('code-twice')
  })

  test('must be that of a link, and says which room is meant', () => {
    const file = fileOf('new lamp')
    expect(refusalOf({ join: link, 'code-file': file }, {})).toEqual([
      'link-conflict',
      '--code-file: the link has another room code.',
    ])
    expect(refusalOf({ last: true, 'code-file': file }, {})[0]).toBe('last-alone')
  })
})

describe('of peers that are started alike', () => {
  const alike: Environment = { GAVELRING_FOUNDER: 'peer-1', GAVELRING_BOOTSTRAP: 'peer-1:4001,peer-2:4001' }

  test('the one with the founder’s name founds the room where it is not there, the others wait for it', () => {
    expect(readGood({ name: 'peer-1' }, alike)).toMatchObject({ entry: { kind: 'look' }, bootstrap: expect.any(Array) })
    expect(readGood({ name: 'peer-2' }, alike).entry).toEqual({ kind: 'join', room: undefined })
    expect(readGood({ name: 'peer-2', founder: 'peer-1' }, {}).entry).toEqual({ kind: 'join', room: undefined })
    // A log that is to be fetched is one of the others'.
    expect(readGood({ name: 'peer-1', refetch: true }, alike).entry).toEqual({ kind: 'join', room: undefined })
  })

  test.each<readonly [Flags, string, RegExp]>([
    [{}, 'founder-alone', /^GAVELRING_FOUNDER: .*: add --name\.$/],
    [{ name: 'peer-1', create: true }, 'founder-alone', /not beside --create\.$/],
    [{ name: 'peer-1', join: true }, 'founder-alone', /not beside --join\.$/],
    [{ name: 'peer-1', join: link }, 'founder-alone', /not beside --join\.$/],
    [{ name: 'peer-1', bootstrap: [link] }, 'founder-alone', /not beside a link\.$/],
    [{ name: 'peer-1', last: true }, 'last-alone', /--last or GAVELRING_FOUNDER/],
    [{ name: 'peer-1', founder: '' }, 'founder-invalid', /^--founder: A name/],
  ])('%j is refused', (flags, code, message) => {
    const config = readPeerConfig(flags, alike)
    expect(config.ok ? config : config.error).toEqual({ code, message: expect.stringMatching(message) })
  })
})

describe('how much is told', () => {
  const read = (flags: Flags, env: Environment = {}) => {
    const config = readPaneConfig(flags, env)
    return config.ok ? config.value.level : [config.error.code, config.error.message]
  }
  test('is a level, or one of the words for it', () => {
    expect([read({}), read({ quiet: true }), read({ verbose: true })]).toEqual(['info', 'warn', 'debug'])
    expect([read({ 'log-level': 'error' }), read({}, { GAVELRING_LOG_LEVEL: 'debug' })]).toEqual(['error', 'debug'])
  })
  test('and no other, nor both', () => {
    expect(read({ 'log-level': 'all' })).toEqual([
      'log-level-invalid',
      '--log-level: One of error, warn, info, debug is expected.',
    ])
    expect(read({ verbose: true }, { GAVELRING_LOG_LEVEL: 'info' })).toEqual([
      'log-level-alone',
      'How much is told is said twice: GAVELRING_LOG_LEVEL or --verbose, not both.',
    ])
  })
})

describe('what cannot be is refused with the name that the person used', () => {
  test('whose code is to be a new one: another each time, and long enough that nobody guesses it', () => {
    const [one, other] = [0, 1].map(() => readGood({ code: 'new', create: true }, {}))
    expect(one).toMatchObject({
      isNewCode: true,
      code: expect.stringMatching(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/),
    })
    expect(one?.code).not.toBe(other?.code)
  })

  const wrong: readonly (readonly [flags: Flags, env: Environment, code: string, message: RegExp])[] = [
    [{ room: '' }, {}, 'room-invalid', /^--room: A name/],
    [{ room: 'x'.repeat(65) }, {}, 'room-invalid', /^--room/],
    [{}, { GAVELRING_ROOM: ' padded' }, 'room-invalid', /^GAVELRING_ROOM: /],
    [{ name: 'a\u0007b' }, {}, 'name-invalid', /^--name/],
    [{ currency: 'not money' }, {}, 'currency-invalid', /^--currency/],
    [{ currency: 'XXX' }, {}, 'currency-invalid', /ISO 4217/],
    [{}, { GAVELRING_CURRENCY: 'credits' }, 'currency-invalid', /^GAVELRING_CURRENCY/],
    [{ deposits: 'all' }, {}, 'deposits-invalid', /open or host/],
    [{ listen: ['nowhere'] }, {}, 'listen-invalid', /^--listen: An address to listen at looks like/],
    [{ bootstrap: ['1.2.3.4:99999'] }, {}, 'bootstrap-invalid', /^--bootstrap/],
    [{ http: '0.0.0.0:80' }, {}, 'http-invalid', /on this machine only/],
    [{ http: '127.0.0.1:70000' }, {}, 'http-invalid', /^--http/],
    [{ 'log-format': 'xml' }, {}, 'log-format-invalid', /json or text/],
    [{ bootstrap: ['0.0.0.0:4001'] }, {}, 'bootstrap-invalid', /^--bootstrap: 0.0.0.0 means/],
    [{ create: true, refetch: true }, {}, 'refetch-alone', /not both/],
    [{ create: true, join: true }, {}, 'join-alone', /^A room is founded or joined: --create or --join, not both/],
    [{ create: true, join: link }, {}, 'join-alone', /not both/],
    [{ create: true, bootstrap: [link] }, {}, 'join-alone', /not both/],
    [{ create: true, wait: '5' }, {}, 'wait-alone', /--create or --wait, not both/],
    [{ join: true, wait: 'soon' }, {}, 'wait-invalid', /^--wait: A time is expected/],
    [{ join: true, wait: '0' }, {}, 'wait-invalid', /^--wait/],
    [{ join: 'evening' }, {}, 'switch-invalid', /^--join: a join link is expected/],
    [{ join: 'gavelring://join?code=x' }, {}, 'join-invalid', /^--join: The link names no room/],
    [{ listen: [link] }, {}, 'listen-invalid', /^--listen: A join link says where others are: it goes to --join or --bootstrap/],
    [{}, { GAVELRING_LISTEN: link }, 'listen-invalid', /^GAVELRING_LISTEN: A join link/],
    [{ bootstrap: ['gavelring://nowhere'] }, {}, 'bootstrap-invalid', /^--bootstrap: A link looks like/],
    [{ join: link, room: 'morning' }, {}, 'link-conflict', /^--room: the link is for the room “evening”, not “morning”/],
    [{ code: 'new' }, {}, 'new-code-alone', /^--code: a new code is for a new room: add --create/],
    [{ join: link, code: 'new lamp' }, {}, 'link-conflict', /^--code: the link has another room code/],
    [{ join: link }, { GAVELRING_ROOM: 'morning' }, 'link-conflict', /^GAVELRING_ROOM/],
    [{ join: link, bootstrap: [link.replace('evening', 'noon')] }, {}, 'link-conflict', /different rooms/],
    [{}, { GAVELRING_NO_MDNS: 'maybe' }, 'switch-invalid', /^GAVELRING_NO_MDNS/],
    [{ gateway: 'lamp' }, {}, 'gateway-invalid', /^--gateway: A place to listen at is expected/],
    [{ gateway: '127.0.0.1:65536' }, {}, 'gateway-invalid', /127\.0\.0\.1:5000/],
    [{}, { GAVELRING_GATEWAY: '::1:5000' }, 'gateway-invalid', /^GAVELRING_GATEWAY/],
    [{ 'gateway-language': 'fr' }, {}, 'gateway-language-invalid', /^--gateway-language: pt, es, en/],
  ]
  for (const [flags, env, code, message] of wrong) {
    test(`${JSON.stringify(flags)} ${JSON.stringify(env)}`, () => {
      const config = readPeerConfig(flags, env)
      expect(config.ok ? config : config.error).toMatchObject({ code, message: expect.stringMatching(message) })
    })
  }
})

test('the usual profile folder is where programs of this system keep their data', () => {
  expect(profileFolder({ profile: '/tmp/x' }, { GAVELRING_PROFILE: '/tmp/y' })).toBe('/tmp/x')
  expect(profileFolder({}, { GAVELRING_PROFILE: '/tmp/y' })).toBe('/tmp/y')
  if (process.platform === 'linux') expect(profileFolder({}, { XDG_DATA_HOME: '/data' })).toBe('/data/gavelring')
})

function readGood(flags: Flags, env: Environment) {
  const config = readPeerConfig(flags, env)
  if (!config.ok) throw new Error(config.error.message)
  return config.value
}
