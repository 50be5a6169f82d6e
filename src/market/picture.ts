/** Widest and highest, in pixels: what a screen unpacks to 64 MiB at most. */
export const pictureSideMax = 4_096

export interface Picture {
  readonly kind: 'PNG' | 'JPEG' | 'WebP' | 'GIF'
  readonly width: number
  readonly height: number
}

/**
 * What the bytes say they are, whatever their file was called. Only the header is read: that the rest can be drawn is
 * for whoever draws it to find out. `undefined`: none of the four, or one that ends before its size.
 */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return readPng(bytes, view) ?? readGif(bytes, view) ?? readWebp(bytes, view) ?? readJpeg(bytes, view)
}

/** Why the bytes are no picture for a lot, as words that follow a colon; `undefined` if they are one. */
export function faultOfPicture(bytes: Uint8Array): string | undefined {
  const picture = readPicture(bytes)
  if (picture === undefined) return 'a picture is a whole PNG, JPEG, WebP or GIF file, and this is none'
  const { kind, width, height } = picture
  if (width >= 1 && height >= 1 && width <= pictureSideMax && height <= pictureSideMax) return undefined
  return `a picture has 1 to ${pictureSideMax} pixels each way, and this ${kind} says ${width} × ${height}`
}

/** PNG, 5.2 and 11.2.2: the signature, then the chunk IHDR with 13 bytes of data. */
function readPng(bytes: Uint8Array, view: DataView): Picture | undefined {
  const isPng = hasAt(bytes, 0, '\x89PNG\r\n\x1a\n') && bytes.length >= 33 && view.getUint32(8) === 13 && hasAt(bytes, 12, 'IHDR')
  return isPng ? { kind: 'PNG', width: view.getUint32(16), height: view.getUint32(20) } : undefined
}

/** GIF89a, 17 and 18: header and logical screen descriptor, 13 bytes. */
function readGif(bytes: Uint8Array, view: DataView): Picture | undefined {
  const isGif = (hasAt(bytes, 0, 'GIF87a') || hasAt(bytes, 0, 'GIF89a')) && bytes.length >= 13
  return isGif ? { kind: 'GIF', width: view.getUint16(6, true), height: view.getUint16(8, true) } : undefined
}

/** RFC 9649: a RIFF container whose first chunk is VP8X, VP8L or VP8. */
function readWebp(bytes: Uint8Array, view: DataView): Picture | undefined {
  if (!hasAt(bytes, 0, 'RIFF') || !hasAt(bytes, 8, 'WEBP') || bytes.length < 30) return undefined
  if (view.getUint32(4, true) + 8 > bytes.length) return undefined
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536
  if (hasAt(bytes, 12, 'VP8X')) return { kind: 'WebP', width: uint24(24) + 1, height: uint24(27) + 1 }
  if (hasAt(bytes, 12, 'VP8L') && view.getUint8(20) === 0x2f) {
    const sizes = view.getUint32(21, true)
    return { kind: 'WebP', width: (sizes & 0x3fff) + 1, height: ((sizes >>> 14) & 0x3fff) + 1 }
  }
  if (hasAt(bytes, 12, 'VP8 ') && hasAt(bytes, 23, '\x9d\x01\x2a')) {
    return { kind: 'WebP', width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
  }
  return undefined
}

/** ITU-T T.81, B.1.1: segments of a marker and a length, up to the frame header, which has the size. */
function readJpeg(bytes: Uint8Array, view: DataView): Picture | undefined {
  if (!hasAt(bytes, 0, '\xff\xd8\xff')) return undefined
  let at = 2
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = view.getUint8(at + 1)
    // Any number of 0xff may fill the space before a marker.
    if (marker === 0xff) {
      at++
      continue
    }
    if (isFrameHeader(marker)) {
      if (at + 9 > bytes.length) return undefined
      return { kind: 'JPEG', width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
    }
    // The scan begins, or the file ends, and no frame header came.
    if (marker === 0xda || marker === 0xd9) return undefined
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/** SOF0 to SOF15; of that range DHT, JPG and DAC are none. */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

function hasAt(bytes: Uint8Array, at: number, latin1: string): boolean {
  for (let i = 0; i < latin1.length; i++) if (bytes[at + i] !== latin1.charCodeAt(i)) return false
  return true
}
