/** The same bytes without Buffer's own methods, so that nobody comes to depend on them. A view, not a copy. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
