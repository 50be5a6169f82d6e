import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { linkAmong, readArguments } from '../../src/desktop/arguments.ts'
import { readJoinRequest } from '../../src/desktop/join-request.ts'
import { words } from '../../src/desktop/words.ts'

const link = 'gavelring://join?room=evening'

describe('what the app is started with', () => {
  test('flags are those of `gavelring peer`; others, such as Chromium’s, are left out', () => {
    const args = [
      '--no-sandbox',
      '--remote-debugging-port=0',
      '--room',
      'evening',
      '--no-mdns',
      '--listen',
      '127.0.0.1:0',
      '--inspect=9',
    ]
    expect(readArguments(args, {}).flags).toEqual({ room: 'evening', 'no-mdns': true, listen: ['127.0.0.1:0'] })
  })
  test('it goes into the last room, where neither flag nor variable names one', () => {
    const lasts = (args: string[], env = {}) => readArguments(args, env).flags.last === true
    expect([lasts([]), lasts(['--name', 'Ana', '--no-mdns', '--bootstrap', '10.0.0.1:1'])]).toEqual([true, true])
    const naming = [['--room', 'x'], ['--code', 'x'], ['--create'], ['--join'], ['--refetch'], ['--bootstrap', link]]
    expect(naming.map((args) => lasts(args))).toEqual(naming.map(() => false))
    expect(lasts([], { GAVELRING_ROOM: 'x' })).toBe(false)
    expect(lasts([], { GAVELRING_ROOM: '', GAVELRING_CREATE: 'no' })).toBe(true)
  })
  test('each profile has a folder of its own, as a flag or as a variable', () => {
    expect(readArguments(['--profile', 'x'], {}).profile).toBe(resolve('x'))
    expect(readArguments(['--profile=x'], { GAVELRING_PROFILE: 'y' }).profile).toBe(resolve('x'))
    expect(readArguments([], { GAVELRING_PROFILE: 'y' }).profile).toBe(resolve('y'))
  })
  test.each([[['--room']], [['--room=']], [['--no-mdns=1']], [['--listen']], [['--', '--room', 'x']], [['--room', '--create']]])(
    '%j does not keep it from starting',
    (args) => expect(readArguments(args, {}).profile).not.toBe(''),
  )
  test('a link that was clicked stands among the words', () => {
    expect(linkAmong(['.', '--flag', 'gavelring://join?room=evening'])).toBe('gavelring://join?room=evening')
    expect(readArguments(['.'], {}).link).toBeUndefined()
  })
})

describe('a link is asked about before anything happens', () => {
  const id = 'ab'.repeat(32)
  const link = `gavelring://join?room=evening&code=lamp&id=${id}&at=192.168.1.20:4001`

  test('the peer gets it after a yes, written anew', () => {
    expect(readJoinRequest(link, 'old', words.en)).toMatchObject({
      kind: 'ask',
      title: 'Join the room “evening”?',
      link: `gavelring://join?room=evening&code=lamp&id=${id}&at=/ip4/192.168.1.20/tcp/4001`,
    })
  })
  test('it is told where the link leads, and what is left for it', () => {
    expect(readJoinRequest(link, 'class', words.en).detail).toBe(
      'The link brings the room’s code. It will be looked for at /ip4/192.168.1.20/tcp/4001. This peer leaves the room “class” first; its log stays on this machine.',
    )
    expect(readJoinRequest('gavelring://join?room=evening', 'evening', words.en).detail).toBe('The room has no code.')
  })
  test('what the link does not have goes nowhere', () => {
    const request = readJoinRequest('gavelring://join?room=evening&profile=/etc&name=Eve&http=off', undefined, words.en)
    expect(request).toMatchObject({ link: 'gavelring://join?room=evening' })
  })
  test.each([
    'gavelring://join',
    'gavelring://join?code=x',
    'gavelring://leave?room=x',
    'gavelring://join?room=%E2%80%AEx',
    `gavelring://join?room=${'x'.repeat(10_000)}`,
    'gavelring://join?room=x&at=evil;rm',
    'gavelring://join?room=x#--no-sandbox',
    'https://example.org/',
    '',
  ])('%s is refused', (text) =>
    expect(readJoinRequest(text, undefined, words.en)).toMatchObject({ kind: 'refused', title: 'This link cannot be opened.' }),
  )
})
