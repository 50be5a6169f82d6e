import { createHash, createHmac, randomBytes } from 'node:crypto'
import { safe } from '@orpc/client'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, type ApiClient, connectApi } from '../../src/api/client.ts'
import { createDoor } from '../../src/api/door.ts'
import { doorLimits } from '../../src/api/limits.ts'
import { type TokenRole, tokenRoles } from '../../src/api/procedures.ts'
import { cover, readRoleToken } from '../../src/api/proof.ts'
import { createFakeTokens } from '../support/fake-tokens.ts'
import { posted, type RealPeer, startRealPeer } from './real-peer.ts'

/** The client library with role tokens, at a real peer over a real WebSocket. */

async function makeToken({ ask }: RealPeer, role: TokenRole): Promise<{ readonly id: string; readonly token: string }> {
  const answer = await ask('/api/tokens', posted({ role }))
  expect(answer.status).toBe(200)
  return (await answer.json()) as { id: string; token: string }
}

async function connectWith(peer: RealPeer, token: string): Promise<ApiClient> {
  const client = await connectApi({ url: peer.url, token })
  onTestFinished(() => client.close())
  return client
}

/** From the least that any role may, to what none may. */
const deeds: readonly { readonly name: string; readonly needed: TokenRole | 'owner'; do(api: Api): Promise<unknown> }[] = [
  { name: 'looks at the room', needed: 'read', do: (api) => api.status() },
  { name: 'listens', needed: 'read', do: async (api) => (await (await api.events({ after: 0 })).next()).value },
  { name: 'opens an account', needed: 'bid', do: (api) => api.accounts.open({ account: 'ana', holder: 'Ana' }) },
  { name: 'sees what this peer bids', needed: 'bid', do: (api) => api.bidders.list() },
  { name: 'deposits', needed: 'host', do: (api) => api.deposit({ account: 'ana', amount: '5' }) },
  { name: 'sees the catalogue', needed: 'host', do: (api) => api.catalogue.list() },
  { name: 'is told the join link', needed: 'host', do: (api) => api.rooms.link() },
  { name: 'makes tokens', needed: 'owner', do: (api) => api.tokens.create({ role: 'host' }) },
]
const order = [...tokenRoles, 'owner'] as const

describe('connectApi takes a role token, and the peer lets it do what its role is for', () => {
  test.each(tokenRoles)('%s', async (role) => {
    const peer = await startRealPeer()
    await peer.ask('/api/accounts', posted({ account: 'bob', holder: 'Bob' }))
    const client = await connectWith(peer, (await makeToken(peer, role)).token)
    expect(client.role).toBe(role)
    for (const { name, needed, do: tryIt } of deeds) {
      const { error } = await safe(tryIt(client.api))
      const refused = { code: 'role-needed', data: { needed, role } }
      if (order.indexOf(role) >= order.indexOf(needed)) expect([name, error]).toEqual([name, null])
      else expect([name, error]).toMatchObject([name, refused])
    }
  })

  test('the owner’s may do everything, as before', async () => {
    const peer = await startRealPeer()
    const client = await connectWith(peer, peer.token)
    expect(client.role).toBe('owner')
    for (const { name, do: tryIt } of deeds) expect([name, (await safe(tryIt(client.api))).error]).toEqual([name, null])
  })
})

describe('a role token opens nothing', () => {
  test('that was taken back: whoever is in is hung up on, and comes in no more', async () => {
    const peer = await startRealPeer()
    const { id, token } = await makeToken(peer, 'read')
    const client = await connectWith(peer, token)
    await peer.ask(`/api/tokens/${id}/revoke`, posted({}))
    await client.closed
    await expect(connectApi({ url: peer.url, token })).rejects.toMatchObject({ reason: 'token-gone' })
  })

  test('that says another role than it was made for, or has another secret', async () => {
    const peer = await startRealPeer()
    const { token } = await makeToken(peer, 'read')
    const [role, id, secret = ''] = /^(\w+)-(\w+)-(.+)$/.exec(token)?.slice(1) ?? []
    for (const wrong of [`host-${id}-${secret}`, `${role}-${id}-${randomBytes(32).toString('base64url')}`]) {
      await expect(connectApi({ url: peer.url, token: wrong })).rejects.toMatchObject({ reason: 'stranger' })
    }
  })

  test('of another peer', async () => {
    const [peer, other] = [await startRealPeer(), await startRealPeer()]
    const { token } = await makeToken(other, 'host')
    await expect(connectApi({ url: peer.url, token })).rejects.toMatchObject({ reason: 'token-gone' })
  })
})

