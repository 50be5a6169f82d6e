import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What Electron's fuses are found by in its executable, and how many there are (`@electron/fuses`). */
const fuseSentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const fuseCount = 9

/**
 * Writes what electron-builder takes for Electron on Linux: its real one is 100 MB and cannot be had offline. Whatever is not the
 * runtime itself (which files are packed, where, with which fuses) comes out the same.
 */
export function writeStubRuntime(folder: string, version: string): void {
  for (const name of ['resources', 'locales']) mkdirSync(join(folder, name), { recursive: true })
  const wire = Buffer.from([1, fuseCount, ...Buffer.alloc(fuseCount, '1')])
  const program = join(folder, 'electron')
  writeFileSync(program, Buffer.concat([Buffer.from('#!/bin/sh\nexit 70\n'), Buffer.from(fuseSentinel), wire, Buffer.from('\n')]))
  chmodSync(program, 0o755)
  writeFileSync(join(folder, 'version'), version)
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(folder, name), 'stub\n')
  for (const language of ['en-US', 'pt-BR', 'es', 'de']) writeFileSync(join(folder, 'locales', `${language}.pak`), 'stub')
}
