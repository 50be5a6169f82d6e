import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressCharsMax, addressText, dialAddress, ownAddress, parseAddress, partsOf, readIp } from '../../src/core/address.ts'

const peer = `12D3KooW${'a'.repeat(44)}`

describe('an address to dial', () => {
  it.each([
    ['192.168.1.20:4001', '/ip4/192.168.1.20/tcp/4001'],
    ['169.254.7.8:65535', '/ip4/169.254.7.8/tcp/65535'],
    ['127.0.0.1:1', '/ip4/127.0.0.1/tcp/1'],
    ['[fe80::1%eth0]:4001', '/ip6zone/eth0/ip6/fe80::1/tcp/4001'],
    ['[fe80::1%12]:4001', '/ip6zone/12/ip6/fe80::1/tcp/4001'],
    ['[::1]:4001', '/ip6/::1/tcp/4001'],
    ['[2001:DB8:0:0:1:0:0:1]:80', '/ip6/2001:db8::1:0:0:1/tcp/80'],
    ['[::ffff:10.0.0.1]:80', '/ip6/::ffff:a00:1/tcp/80'],
    ['name.local:4001', '/dns/name.local/tcp/4001'],
    ['Name.Local.:4001', '/dns/name.local/tcp/4001'],
    ['localhost:4001', '/dns/localhost/tcp/4001'],
    ['xn--caf-dma.example:4001', '/dns/xn--caf-dma.example/tcp/4001'],
    ['4-you.example:4001', '/dns/4-you.example/tcp/4001'],
    ['/ip4/192.168.1.20/tcp/4001', '/ip4/192.168.1.20/tcp/4001'],
    [`/ip4/192.168.1.20/tcp/4001/p2p/${peer}`, `/ip4/192.168.1.20/tcp/4001/p2p/${peer}`],
    ['/ip6/FE80:0::0001/tcp/4001', undefined],
    ['/ip6/2001:0db8::0001/tcp/4001', '/ip6/2001:db8::1/tcp/4001'],
    ['/ip6zone/eth0/ip6/fe80::1/tcp/4001', '/ip6zone/eth0/ip6/fe80::1/tcp/4001'],
    [`/ip6zone/wlan0/ip6/fe80::1/tcp/4001/p2p/${peer}`, `/ip6zone/wlan0/ip6/fe80::1/tcp/4001/p2p/${peer}`],
    ['/dns4/name.local/tcp/1', '/dns4/name.local/tcp/1'],
    ['/dns6/name.local/tcp/1', '/dns6/name.local/tcp/1'],
  ])('%s is %s', (text, value) => {
    const result = parseAddress(text, 'dial')
    expect(result.ok ? result.value : undefined).toBe(value)
  })

  it.each([
    ['', 'address-invalid'],
    ['192.168.1.20', 'address-invalid'],
    [':4001', 'address-invalid'],
    ['192.168.1.20:', 'address-invalid'],
    ['fe80::1:4001', 'address-invalid'],
    ['[::1]', 'address-invalid'],
    ['[::1]:80:90', 'address-invalid'],
    ['http://name.local:80', 'address-invalid'],
    ['name.local:80/path', 'address-port'],
    ['user@name.local:80', 'address-name'],
    ['192.168.1.20:4001 ', 'address-invalid'],
    ['192.168.1.20:4001\n', 'address-invalid'],
    ['192.168.1.20\u0000:4001', 'address-invalid'],
    ['café.local:80', 'address-invalid'],
    ['name\u202e.local:80', 'address-invalid'],
    ['/ip4/192.168.1.20', 'address-invalid'],
    ['/ip4/192.168.1.20/udp/4001', 'address-invalid'],
    ['/ip4/192.168.1.20/tcp/4001/ws', 'address-invalid'],
    ['/ip4/192.168.1.20/tcp/4001/', 'address-invalid'],
    ['/unix/tmp/socket', 'address-invalid'],
    [`/ip4/1.2.3.4/tcp/1/p2p/${peer}/p2p-circuit`, 'address-invalid'],
    ['192.168.1.20:0', 'address-port'],
    ['192.168.1.20:65536', 'address-port'],
    ['192.168.1.20:04001', 'address-port'],
    ['192.168.1.20:-1', 'address-port'],
    ['192.168.1.20:+1', 'address-port'],
    ['192.168.1.20:1e3', 'address-port'],
    ['192.168.1.20:0x50', 'address-port'],
    ['/ip4/1.2.3.4/tcp/0', 'address-port'],
    ['/ip4/1.2.3.4/tcp/99999', 'address-port'],
    ['192.168.1.256:4001', 'address-number'],
    ['192.168.1.020:4001', 'address-number'],
    ['192.168.1:4001', 'address-number'],
    ['3232235796:4001', 'address-number'],
    ['0x7f.1:4001', 'address-number'],
    ['0x7f000001:4001', 'address-number'],
    ['1.2.3.4.:4001', 'address-number'],
    ['/ip4/::1/tcp/1', 'address-number'],
    ['/ip6/1.2.3.4/tcp/1', 'address-number'],
    ['[1.2.3.4]:80', 'address-number'],
    ['[:::1]:80', 'address-number'],
    ['[1::2::3]:80', 'address-number'],
    ['[1:2:3:4:5:6:7:8:9]:80', 'address-number'],
    ['[1:2:3:4:5:6:7]:80', 'address-number'],
    ['[1:2:3:4:5:6:7:8::]:80', 'address-number'],
    ['[12345::]:80', 'address-number'],
    ['[g::]:80', 'address-number'],
    ['[::1.2.3.256]:80', 'address-number'],
    ['[::01.2.3.4]:80', 'address-number'],
    ['/dns/1.2.3.4/tcp/80', 'address-name'],
    ['/dns/0x7f000001/tcp/80', 'address-name'],
    ['-name.local:80', 'address-name'],
    ['name-.local:80', 'address-name'],
    ['name..local:80', 'address-name'],
    [`${'x'.repeat(64)}.local:80`, 'address-name'],
    ['[fe80::1]:80', 'address-zone'],
    ['/ip6/fe80::1/tcp/80', 'address-zone'],
    ['[febf::1]:80', 'address-zone'],
    ['[fe80::1%]:80', 'address-zone'],
    ['[fe80::1%eth0;rm]:80', 'address-zone'],
    [`[fe80::1%${'x'.repeat(33)}]:80`, 'address-zone'],
    ['[2001:db8::1%eth0]:80', 'address-zone'],
    ['/ip6zone/eth0/ip4/1.2.3.4/tcp/80', 'address-zone'],
    ['/ip6zone/eth0/dns/name.local/tcp/80', 'address-zone'],
    ['0.0.0.0:80', 'address-use'],
    ['[::]:80', 'address-use'],
    ['[::ffff:0.0.0.0]:80', 'address-use'],
    ['224.0.0.251:5353', 'address-use'],
    ['255.255.255.255:80', 'address-use'],
    ['[ff02::fb]:5353', 'address-use'],
    ['/ip4/1.2.3.4/tcp/1/p2p/nobody', 'address-peer'],
  ])('%j is refused with %s', (text, code) => {
    const result = parseAddress(text, 'dial')
    expect(result.ok ? result.value : result.error.code).toBe(code)
    if (!result.ok) expect(result.error.message).toMatch(/^\S.*\.$/)
  })

  it('is at most 200 characters long', () => {
    const name = `${'x'.repeat(63)}.`.repeat(4)
    const fits = `${name.slice(0, addressCharsMax - 5)}:4001`
    expect(parseAddress(fits, 'dial').ok).toBe(true)
    expect(parseAddress(`x${fits}`, 'dial')).toMatchObject({ ok: false, error: { code: 'address-invalid' } })
  })
})

