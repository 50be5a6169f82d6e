import { expect } from 'vitest'
import { collect } from '../../support/collect.ts'
import { fakeProof, fakeSelf } from '../../support/fake-peer.ts'

import { type Cases, codeOf, dataOf } from './case.ts'
import { blockAt, writtenLog } from './log-fixture.ts'

export const logCases = {
  'log.tail': {
    sentence: 'tells the newest blocks, oldest first',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      expect((await api.log.tail({ count: 2 })).map((block) => block.index)).toEqual([1, 2])
    },
  },
  'log.page': {
    sentence: 'tells blocks from one on, and how many there are',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      expect(await api.log.page({ from: 1, count: 1 })).toMatchObject({ last: 2, blocks: [{ index: 1, judged: true }] })
      expect(await api.log.page({ from: 3, count: 500 })).toEqual({ last: 2, blocks: [] })
      expect(await codeOf(api.log.page({ from: 0, count: 501 }))).toBe('input-invalid')
    },
  },
  'log.entry': {
    sentence: 'tells one block with its signature, and says how many there are where there is none',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const entry = await api.log.entry({ index: 1 })
      expect(entry).toMatchObject({ index: 1, kind: 'ops', judged: false, signer: fakeSelf, commit: 2, hash: log[1]?.hash })
      expect(entry.signature).toBe(Buffer.from(log[1]?.signature ?? []).toString('hex'))
      expect(Buffer.from(entry.bytes, 'base64url')).toEqual(Buffer.from(log[1]?.bytes ?? []))
      expect(await dataOf(api.log.entry({ index: 3 }))).toEqual({ index: 3, last: 2 })
    },
  },
  'log.search': {
    sentence: 'finds what people are shown, newest first',
    run: async (api, peer) => {
      peer.setLog(writtenLog())
      const found = async (text: string) => (await api.log.search({ text })).blocks.map(({ index }) => index)
      expect(await found('open-account')).toEqual([1])
      expect(await found('10.50 eur')).toEqual([2])
      expect(await found('Ana')).toEqual([2, 1, 0])
      expect(await found('#2')).toEqual([2])
      expect(await found('nowhere')).toEqual([])
      expect(await api.log.search({ text: 'ana', before: 2, count: 1 })).toMatchObject({ lookedTo: 1, isDone: false })
      expect(await codeOf(api.log.search({ text: ' ' }))).toBe('input-invalid')
    },
  },
  'log.verify': {
    sentence: 'says how far it is, and how it ended',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const steps = await collect(await api.log.verify())
      expect(steps[0]).toEqual({ kind: 'progress', done: 1, total: 3 })
      expect(steps.at(-1)).toMatchObject({ kind: 'done', blocks: 3, hash: log[2]?.hash })
      peer.setLog([...log.slice(0, 2), blockAt(2)])
      const damage = { kind: 'damage', index: 2, code: 'unreadable', reason: expect.stringMatching(/cannot be read/) }
      expect((await collect(await api.log.verify())).at(-1)).toEqual(damage)
    },
  },
  'log.export': {
    sentence: 'gives lines that can be verified, or rows with what became of each operation',
    run: async (api, peer) => {
      const log = writtenLog()
      peer.setLog(log)
      const file = async (format: 'jsonl' | 'csv') => {
        const steps = await collect(await api.log.export({ format }))
        expect(steps.at(-1)).toMatchObject({ done: 3, total: 3 })
        return steps.map(({ text }) => text).join('')
      }
      const lines = (await file('jsonl')).trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line).hash)).toEqual(log.map(({ hash }) => hash))
      const rows = (await file('csv')).trimEnd().split('\r\n')
      expect(rows.map((line) => line.split(',').slice(-8).join(','))).toEqual([
        'kind,account,to,auction,amount,currency,text,outcome',
        'genesis,,,,,,test,done',
        'open-account,ana,,,,,Ana,done',
        'deposit,ana,,,10.50,EUR,,done',
        'withdraw,ana,,,99.00,EUR,,refused: funds-short',
      ])
      expect(await codeOf(api.log.export({ format: 'xml' as 'csv' }))).toBe('input-invalid')
      // Long after the answer has begun, too.
      peer.setLog([...log.slice(0, 2), blockAt(2)])
      expect(await codeOf(api.log.export({ format: 'csv' }).then(collect))).toBe('store-damaged')
    },
  },
  'log.salvage': {
    sentence: 'gives what is whole of the log that keeps it out of its room, and what is wrong with the next block',
    run: async (api, _, seat) => {
      expect(await codeOf(api.log.salvage({ format: 'csv' }))).toBe('not-damaged')
      seat.setPeer(undefined)
      const log = writtenLog()
      const rowsOf = (blocks: readonly { readonly bytes: Uint8Array }[]) => blocks.map(({ bytes }) => ({ bytes, last: 2 }))
      const saved = async (format: 'jsonl' | 'csv') => {
        const steps = await collect(await api.log.salvage({ format }))
        return { text: steps.map(({ text }) => text).join(''), last: steps.at(-1) }
      }
      seat.setDamaged(rowsOf([...log.slice(0, 2), blockAt(2)]))
      const bad = { index: 2, code: 'unreadable', reason: expect.stringMatching(/cannot be read/) }
      const lines = await saved('jsonl')
      expect(lines.last).toMatchObject({ done: 2, total: 3, bad })
      expect(
        lines.text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).hash),
      ).toEqual(log.slice(0, 2).map(({ hash }) => hash))
      const rows = await saved('csv')
      expect(rows.last).toMatchObject({ done: 2, total: 3, bad })
      expect(rows.text.trimEnd().split('\r\n')).toHaveLength(3)
      expect(rows.text).toMatch(/open-account,ana,,,,,Ana,done\r\n$/)
      // Good after all.
      seat.setDamaged(rowsOf(log))
      expect((await saved('jsonl')).last).toEqual({ text: expect.any(String), done: 3, total: 3 })
      // Not one block of it.
      seat.setDamaged(rowsOf([blockAt(0)]))
      expect(await saved('csv')).toEqual({ text: '', last: { text: '', done: 0, total: 0, bad: { ...bad, index: 0 } } })
      expect(await codeOf(api.log.salvage({ format: 'xml' as 'csv' }))).toBe('input-invalid')
    },
  },
  'log.proofs': {
    sentence: 'tells whose faults are proven, by which blocks',
    run: async (api) => expect(await api.log.proofs()).toEqual([fakeProof]),
  },
  'log.read': {
    sentence: 'tells blocks with their canonical bytes',
    run: async (api, peer) => {
      peer.setLog([0, 1, 2].map(blockAt))
      const blocks = await api.log.read({ from: 1 })
      expect(blocks).toMatchObject([
        { index: 1, kind: 'view', bytes: 'AQ' },
        { index: 2, kind: 'view', bytes: 'Ag' },
      ])
    },
  },
} satisfies Cases