describe('the proof of a role token', () => {
  interface Asked {
    readonly nonce: string
    readonly proof: string
    readonly mine: string
  }

  const drawn = async ({ url }: RealPeer, id: string): Promise<Asked> => {
    const mine = randomBytes(32).toString('base64url')
    const answer = await fetch(`${url}/proof?nonce=${mine}&token=${id}`)
    return { ...((await answer.json()) as { nonce: string; proof: string }), mine }
  }
  const sign = ({ url }: RealPeer, key: Uint8Array, role: string, { mine, nonce }: Asked): Buffer =>
    createHmac('sha256', key)
      .update(`gavelring proof 1\n${role}\n${new URL(url).port}\n${mine}\n${nonce}`)
      .digest()
  const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

  /** The status with which the peer answers a ticket. */
  const knock = ({ url }: RealPeer, { nonce }: Asked, proof: Uint8Array): Promise<number> => {
    const ticket = `gavelring.ticket.${nonce}.${Buffer.from(proof).toString('base64url')}`
    const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`, ['gavelring', ticket])
    webSocket.on('error', () => {})
    onTestFinished(() => webSocket.terminate())
    return new Promise((resolve) => {
      webSocket.on('open', () => resolve(101))
      webSocket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode))
    })
  }

  test('shows that the peer keeps it, and lets in whoever has the token itself, once', async () => {
    const peer = await startRealPeer()
    const { id, token } = await makeToken(peer, 'bid')
    const asked = await drawn(peer, id)
    expect(asked.proof).toBe(sign(peer, hashOf(token), 'server', asked).toString('base64url'))
    const secret = Buffer.from(readRoleToken(token)?.secret ?? '', 'base64url')
    const proof = cover(secret, sign(peer, hashOf(token), 'client', asked))
    expect(await knock(peer, asked, proof)).toBe(101)
    expect(await knock(peer, asked, proof)).toBe(401)
  })

  test('cannot be made of what is kept in the profile folder', async () => {
    const peer = await startRealPeer()
    const { id, token } = await makeToken(peer, 'host')
    for (const forge of [
      (asked: Asked) => sign(peer, hashOf(token), 'client', asked),
      (asked: Asked) => cover(hashOf(token), sign(peer, hashOf(token), 'client', asked)),
      (asked: Asked) => Buffer.from(asked.proof, 'base64url'),
      () => Buffer.alloc(32),
    ]) {
      const asked = await drawn(peer, id)
      expect(await knock(peer, asked, forge(asked))).toBe(401)
    }
  })

  test('is good for its own token only, and for no owner', async () => {
    const peer = await startRealPeer()
    const [first, second] = [await makeToken(peer, 'read'), await makeToken(peer, 'host')]
    const secret = Buffer.from(readRoleToken(first.token)?.secret ?? '', 'base64url')
    const asked = await drawn(peer, second.id)
    expect(await knock(peer, asked, cover(secret, sign(peer, hashOf(first.token), 'client', asked)))).toBe(401)
    const owners = { ...(await drawn(peer, first.id)) }
    expect(await knock(peer, owners, sign(peer, Buffer.from(peer.token), 'client', owners))).toBe(401)
  })

  test('of one that there is not is refused', async () => {
    const peer = await startRealPeer()
    for (const id of ['00000000', '', 'x', '../tokens']) {
      const answer = await fetch(`${peer.url}/proof?nonce=${randomBytes(32).toString('base64url')}&token=${id}`)
      expect([id, answer.status, await answer.json()]).toMatchObject([id, 401, { code: 'token-wrong' }])
    }
  })

  test('is refused as a guess is: so many in one go for each address, and a token that there is comes through all the same', async () => {
    const tokens = createFakeTokens()
    const made = await tokens.create('read', undefined)
    const limits = { ...doorLimits, guessesPerSecond: 0.001, guessesBurst: 2 }
    const door = createDoor({ token: 't'.repeat(43), tokens, limits, port: () => 7 })
    const ask = (token: string, address: string): number | 'proven' => {
      const answer = door.challenge({ nonce: 'n'.repeat(43), token }, address)
      return 'refusal' in answer ? answer.refusal.status : 'proven'
    }
    expect(['a', 'b', 'c'].map((id) => ask(id, '127.0.0.1'))).toEqual([401, 401, 429])
    expect([ask('a', '127.0.0.2'), ask(made?.id ?? '', '127.0.0.1')]).toEqual([401, 'proven'])
  })
})
