import { createORPCClient, ORPCError, safe } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Api } from '../../src/api/client.ts'
import { contract } from '../../src/api/contract.ts'
import { mayDo, type Role, roleNeeded, roles, tokenRoles } from '../../src/api/procedures.ts'
import { until } from '../support/wait.ts'
import { startTestApi, type TestApi, testToken } from './api.ts'
import { asker, posted } from './real-peer.ts'

interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly data: unknown
}

/** One call of a procedure with nothing in it: whoever may is told what is wrong with the words, or is answered. */
type Ask = (procedure: string) => Promise<{ readonly code: string; readonly data?: unknown }>

const routes = Object.fromEntries(routesOf(contract, []))

function routesOf(tree: object, path: readonly string[]): readonly (readonly [string, { method: string; path: string }])[] {
  if ('~orpc' in tree)
    return [[path.join('.'), (tree as { '~orpc': { route: { method: string; path: string } } })['~orpc'].route]]
  return Object.entries(tree).flatMap(([name, part]: [string, object]) => routesOf(part, [...path, name]))
}

const doors: Readonly<Record<string, (api: TestApi, token: string) => Promise<Ask>>> = {
  HTTP: async ({ server }, token) => {
    const ask = asker(server.url, token)
    return async (procedure) => {
      const { method, path } = routes[procedure] ?? { method: '', path: '' }
      const hangUp = new AbortController()
      const address = `/api${path.replaceAll(/\{\w+\}/g, '1')}`
      const answer = await ask(address, { signal: hangUp.signal, ...(method === 'POST' && posted({})) })
      const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
      const body = isStream ? {} : ((await answer.json()) as Partial<Refusal>)
      hangUp.abort()
      return { code: body.code ?? 'done', data: body.data }
    }
  },
  WebSocket: async ({ port }, token) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['gavelring', `gavelring.token.${token}`])
    await new Promise((resolve) => webSocket.on('open', resolve))
    const api = createORPCClient<Api>(new RPCLink({ websocket: webSocket as never }))
    return async (procedure) => {
      const call = procedure.split('.').reduce<unknown>((tree, name) => (tree as Record<string, unknown>)[name], api)
      const hangUp = new AbortController()
      const { error } = await safe((call as (input: unknown, options: object) => Promise<unknown>)({}, { signal: hangUp.signal }))
      hangUp.abort()
      return error instanceof ORPCError ? { code: error.code, data: error.data } : { code: 'done' }
    }
  },
}

async function tokenOf({ seat }: TestApi, role: Role): Promise<string> {
  if (role === 'owner') return testToken
  const made = await seat.tokens.create(role, undefined)
  return made?.token ?? ''
}

describe('a token does what its role is for, and nothing else, by whatever door', () => {
  for (const [door, knock] of Object.entries(doors)) {
    for (const role of roles) {
      test(`${door}, ${role}`, async () => {
        const api = await startTestApi()
        const ask = await knock(api, await tokenOf(api, role))
        for (const [procedure, needed] of Object.entries(roleNeeded)) {
          // Whoever may would leave, and the peer with it.
          if (procedure === 'rooms.leave' && mayDo(role, needed)) continue
          const { code, data } = await ask(procedure)
          if (mayDo(role, needed)) expect([procedure, code]).not.toEqual([procedure, 'role-needed'])
          else expect([procedure, code, data]).toEqual([procedure, 'role-needed', { needed, role }])
        }
      })
    }
  }
})

test('a refusal says which role is needed, in words and for programs', async () => {
  const api = await startTestApi()
  const answer = await asker(api.server.url, await tokenOf(api, 'read'))(
    '/api/transfers',
    posted({ from: 'a', to: 'b', amount: '1' }),
  )
  expect([answer.status, await answer.json()]).toEqual([
    403,
    {
      type: 'urn:gavelring:problem:role-needed',
      title: 'The token is not good for this.',
      status: 403,
      detail: 'This token is of the role read, and this needs a token of the role bid.',
      code: 'role-needed',
      data: { needed: 'bid', role: 'read' },
    },
  ])
  expect(api.peer.submissions).toEqual([])
})

test('the code of the room is told to nobody below the host, and no token makes tokens', async () => {
  for (const role of tokenRoles) {
    const api = await startTestApi()
    const ask = asker(api.server.url, await tokenOf(api, role))
    const answers = await Promise.all(
      Object.entries(routes)
        .filter(([, { method }]) => method === 'GET')
        .map(async ([, { path }]) => {
          const answer = await ask(`/api${path.replaceAll(/\{\w+\}/g, '1')}`)
          if (answer.headers.get('content-type') !== 'text/event-stream') return answer.text()
          // It would go on for as long as somebody listens.
          await answer.body?.cancel()
          return ''
        }),
    )
    expect([role, answers.join('\n').includes('code=lamp')]).toEqual([role, role === 'host'])
    expect((await ask('/api/tokens', posted({ role: 'read' }))).status).toBe(403)
  }
})

test('a token that is revoked is hung up on, by whatever door, and others are not', async () => {
  const api = await startTestApi()
  const [gone, stays] = [await tokenOf(api, 'read'), await tokenOf(api, 'read')]
  const open = async (token: string) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${api.port}/ws`, { headers: { authorization: `Bearer ${token}` } })
    let isOpen = true
    webSocket.on('close', () => {
      isOpen = false
    })
    webSocket.on('error', () => {})
    await new Promise((resolve) => webSocket.on('open', resolve))
    const stream = await asker(api.server.url, token)('/api/events')
    let isTold = true
    const ended = (): void => {
      isTold = false
    }
    void stream.body?.pipeTo(new WritableStream()).then(ended, ended)
    return { webSocket, isOn: () => [isOpen, isTold] }
  }
  const [first, second] = [await open(gone), await open(stays)]
  const id = api.seat.tokens.list()[0]?.id ?? ''
  await api.client.api.tokens.revoke({ id })
  await until('both are hung up on', () => first.isOn().every((isOn) => !isOn))
  expect(second.isOn()).toEqual([true, true])
  expect((await asker(api.server.url, gone)('/api/status')).status).toBe(401)
  expect((await asker(api.server.url, stays)('/api/status')).status).toBe(200)
  second.webSocket.terminate()
})
