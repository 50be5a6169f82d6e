import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOfPicture, readPicture } from '../../src/market/picture.ts'
import { gif } from './room.ts'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** Made by common programs, cut after the header where the rest does not matter. */
const pictures = {
  // 3 × 2, grey; then the chunk IEND.
  png: hex('89504e470d0a1a0a 0000000d 49484452 00000003 00000002 08 00 00 00 00 b81d10e3 00000000 49454e44 ae426082'),
  gif87: hex('474946383761 0500 0700 80 00 00'),
  gif89: hex('474946383961 0102 0300 80 00 00 3b'),
  // JFIF, a table, then SOF0 of 16 × 9.
  jpeg: hex('ffd8 ffe0 0010 4a46494600 0101 01 0048 0048 00 00 ffdb 0005 00 0102 ffc0 0011 08 0009 0010 03 012200 021101 031101'),
  // Progressive: SOF2, after fill bytes.
  progressive: hex('ffd8 ffffff fe 0004 6869 ffc2 000b 08 0102 0304 01 011100'),
  // RIFF of 22 bytes after its size.
  lossy: hex('52494646 16000000 57454250 56503820 0a000000 300100 9d012a 40c1 f0ff'),
  lossless: hex('52494646 16000000 57454250 5650384c 0a000000 2f 3fc1 2700 0000000000'),
  extended: hex('52494646 16000000 57454250 56503858 0a000000 10000000 ff0f00 e70300'),
}

describe('a picture says what it is', () => {
  it.each([
    ['png', { kind: 'PNG', width: 3, height: 2 }],
    ['gif87', { kind: 'GIF', width: 5, height: 7 }],
    ['gif89', { kind: 'GIF', width: 513, height: 3 }],
    ['jpeg', { kind: 'JPEG', width: 16, height: 9 }],
    ['progressive', { kind: 'JPEG', width: 0x304, height: 0x102 }],
    ['lossy', { kind: 'WebP', width: 320, height: 0x3ff0 }],
    ['lossless', { kind: 'WebP', width: 320, height: 160 }],
    ['extended', { kind: 'WebP', width: 4_096, height: 1_000 }],
  ] as const)('%s', (name, picture) => {
    expect(readPicture(pictures[name])).toEqual(picture)
    const isSmall = picture.width <= 4_096 && picture.height <= 4_096
    expect(faultOfPicture(pictures[name]) === undefined).toBe(isSmall)
  })

  it('as a JPEG by each of the frame headers that there are, and by nothing else in their range', () => {
    const kindsOf = (marker: number) =>
      readPicture(Uint8Array.from([0xff, 0xd8, 0xff, marker, 0, 17, 8, 0, 9, 0, 16, ...Array(12).fill(0)]))?.kind
    const markers = Array.from({ length: 256 }, (_, marker) => marker).filter((marker) => kindsOf(marker) === 'JPEG')
    expect(markers).toEqual([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf])
  })

  it('also in the middle of a larger buffer', () => {
    const whole = new Uint8Array([1, 2, 3, ...pictures.png])
    expect(readPicture(whole.subarray(3))).toEqual({ kind: 'PNG', width: 3, height: 2 })
  })
})

