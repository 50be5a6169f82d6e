import { describe, expect, test } from 'vitest'
import { type Environment, type Flags, profileFolder, readPeerConfig } from '../../src/app/config.ts'

describe('a peer is configured', () => {
  test('by what is usual, where nothing is said', () => {
    expect(readGood({}, {})).toMatchObject({
      room: 'classroom',
      create: false,
      currency: 'EUR',
      deposits: 'open',
      code: '',
      listen: ['/ip4/0.0.0.0/tcp/0'],
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
      room: 'evening',
      create: false,
      currency: 'BRL',
      deposits: 'host',
      code: 'old lamp',
      name: 'Ana',
      profile: '/tmp/ana',
      listen: ['/ip4/127.0.0.1/tcp/4001'],
      bootstrap: ['/ip4/192.168.1.20/tcp/4001', '/ip4/192.168.1.21/tcp/4001'],
      mdns: false,
      refetch: true,
      httpPort: undefined,
      logFormat: 'json',
    })
  })

  test('by flags before variables', () => {
    const config = readGood({ room: 'here', code: '', http: '4000' }, { GAVELRING_ROOM: 'there', GAVELRING_CODE: 'x' })
    expect(config).toMatchObject({ room: 'here', code: '', httpPort: 4000 })
  })
})

describe('what cannot be is refused with the name that the person used', () => {
  const wrong: readonly (readonly [flags: Flags, env: Environment, code: string, message: RegExp])[] = [
    [{ room: '' }, {}, 'room-invalid', /^--room: A name/],
    [{ room: 'x'.repeat(65) }, {}, 'room-invalid', /^--room/],
    [{}, { GAVELRING_ROOM: ' padded' }, 'room-invalid', /^GAVELRING_ROOM: /],
    [{ name: 'a\u0007b' }, {}, 'name-invalid', /^--name/],
    [{ currency: 'not money' }, {}, 'currency-invalid', /^--currency/],
    [{ deposits: 'all' }, {}, 'deposits-invalid', /open or host/],
    [{ listen: ['nowhere'] }, {}, 'listen-invalid', /^--listen: An address looks like/],
    [{ bootstrap: ['1.2.3.4:99999'] }, {}, 'bootstrap-invalid', /^--bootstrap/],
    [{ http: '0.0.0.0:80' }, {}, 'http-invalid', /on this machine only/],
    [{ http: '127.0.0.1:70000' }, {}, 'http-invalid', /^--http/],
    [{ 'log-format': 'xml' }, {}, 'log-format-invalid', /json or text/],
    [{ create: true, refetch: true }, {}, 'refetch-alone', /not both/],
    [{}, { GAVELRING_NO_MDNS: 'maybe' }, 'switch-invalid', /^GAVELRING_NO_MDNS/],
    [{ gateway: '127.0.0.1:1' }, {}, 'gateway-not-yet', /later version/],
    [{}, { GAVELRING_GATEWAY: '127.0.0.1:1' }, 'gateway-not-yet', /later version/],
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
