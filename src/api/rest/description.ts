import { OpenAPIGenerator } from '@orpc/openapi'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { catalogueLot } from '../catalogue.ts'
import { contract } from '../contract.ts'
import { receipt, rejections } from '../errors.ts'
import { money } from '../money.ts'
import { statusText } from '../problem.ts'
import { type ProcedureName, roleNeeded } from '../procedures.ts'
import { finding, roomsView } from '../rooms.ts'
import { tokenView } from '../tokens.ts'
import * as views from '../views.ts'
import { takesRequestId } from './idempotency.ts'
import { type Described, procedures, type Refusal } from './refusals.ts'
import { summaries, tagOf, tagTexts } from './summaries.ts'

/** What is told in more than one place stands in the description once, under these names. */
const named = {
  Money: money,
  Receipt: receipt,
  Status: views.statusView,
  Peer: views.peerView,
  Ring: views.ringView,
  RingStep: views.ringStep,
  Frame: views.frameDetail,
  Rooms: roomsView,
  Finding: finding,
  Account: views.accountView,
  AccountDetail: views.accountDetail,
  Auction: views.auctionView,
  AuctionDetail: views.auctionDetail,
  Bid: views.bid,
  Bidder: views.bidderView,
  PendingOperation: views.pendingView,
  MarketEvent: views.marketEvent,
  Settled: views.settled,
  Event: views.eventView,
  CatalogueLot: catalogueLot,
  ExportedBlock: views.exportedBlock,
  JudgedBlock: views.judgedBlock,
  LogPage: views.logPage,
  LogFound: views.logFound,
  LogEntry: views.logEntry,
  Proof: views.proofView,
  Token: tokenView,
}

type AnySchema = NonNullable<Refusal['data']>
type Json = Record<string, unknown>
interface Operation extends Json {
  parameters?: Json[]
  responses: Json
}
interface Document extends Json {
  paths: Record<string, Json>
  components: { schemas: Record<string, Json>; [part: string]: Json }
}

/** The description of all plain requests (OpenAPI 3.1), as `/openapi.json` gives it. */
export async function describeApi(version: string): Promise<object> {
  const converter = new ZodToJsonSchemaConverter()
  const commonSchemas = Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, { schema, strategy: 'output' as const }]),
  )
  const document = (await new OpenAPIGenerator({ schemaConverters: [converter] }).generate(contract, {
    commonSchemas,
    info: {
      title: 'Gavelring',
      version,
      description:
        'One peer of a room. Amounts go in as text, `12.50` or `12.50 EUR`; times are milliseconds since 1970, UTC. Every refusal is ' +
        '`application/problem+json` with a stable `code`. How it is used with curl is in docs/http.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api', description: 'This peer' }],
    security: [{ token: [] }],
    tags: Object.entries(tagTexts).map(([name, text]) => ({ name, description: text })),
  })) as unknown as Document

  const components = Object.entries(named).map(([name, schema]) => ({
    ...{ schema, required: true, ref: `#/components/schemas/${name}`, allowedStrategies: ['output' as const] },
  }))
  const convert = async (schema: AnySchema): Promise<unknown> =>
    (await converter.convert(schema, { strategy: 'output', components }))[1]
  const refusals = createRefusals(document, convert)
  document.components.securitySchemes = {
    token: {
      type: 'http',
      scheme: 'bearer',
      description:
        'The token of the profile folder (`api-token`), which may do everything, or one of a role that `gavelring token create` made.',
    },
  }
  document.components.schemas.Problem = problemSchema
  tellAmountsAsText(document.components.schemas.MarketEvent)
  for (const procedure of procedures) {
    const operation = document.paths[procedure.path]?.[procedure.method] as Operation
    await completeOperation(operation, procedure, refusals)
  }
  Object.assign(document.paths, await beside(refusals))
  return document
}

