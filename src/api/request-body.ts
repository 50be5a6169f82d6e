import type { IncomingMessage } from 'node:http'
import type { DoorRefusal } from './door.ts'

/** Whether more of the request follows its head. */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** What can be said about the body from the head alone. `undefined`: it may be read. */
export function ignoreBody(request: IncomingMessage, bytesMax: number): DoorRefusal | undefined {
  if (!announcesBody(request)) return undefined
  if (request.method === 'GET' || request.method === 'HEAD') {
    return { status: 400, code: 'body-unexpected', message: 'A question has no body: its words go into the address.' }
  }
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return { status: 415, code: 'body-unknown', message: 'A body is JSON here: content-type: application/json.' }
  }
  return Number(request.headers['content-length'] ?? 0) > bytesMax ? tooLarge(bytesMax) : undefined
}

/** The JSON of the body, `undefined` where it is empty; or why it is not read to its end, or cannot be. */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<{ json: unknown } | { refusal: DoorRefusal }> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > bytesMax) return { refusal: tooLarge(bytesMax) }
      chunks.push(chunk)
    }
    if (bytes === 0) return { json: undefined }
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) }
  } catch {
    // Or the client hung up in the middle: then nobody hears this.
    return { refusal: { status: 400, code: 'body-unreadable', message: 'The body is no JSON.' } }
  }
}

const tooLarge = (bytesMax: number): DoorRefusal => ({
  status: 413,
  code: 'body-too-large',
  message: `A request has at most ${bytesMax / 1024} KiB.`,
})
