import { getEventListeners } from 'node:events'
import { createORPCClient, ORPCError } from '@orpc/client'
import { describe, expect, test } from 'vitest'
import { ConnectionLost, createAsking } from '../../src/api/asking.ts'
import type { Api } from '../../src/api/client.ts'

/** A connection whose other end is the test: `said` is what was sent, `hear` what comes. */
function createLine() {
  const said: { readonly i: string; readonly t?: number; readonly p?: { readonly u: string; readonly b: unknown } }[] = []
  const asking = createAsking((words) => said.push(JSON.parse(words)))
  const hear = (message: unknown): Promise<void> => asking.message(JSON.stringify(message))
  return { ...asking, said, hear, api: createORPCClient<Api>(asking.link) }
}

const abort = 4
const streamHead = { 'content-type': 'text/event-stream' }
const event = (i: string, e: 'message' | 'error' | 'done', json?: unknown) => ({ i, t: 3, p: { e, d: { json } } })

/** A stream that the test tells. */
async function openStream(signal?: AbortSignal) {
  const line = createLine()
  const opening = line.api.ring.watch({}, signal && { signal })
  await line.hear({ i: '1', p: { h: streamHead } })
  return { ...line, events: (await opening) as AsyncIterableIterator<unknown> }
}

describe('a call', () => {
  test('is asked by its path with its input, and answered whatever the order of the answers', async () => {
    const { api, said, hear } = createLine()
    const [first, second] = [api.status(), api.accounts.show({ account: 'ana' })]
    expect(said).toEqual([
      { i: '1', p: { u: '/status', b: {} } },
      { i: '2', p: { u: '/accounts/show', b: { json: { account: 'ana' } } } },
    ])
    await hear({ i: '2', p: { b: { json: 'second' } } })
    await hear({ i: '1', p: { b: { json: 'first' } } })
    expect([await first, await second]).toEqual(['first', 'second'])
  })

  test('is over with its answer: another one, one to nobody, and events for it are nothing', async () => {
    const { api, hear } = createLine()
    const call = api.status()
    await hear({ i: '1', p: { b: { json: 'it' } } })
    await hear({ i: '1', p: { b: { json: 'other' } } })
    await hear({ i: '7', p: { b: { json: 'other' } } })
    await hear(event('1', 'message', 'other'))
    expect(await call).toBe('it')
  })

  test('that is refused rejects with the code and the facts', async () => {
    const { api, hear } = createLine()
    const call = api.status()
    const body = { json: { defined: true, code: 'no-room', status: 409, message: 'No room.', data: { a: 1 } } }
    await hear({ i: '1', p: { s: 409, b: body } })
    const error = await call.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ORPCError)
    expect(error).toMatchObject({ code: 'no-room', status: 409, message: 'No room.', data: { a: 1 } })
  })

  test('of a procedure that the peer does not have rejects, too', async () => {
    const { api, hear } = createLine()
    const call = api.status()
    await hear({ i: '1', p: { s: 404, b: 'No procedure matched' } })
    await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', status: 404 })
  })

  test('that is called off says so to the peer, rejects with the reason, and leaves nothing at the signal', async () => {
    const { api, said, hear } = createLine()
    const { signal, abort: callOff } = bound(new AbortController())
    const [off, answered] = [api.status(undefined, { signal }), api.status(undefined, { signal })]
    await hear({ i: '2', p: { b: { json: 'it' } } })
    expect(await answered).toBe('it')
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    callOff('enough')
    await expect(off).rejects.toBe('enough')
    expect(said.slice(2)).toEqual([{ i: '1', t: abort }])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    await expect(api.status(undefined, { signal })).rejects.toBe('enough')
    expect(said).toHaveLength(3)
  })

  test('rejects when the connection goes, and so does any later one, of which nothing is said', async () => {
    const { api, said, close } = createLine()
    const call = api.status()
    close()
    await expect(call).rejects.toThrow(ConnectionLost)
    await expect(api.status()).rejects.toMatchObject({ code: 'unsettled' })
    expect(said).toHaveLength(1)
  })

  test('whose words could not be sent rejects, and is not waited for', async () => {
    const asking = createAsking(() => {
      throw new Error('not open')
    })
    const call = asking.link.call(['status'], undefined, { context: {} })
    await expect(call).rejects.toThrow('not open')
    asking.close()
  })
})

describe('a stream', () => {
  test('tells in order what came before and after it is read, to its end', async () => {
    const { events, hear, said } = await openStream()
    await hear(event('1', 'message', 1))
    await hear(event('1', 'message', 2))
    const told = [await events.next(), await events.next()]
    const next = events.next()
    await hear(event('1', 'message', 3))
    await hear(event('1', 'done'))
    told.push(await next, await events.next(), await events.next())
    expect(told.map(({ value, done }) => [value, done])).toEqual([
      ...[1, 2, 3].map((value) => [value, false]),
      [undefined, true],
      [undefined, true],
    ])
    expect(said).toHaveLength(1)
  })

  test('that is left says so to the peer, once, and wakes whoever waits', async () => {
    const { events, hear, said } = await openStream()
    const next = events.next()
    await events.return?.()
    await events.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    await hear(event('1', 'message', 1))
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(said.slice(1)).toEqual([{ i: '1', t: abort }])
  })

  test('that ends with an error throws it by its code, after what came before', async () => {
    const { events, hear } = await openStream()
    await hear(event('1', 'message', 1))
    await hear(event('1', 'error', { defined: true, code: 'stopping', status: 503, message: 'Stopping.' }))
    expect(await events.next()).toEqual({ done: false, value: 1 })
    await expect(events.next()).rejects.toMatchObject({ code: 'stopping', status: 503 })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('throws when the connection goes, after what came before', async () => {
    const { events, hear, close } = await openStream()
    await hear(event('1', 'message', 1))
    close()
    expect(await events.next()).toEqual({ done: false, value: 1 })
    await expect(events.next()).rejects.toThrow(ConnectionLost)
  })

  test('that is called off by its signal throws the reason, also where somebody waits', async () => {
    const { signal, abort: callOff } = bound(new AbortController())
    const { events, said } = await openStream(signal)
    const next = events.next()
    callOff('enough')
    await expect(next).rejects.toBe('enough')
    expect(said.slice(1)).toEqual([{ i: '1', t: abort }])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('is opened once', async () => {
    const { events, hear } = await openStream()
    await hear({ i: '1', p: { h: streamHead } })
    await hear({ i: '1', p: { b: { json: 'an answer' } } })
    await hear(event('1', 'message', 1))
    expect(await events.next()).toEqual({ done: false, value: 1 })
  })
})

describe('what is no message', () => {
  test.each(['', '{', 'null', '5', '"words"', '{}', '{"i":"1"}', '{"i":"1","p":null}'])(
    '%s is not taken for one',
    async (words) => {
      const { api, message, close } = createLine()
      const call = api.status()
      call.catch(() => {})
      await expect(message(words)).rejects.toThrow()
      close()
      await expect(call).rejects.toThrow(ConnectionLost)
    },
  )
})

/** Its method without its object. */
const bound = (controller: AbortController) => ({
  signal: controller.signal,
  abort: (reason: unknown): void => controller.abort(reason),
})