const problemSchema = {
  type: 'object',
  description: 'Why a request was refused (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri', description: '`urn:gavelring:problem:` and the code.' },
    title: { type: 'string', description: 'The same for each of its code.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened, for people.' },
    code: { type: 'string', description: 'Stable, for programs.' },
    data: { description: 'The numbers that explain it.' },
  },
}

/** As `rest/amounts.ts` tells them. */
function tellAmountsAsText(marketEvent: Json | undefined): void {
  const amount = { type: 'string', description: 'With its currency: `12.50 EUR`.', examples: ['12.50 EUR'] }
  for (const variant of (marketEvent?.anyOf ?? marketEvent?.oneOf ?? []) as { readonly properties: Json }[]) {
    for (const [field, schema] of Object.entries(variant.properties)) {
      if ((schema as Json).$ref === '#/components/schemas/Money') variant.properties[field] = amount
    }
  }
}

async function completeOperation(operation: Operation, { name, method, input, refusals: own }: Described, refusals: Refusals) {
  const role = roleNeeded[name as ProcedureName]
  operation.summary = summaries[name as ProcedureName]
  operation.description = `Needs ${role === 'owner' ? 'the token of the profile folder' : `a token of the role \`${role}\``}.`
  operation.tags = [tagOf[name.split('.')[0] as keyof typeof tagOf]]
  operation.security = [{ token: [role] }]
  const parameters = operation.parameters ?? []
  // Empty values are no values here.
  for (const parameter of parameters) delete parameter.allowEmptyValue
  if (method === 'post') parameters.push(idempotencyKey(takesRequestId(input)))
  if (name === 'events') parameters.push(lastEventId)
  operation.parameters = parameters
  const [status, done] = Object.entries(operation.responses)[0] ?? []
  operation.responses = { [status ?? '200']: done }
  const reused = takesRequestId(input) ? [] : [ofKept]
  await refusals.addTo(operation, [...own, ...ofDoor, ...(method === 'post' ? [...ofBody, ...reused] : [])])
}

const idempotencyKey = (isOperation: boolean): Json => ({
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: isOperation
    ? 'The same as `requestId`: the same key and body gives the first result again, also after restarts.'
    : 'The same key and body gives the first result again, for as long as this peer runs and keeps it.',
  schema: { type: 'string', minLength: 1, maxLength: 64 },
})

const lastEventId: Json = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description:
    'The `id` of the last event that was heard: the stream goes on behind it. Where that cannot be, a `gap` is told first.',
  schema: { type: 'string' },
}

const refusal = (status: number, code: string, title: string): Refusal => ({ status, code, title, data: undefined })
/** Before a procedure is looked at. */
const ofDoor = [
  refusal(400, 'request-unreadable', 'The words of the request cannot be read.'),
  refusal(401, 'token-wrong', 'A token is needed.'),
  refusal(403, 'host-refused', 'This API answers to 127.0.0.1 and localhost only.'),
  refusal(403, 'origin-refused', 'Pages of other origins may not use this API.'),
  refusal(500, 'internal', 'This peer failed in a way that it should not: its log says how.'),
  refusal(503, 'connections-exhausted', 'Too many connections use this API already.'),
]
const ofBody = [
  refusal(400, 'body-unreadable', 'The body is no JSON.'),
  refusal(413, 'body-too-large', 'The request is too large.'),
  refusal(415, 'body-unknown', 'A body is JSON here.'),
]

/** Of what has no place in the log, where the key says that it is the same again. */
const ofKept: Refusal = {
  ...refusal(422, 'request-reused', rejections['request-reused'].message),
  data: rejections['request-reused'].data,
}

interface Refusals {
  addTo(operation: { responses: Json }, refusals: readonly Refusal[]): Promise<void>
}

/** Each no has one schema, and each set of them for one status one response, however many operations give it. */
function createRefusals(document: Document, convert: (schema: AnySchema) => Promise<unknown>): Refusals {
  const schemaNames = new Map<string, string>()
  const responses: Record<string, Json> = {}
  const responseNames = new Map<string, string>()
  document.components.responses = responses

  const schemaOf = async ({ code, status, title, data }: Refusal): Promise<string> => {
    const key = `${code} ${status}`
    const known = schemaNames.get(key)
    if (known !== undefined) return known
    const plain = `${pascal(code)}Problem`
    const name = plain in document.components.schemas ? `${plain}${status}` : plain
    schemaNames.set(key, name)
    const properties = { code: { const: code }, status: { const: status }, ...(data && { data: await convert(data) }) }
    const own = { type: 'object', required: ['code', 'status', ...(data ? ['data'] : [])], properties }
    document.components.schemas[name] = { description: title, allOf: [{ $ref: '#/components/schemas/Problem' }, own] }
    return name
  }

  const responseOf = async (status: number, refusals: readonly Refusal[]): Promise<string> => {
    const schemas = [...new Set(await Promise.all(refusals.map(schemaOf)))]
    const key = `${status} ${schemas.join(' ')}`
    const known = responseNames.get(key)
    if (known !== undefined) return known
    const plain = pascal(statusText(status))
    const count = Object.keys(responses).filter((name) => name.replace(/\d+$/, '') === plain).length
    const name = count === 0 ? plain : `${plain}${count + 1}`
    responseNames.set(key, name)
    const refs = schemas.map((schema) => ({ $ref: `#/components/schemas/${schema}` }))
    responses[name] = {
      description: [...new Set(refusals.map(({ title }) => title))].join(' '),
      ...((status === 429 || status === 503) && { headers: { 'Retry-After': retryAfter } }),
      content: { 'application/problem+json': { schema: refs.length === 1 ? refs[0] : { oneOf: refs } } },
    }
    return name
  }

  return {
    async addTo(operation, refusals) {
      const byStatus = Map.groupBy(refusals, ({ status }) => status)
      for (const status of [...byStatus.keys()].toSorted((one, other) => one - other)) {
        const name = await responseOf(status, byStatus.get(status) ?? [])
        operation.responses[status] = { $ref: `#/components/responses/${name}` }
      }
    },
  }
}

