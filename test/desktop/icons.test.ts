import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { icnsOf, icoOf } from '../../build/icon-files.ts'
import { root } from '../../build/processes.ts'

const icon = (name: string): Buffer => readFileSync(join(root, 'src', 'desktop', 'icons', name))

/** Width and height, as a PNG says them itself. */
const sizeOf = (png: Buffer): [number, number] => {
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  return [png.readUInt32BE(16), png.readUInt32BE(20)]
}

describe('the icons that are committed', () => {
  test.each([
    ['icon.png', 512],
    ['tray.png', 32],
    ['trayTemplate.png', 16],
    ['trayTemplate@2x.png', 32],
    ['linux/16x16.png', 16],
    ['linux/48x48.png', 48],
    ['linux/256x256.png', 256],
  ])('%s is %i pixels wide and high', (name, size) => expect(sizeOf(icon(name))).toEqual([size, size]))

  test('icon.ico holds what its directory says', () => {
    const file = icon('icon.ico')
    const sizes = Array.from({ length: file.readUInt16LE(4) }, (_, index) => {
      const row = 6 + 16 * index
      const at = file.readUInt32LE(row + 12)
      const [width] = sizeOf(file.subarray(at, at + file.readUInt32LE(row + 8)))
      expect(width % 256).toBe(file.readUInt8(row))
      return width
    })
    expect(sizes).toEqual([16, 24, 32, 48, 64, 128, 256])
  })

  test('icon.icns holds entries up to its end', () => {
    const file = icon('icon.icns')
    expect([file.toString('latin1', 0, 4), file.readUInt32BE(4)]).toEqual(['icns', file.length])
    const sizes: number[] = []
    for (let at = 8; at < file.length; at += file.readUInt32BE(at + 4)) sizes.push(sizeOf(file.subarray(at + 8))[0])
    expect(new Set(sizes)).toEqual(new Set([16, 32, 64, 128, 256, 512, 1024]))
  })
})

test('icon files are made of whole pictures, one after the other', () => {
  const pictures = [16, 256].map((size) => ({ size, png: Buffer.from(`png of ${size}`) }))
  expect(icoOf(pictures).subarray(-19).toString()).toBe('png of 16png of 256')
  expect(icnsOf(pictures).toString('latin1')).toMatch(/^icns....icp4....png of 16ic08....png of 256ic13....png of 256$/s)
})
