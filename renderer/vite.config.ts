import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Whoever builds it (a test has NODE_ENV of its own): what is built is what people get.
process.env.NODE_ENV = 'production'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  // The same files are served over HTTP and by the app's own scheme.
  base: './',
  plugins: [react()],
  build: {
    outDir: here('../dist/renderer'),
    emptyOutDir: true,
    target: 'chrome120',
    // The page's policy lets in no fonts from `data:`, and no script in the page itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
