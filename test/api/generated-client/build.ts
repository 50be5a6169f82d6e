import { writeFileSync } from 'node:fs'
import openapiTypescript, { astToString } from 'openapi-typescript'
import typescript from 'typescript'

/**
 * `node build.ts DOCUMENT FOLDER`: generates types from a description into the folder, then checks `client.ts` there against them and
 * compiles it. Whatever the compiler finds wrong is printed, and ends this with 1.
 */
const [document = '', folder = ''] = process.argv.slice(2)
writeFileSync(`${folder}/openapi.ts`, astToString(await openapiTypescript(document)))

const program = typescript.createProgram([`${folder}/client.ts`], {
  target: typescript.ScriptTarget.ES2022,
  module: typescript.ModuleKind.NodeNext,
  moduleResolution: typescript.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  rewriteRelativeImportExtensions: true,
  outDir: folder,
})
const { diagnostics } = program.emit()
const found = [...typescript.getPreEmitDiagnostics(program), ...diagnostics]
const host = { getCanonicalFileName: (name: string) => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }
process.stdout.write(typescript.formatDiagnostics(found, host))
process.exitCode = found.length === 0 ? 0 : 1