describe('an address to listen at', () => {
  it.each([
    ['0.0.0.0:0', '/ip4/0.0.0.0/tcp/0'],
    ['[::]:4001', '/ip6/::/tcp/4001'],
    ['[::1]:0', '/ip6/::1/tcp/0'],
    ['[fe80::1%eth0]:0', '/ip6zone/eth0/ip6/fe80::1/tcp/0'],
    ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'],
    ['name.local:4001', '/dns/name.local/tcp/4001'],
    ['/dns6/name.local/tcp/0', '/dns6/name.local/tcp/0'],
    ['-name.local:4001', 'address-name'],
    ['[fe80::1]:4001', 'address-zone'],
    ['224.0.0.1:4001', 'address-use'],
    [`/ip4/0.0.0.0/tcp/0/p2p/${peer}`, 'address-peer'],
    ['0.0.0.0:65536', 'address-port'],
    ['fe80::1', 'address-invalid'],
  ])('%s: %s', (text, expected) => {
    const result = parseAddress(text, 'listen')
    expect(result.ok ? result.value : result.error.code).toBe(expected)
  })
})

describe('IP addresses', () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
  const hex = fc.tuple(group, fc.integer({ min: 0, max: 3 })).map(([n, zeros]) => {
    const text = n.toString(16)
    return text.padStart(Math.min(4, text.length + zeros), '0')
  })

  it('have one form each, as the URL standard writes it, however they were typed', () => {
    fc.assert(
      fc.property(fc.array(hex, { minLength: 8, maxLength: 8 }), (groups) => {
        const typed = groups.join(':')
        expect(`[${readIp(typed)?.text}]`).toBe(new URL(`http://[${typed}]`).hostname)
        expect(readIp(readIp(typed)?.text ?? '')).toEqual(readIp(typed))
      }),
    )
  })

  it('are taken or refused like the URL standard does, but that an IPv4 address has four decimal numbers', () => {
    const text = fc.array(fc.constantFrom(':', '::', '0', '1', 'f', '10', 'ffff', '.', '1.2.3.4', '255', '256', '00'), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(text, (parts) => {
        const typed = parts.join('')
        if (!typed.includes(':')) return
        expect(readIp(typed) !== undefined, typed).toBe(URL.canParse(`http://[${typed}]`))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['0.0.0.0', 'any'],
    ['::', 'any'],
    ['127.8.9.1', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.0.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe7f::1', 'usual'],
    ['fec0::1', 'usual'],
    ['239.255.255.250', 'multicast'],
    ['ff02::fb', 'multicast'],
    ['141.23.4.5', 'usual'],
    ['100.64.1.1', 'usual'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::2', 'usual'],
  ])('%s is %s', (text, kind) => {
    expect(readIp(text)?.kind).toBe(kind)
  })
})

it('an address is taken apart into what a socket wants', () => {
  expect(partsOf('/ip6zone/eth0/ip6/fe80::1/tcp/4001')).toEqual({ host: 'fe80::1', zone: 'eth0', port: 4001, isName: false })
  expect(partsOf(`/ip4/10.0.0.1/tcp/80/p2p/${peer}`)).toEqual({ host: '10.0.0.1', zone: undefined, port: 80, isName: false })
  expect(partsOf('/dns/name.local/tcp/80')).toEqual({ host: 'name.local', zone: undefined, port: 80, isName: true })
  expect(partsOf('/ip4/10.0.0.1/udp/80')).toBeUndefined()
})

it('an address of the system becomes one to dial, if it is one', () => {
  expect(dialAddress('fe80::1%eth0', 4001)).toBe('/ip6zone/eth0/ip6/fe80::1/tcp/4001')
  expect(dialAddress('10.0.0.1', 4001)).toBe('/ip4/10.0.0.1/tcp/4001')
  expect(dialAddress('fe80::1', 4001)).toBeUndefined()
  expect(dialAddress('10.0.0.1', 0)).toBeUndefined()
  expect(ownAddress('10.0.0.1', 0)).toBe('/ip4/10.0.0.1/tcp/0')
})

it.each(['192.168.1.20:4001', '[fe80::1%eth0]:4001', '[2001:db8::1]:80', 'name.local:4001'])(
  '%s is shown as it was typed',
  (text) => {
    const result = parseAddress(text, 'dial')
    expect(result.ok && addressText(result.value)).toBe(text)
    expect(result.ok && addressText(`${result.value}/p2p/${peer}`)).toBe(text)
  },
)
