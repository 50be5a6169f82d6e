import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type ProcedureName, roleNeeded } from '../../src/api/procedures.ts'
import { startTestApi, testToken } from './api.ts'
import { startRealPeer } from './real-peer.ts'

const execute = promisify(execFile)

/** The description of the API, as it is served. */
async function served(): Promise<{ readonly text: string; readonly document: Document }> {
  const { server } = await startTestApi()
  const response = await fetch(`${server.url}/openapi.json`, { headers: { authorization: `Bearer ${testToken}` } })
  const text = await response.text()
  return { text, document: JSON.parse(text) as Document }
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}
interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly { readonly token?: readonly string[] }[]
  readonly parameters?: readonly { readonly name: string }[]
  readonly responses: Readonly<Record<string, unknown>>
}

const operationsOf = ({ paths }: Document): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, { get, post }]) =>
    /^\/(?:healthz|readyz|metrics)$/.test(path) ? [] : [get, post].filter((each) => each !== undefined),
  )

describe('the description', () => {
  test('passes the recommended rules of Redocly, their warnings taken for errors', async () => {
    const { text } = await served()
    const config = await createConfig({ extends: ['recommended-strict'] })
    const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config })
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual([])
  })

  test('has each procedure of the contract, with a summary, the role that it needs, and what it may be refused for', async () => {
    const { document } = await served()
    const operations = operationsOf(document)
    const roles = Object.fromEntries(operations.map(({ operationId, security }) => [operationId, security[0]?.token?.[0]]))
    expect(roles).toEqual(roleNeeded satisfies Readonly<Record<ProcedureName, string>>)
    for (const { operationId, summary, responses } of operations) {
      expect(summary, operationId).toMatch(/^[A-Z][^.]+$/)
      expect(Object.keys(responses), operationId).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '429', '500', '503']),
      )
    }
  })

  test('says what is told in several places once', async () => {
    const { text, document } = await served()
    expect(document.components.schemas).toMatchObject({
      Money: { properties: { currency: {} } },
      Problem: { required: expect.anything() },
    })
    // An amount: its two other fields are nowhere but in the one component.
    expect(text.match(/"cents":/g)).toHaveLength(1)
    expect(document.components.schemas).toMatchObject({
      BidTooLowProblem: { allOf: [{}, { properties: { code: { const: 'bid-too-low' } } }] },
    })
  })

  test('is enough to generate a client from, which compiles against it and speaks with a real peer', async () => {
    const { url, token, ask } = await startRealPeer()
    const source = fileURLToPath(new URL('./generated-client/', import.meta.url))
    // Below the packages, so that what is compiled finds them.
    const cache = fileURLToPath(new URL('../../node_modules/.cache/', import.meta.url))
    mkdirSync(cache, { recursive: true })
    const folder = mkdtempSync(join(cache, 'generated-client-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    copyFileSync(join(source, 'client.ts'), join(folder, 'client.ts'))
    const document = join(folder, 'openapi.json')
    writeFileSync(document, await (await ask('/openapi.json')).text())
    const built = await execute(process.execPath, [join(source, 'build.ts'), pathToFileURL(document).href, folder]).catch(
      ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ stdout: `${stdout}${stderr}` }),
    )
    expect(built.stdout).toBe('')
    const { stdout } = await execute(process.execPath, [join(folder, 'client.js'), url, token])
    expect(JSON.parse(stdout)).toEqual({ moved: ['12.50 EUR'], short: '12.50 EUR', page: ['ana: 12.50 EUR'], history: 0 })
  })
})
