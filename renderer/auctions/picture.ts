/** What a lot's picture may be; the peer reads it again, and has the last word. */
export const pictureSideMax = 4_096
/** 96 KiB less what the rest of the operation may need. */
export const pictureBytesMax = 92 * 1024
/** A file that is larger is not even read, in bytes. */
const fileBytesMax = 40 * 1024 * 1024
/** A large photograph is drawn anew with this longest side, smaller until it fits. */
const sides = [1_280, 960, 720, 540, 400] as const
const qualities = [0.82, 0.68, 0.55] as const

export type PictureFault =
  | { readonly kind: 'pictureKind' }
  | { readonly kind: 'picturePixels'; readonly width: number; readonly height: number }
  | { readonly kind: 'pictureBytes'; readonly bytes: number }

export interface Picture {
  readonly base64url: string
  readonly bytes: number
  /** It was drawn anew, and came out smaller than the file. */
  readonly isSmaller: boolean
}

/** Type by its bytes, pixels and size are looked at before anything is sent. Rejects with nothing: the fault is the answer. */
export async function readPicture(file: Blob): Promise<Picture | PictureFault> {
  if (file.size > fileBytesMax) return { kind: 'pictureBytes', bytes: file.size }
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (!isKnownKind(bytes)) return { kind: 'pictureKind' }
  const bitmap = await createImageBitmap(file).catch(() => undefined)
  if (bitmap === undefined) return { kind: 'pictureKind' }
  try {
    const { width, height } = bitmap
    const fits = width <= pictureSideMax && height <= pictureSideMax && bytes.length <= pictureBytesMax
    // A camera's file says where it was taken: it is always drawn anew.
    if (fits && !isJpeg(bytes)) return { base64url: toBase64url(bytes), bytes: bytes.length, isSmaller: false }
    // A canvas that large may not be had.
    if (width * height > 16 * pictureSideMax * pictureSideMax) return { kind: 'picturePixels', width, height }
    const drawn = await drawAnew(bitmap)
    if (drawn === undefined) return { kind: 'pictureBytes', bytes: file.size }
    return { base64url: toBase64url(drawn), bytes: drawn.length, isSmaller: drawn.length < file.size }
  } finally {
    bitmap.close()
  }
}

async function drawAnew(bitmap: ImageBitmap): Promise<Uint8Array | undefined> {
  for (const side of sides) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height))
    const [width, height] = [bitmap.width, bitmap.height].map((each) => Math.max(1, Math.round(each * scale))) as [number, number]
    const canvas = new OffscreenCanvas(width, height)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height)
    for (const quality of qualities) {
      const drawn = await encode(canvas, quality)
      if (drawn.size <= pictureBytesMax) return new Uint8Array(await drawn.arrayBuffer())
    }
  }
  return undefined
}

/** Not every browser writes WebP: then it answers with a PNG, which is large. */
async function encode(canvas: OffscreenCanvas, quality: number): Promise<Blob> {
  const webp = await canvas.convertToBlob({ type: 'image/webp', quality })
  return webp.type === 'image/webp' ? webp : canvas.convertToBlob({ type: 'image/jpeg', quality })
}

const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff

function isKnownKind(bytes: Uint8Array): boolean {
  const starts = (text: string, at = 0): boolean =>
    [...text].every((character, index) => bytes[at + index] === character.charCodeAt(0))
  return (
    starts('\x89PNG\r\n\x1a\n') || starts('GIF87a') || starts('GIF89a') || isJpeg(bytes) || (starts('RIFF') && starts('WEBP', 8))
  )
}

function toBase64url(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