describe('what is no picture, or a part of one, is refused', () => {
  it.each(Object.entries({ png: 33, gif87: 13, gif89: 13, jpeg: 36, progressive: 19, lossy: 30, lossless: 30, extended: 30 }))(
    '%s that ends before byte %i',
    (name, least) => {
      const bytes = pictures[name as keyof typeof pictures]
      for (let length = 0; length < least; length++)
        expect(faultOfPicture(bytes.subarray(0, length)), `${length}`).toMatch(/is none$/)
      expect(readPicture(bytes.subarray(0, least))).toBeDefined()
    },
  )

  it.each([
    ['text', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')],
    ['a page', new TextEncoder().encode('<!doctype html><title>GIF89a</title>')],
    ['a bitmap', hex('424d 46000000 00000000 36000000 28000000 02000000 02000000')],
    ['a PNG whose first chunk is another', hex('89504e470d0a1a0a 0000000d 74455874 00000003 00000002 08 00 00 00 00 b81d10e3')],
    [
      'a PNG whose header has another length',
      hex('89504e470d0a1a0a 0000000e 49484452 00000003 00000002 08 00 00 00 00 b81d10e3 00'),
    ],
    ['a JPEG that begins its scan without a frame', hex('ffd8 ffda 0008 01 01 00 00 3f 00 0000 ffc0 0011 08 0009 0010')],
    ['a JPEG that ends without a frame', hex('ffd8 ffd9 ffc0 0011 08 0009 0010 03 0122')],
    ['a JPEG whose segment runs past its end', hex('ffd8 ffe0 ffff 00')],
    ['a JPEG with something else where a marker belongs', hex('ffd8 ffe0 0003 00 00c0 0011 08 0009 0010')],
    ['a JPEG whose only header is a Huffman table', hex('ffd8 ffc4 0011 08 0009 0010 03 012200 021101 031101 00')],
    ['a WebP whose container is longer than it is', hex('52494646 17000000 57454250 56503858 0a000000 10000000 ff0f00 e70300')],
    ['a WebP of an unknown kind', hex('52494646 16000000 57454250 56503839 0a000000 10000000 ff0f00 e70300')],
    ['a lossless WebP without its signature', hex('52494646 16000000 57454250 5650384c 0a000000 2e 3fc1 2700 0000000000')],
    ['a lossy WebP without its start code', hex('52494646 16000000 57454250 56503820 0a000000 300100 9d012b 4001 f000')],
    ['a RIFF of sound with a chunk of a picture', hex('52494646 16000000 57415645 56503858 0a000000 10000000 ff0f00 e70300')],
    ['a WebP without its container', hex('58494646 16000000 57454250 56503858 0a000000 10000000 ff0f00 e70300')],
    ['a WebP that says itself that it is too short', hex('52494646 15000000 57454250 56503858 0a000000 10000000 ff0f00 e703')],
    ['a frame header without a JPEG around it', hex('0000 ffc0 0011 08 0009 0010 03 0122 00')],
    ['a RIFF that holds sound', hex('52494646 16000000 57415645 666d7420 10000000 01000100 44ac0000 88580100')],
  ])('%s', (_name, bytes) => {
    expect(faultOfPicture(bytes)).toMatch(/is none$/)
  })

  const sized = (width: number, height: number): Uint8Array => {
    const bytes = gif()
    new DataView(bytes.buffer).setUint16(6, width, true)
    new DataView(bytes.buffer).setUint16(8, height, true)
    return bytes
  }

  it.each([
    [0, 1],
    [1, 0],
    [4_097, 1],
    [1, 4_097],
  ])('one of %i × %i pixels', (width, height) => {
    expect(faultOfPicture(sized(width, height))).toBe(
      `a picture has 1 to 4096 pixels each way, and this GIF says ${width} × ${height}`,
    )
  })

  it('a WebP whose sizes take three bytes', () => {
    const huge = hex('52494646 16000000 57454250 56503858 0a000000 10000000 010002 030405')
    expect(readPicture(huge)).toEqual({ kind: 'WebP', width: 0x020002, height: 0x050404 })
    expect(faultOfPicture(huge)).toMatch(/says 131074 × 328708$/)
  })

  it('one of 4096 × 4096 is not', () => {
    expect(faultOfPicture(sized(4_096, 4_096))).toBeUndefined()
  })

  it('whatever the bytes are, something is said of them, and nothing is thrown', () => {
    const starts = fc.constantFrom(...Object.values(pictures).map((bytes) => [...bytes]))
    const changed = fc.tuple(starts, fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }), fc.nat(60))
    fc.assert(
      fc.property(changed, ([start, changes, length]) => {
        const bytes = Uint8Array.from(start)
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
        expect(['string', 'undefined']).toContain(typeof faultOfPicture(bytes.subarray(0, length)))
      }),
    )
  })
})