const retryAfter = { description: 'Seconds after which to ask again.', schema: { type: 'integer', minimum: 1 } }

const pascal = (words: string): string =>
  words
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** What is asked beside the contract, for whoever watches over the process. */
async function beside(refusals: Refusals): Promise<Record<string, Json>> {
  const state = (word: string) => ({
    'application/json': { schema: { type: 'object', required: ['status'], properties: { status: { const: word } } } },
  })
  const health = { description: 'The process answers.', content: state('ok') }
  const ready = { description: 'A member with a quorum that has all that the room has.', content: state('ready') }
  const metrics = { description: 'All metrics, as text.', content: { 'text/plain': { schema: { type: 'string' } } } }
  const asks: readonly (readonly [string, string, Json, Operation, readonly Refusal[]])[] = [
    ['/healthz', 'Whether the process answers', { security: [] }, { responses: { 200: health } }, ofHost],
    [
      '/readyz',
      'Whether this peer can do what it is asked',
      { security: [] },
      { responses: { 200: ready } },
      [...ofHost, notReady],
    ],
    [
      '/metrics',
      'Metrics for Prometheus',
      { security: [{ token: ['read'] }] },
      { responses: { 200: metrics } },
      [...ofDoor, tooMany],
    ],
  ]
  const paths: Record<string, Json> = {}
  for (const [path, summary, security, operation, refused] of asks) {
    await refusals.addTo(operation, refused)
    const operationId = path.slice(1)
    const get = { operationId, summary, tags: ['Peer'], ...security, ...operation }
    paths[path] = { servers: [{ url: '/', description: 'This peer, beside its API' }], get }
  }
  return paths
}

const ofHost = ofDoor.filter(({ code }) => code === 'host-refused' || code === 'origin-refused')
const notReady = refusal(503, 'not-ready', 'This peer is not ready.')
const tooMany = refusal(429, 'rate-limited', 'Too many requests.')
