import { cpSync, existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { root, runNode } from './processes.ts'

/** Compiles into a folder of its own: what others do in `dist` meanwhile does not matter. The interface is taken as it was built last. */
export async function compile(folder: string): Promise<string> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  // Types are held by `npm run typecheck`.
  await runNode([compiler, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', folder], root)
  const pages = join(root, 'dist', 'renderer')
  if (existsSync(pages)) cpSync(pages, join(folder, 'renderer'), { recursive: true })
  return folder
}

/** A folder that Electron can run as it would run this one; gives the app's main file. */
export async function stageApp(folder: string): Promise<string> {
  await compile(join(folder, 'dist'))
  for (const name of ['package.json', join('src', 'desktop', 'icons')])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  return join(folder, 'dist', 'desktop', 'main.js')
}
