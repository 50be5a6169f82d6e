import { fileURLToPath } from 'node:url'

/** Where `npm run build` puts the interface: two folders up, then down, in `src` as in `dist`. */
export const rendererFolder = fileURLToPath(new URL('../../dist/renderer', import.meta.url))
