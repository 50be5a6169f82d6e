import { randomBytes } from 'node:crypto'
import { type Dirent, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

/** The built interface: files of one folder, the same over HTTP and in the app's window. */
export interface Pages {
  /** `path` as it stands in a URL. `undefined`: there is no such file. */
  find(path: string): (() => Promise<Page>) | undefined
}

export interface Page {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface PagesOptions {
  /** What a page may connect to besides its own origin, asked for anew each time. */
  readonly connectTo?: () => readonly string[]
}

/** Stands in a page for a number that is drawn anew for each answer: only styles that carry it count. */
const noncePlaceholder = '__STYLE_NONCE__'

/**
 * What is in the folder now, and nothing else, ever: a path is a name in this list, not a way through the disk, so that none leads
 * out of it. Links in the folder are left out. Where there is no `index.html` one plain page says so.
 */
export function createPages(folder: string, { connectTo = () => [] }: PagesOptions = {}): Pages {
  const files = new Map<string, () => Promise<Buffer>>()
  for (const file of filesIn(folder)) {
    files.set(
      `/${relative(folder, file).split(sep).join('/')}`,
      once(() => readFile(file)),
    )
  }
  if (!files.has('/index.html')) files.set('/index.html', async () => Buffer.from(missingPage))

  return {
    find(path) {
      const name = path === '/' ? '/index.html' : decoded(path)
      const read = name === undefined ? undefined : files.get(name)
      if (name === undefined || read === undefined) return undefined
      return async () => toPage(name, await read(), connectTo())
    },
  }
}

/** Only scripts, styles, fonts and pictures of our own; no frames, no forms, no plugins (Electron's checklist, point 7). */
export function contentSecurityPolicy(nonce: string, connectTo: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
    "img-src 'self' data: blob:",
    "manifest-src 'self'",
    "worker-src 'self'",
    ["connect-src 'self'", ...connectTo].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function toPage(name: string, bytes: Buffer, connectTo: readonly string[]): Page {
  const extension = extname(name).toLowerCase()
  const headers = {
    'content-type': contentTypes[extension] ?? 'application/octet-stream',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
  if (extension !== '.html') return { headers: { ...headers, 'cache-control': cachingOf(name) }, body: bytes }
  const nonce = randomBytes(16).toString('base64url')
  return {
    // Kept nowhere: the nonce is good for this answer only.
    headers: { ...headers, 'cache-control': 'no-store', 'content-security-policy': contentSecurityPolicy(nonce, connectTo) },
    body: Buffer.from(bytes.toString('utf8').replaceAll(noncePlaceholder, nonce)),
  }
}

/** Vite puts a hash of what is in a file into its name, under `assets`: such a file never changes. */
const cachingOf = (name: string): string =>
  /^\/assets\/.*-[\w-]{8,}\.\w+$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** Node's own recursive listing follows links to folders. */
function filesIn(folder: string): string[] {
  return listFolder(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() ? [path] : []
  })
}

function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** The built interface is small and is asked for again and again: it is read once. A file that could not be read is tried again. */
function once(read: () => Promise<Buffer>): () => Promise<Buffer> {
  let reading: Promise<Buffer> | undefined
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined
      throw error
    })
    return reading
  }
}

const missingPage = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Gavelring</title></head>
  <body><p>This peer runs, but its interface has not been built here: <code>npm run build</code> makes it, then start the peer again.</p></body>
</html>
`
