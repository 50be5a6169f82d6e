import { describe, expect, test } from 'vitest'
import {
  ignoreNavigation,
  ignorePermission,
  ignoreSender,
  refuseNewWindow,
  webPreferencesOf,
} from '../../src/desktop/window-rules.ts'

const own = ['app://gavelring/', 'app://gavelring/index.html', 'app://gavelring/#/lots/3', 'APP://gavelring/?x=1']
const foreign = [
  'app://gavelring.evil/',
  'app://evil/',
  'app://gavelring:80/',
  'app://user@gavelring/',
  'app://user:word@gavelring/',
  'app:gavelring',
  'app:///gavelring/',
  'apps://gavelring/',
  'http://gavelring/',
  'https://example.org/app://gavelring/',
  'http://127.0.0.1:8080/',
  'file:///etc/passwd',
  'data:text/html,hello',
  'blob:app://gavelring/6f1d',
  'javascript:alert(1)',
  'about:blank',
  'devtools://devtools/bundled/inspector.html',
  'gavelring://join?room=evening',
  'view-source:app://gavelring/',
  '',
  'nonsense',
]

describe('a window stays on our own pages', () => {
  test.each(own)('%s', (url) => expect(ignoreNavigation(url)).toBeUndefined())
  test.each(foreign)('not %s', (url) => expect(ignoreNavigation(url)).toBe('not a page of this app'))
})

describe('only the top page of our own windows is heard', () => {
  const good = { url: 'app://gavelring/', isMainFrame: true, isOwnWindow: true }
  test('it is', () => expect(ignoreSender(good)).toBeUndefined())
  test.each(foreign)('not %s', (url) => expect(ignoreSender({ ...good, url })).toBe('not a page of this app'))
  test('not a frame within it', () => expect(ignoreSender({ ...good, isMainFrame: false })).toBe('a frame within a page'))
  test('not a window of somebody else', () =>
    expect(ignoreSender({ ...good, isOwnWindow: false })).toBe('not a window of this app'))
  test('not a frame that is gone', () => expect(ignoreSender({ ...good, url: undefined })).toBe('not a page of this app'))
})

describe('permissions', () => {
  test.each(['fullscreen', 'clipboard-sanitized-write'])('%s is granted, to our own page only', (permission) => {
    expect(ignorePermission(permission, 'app://gavelring/')).toBeUndefined()
    expect(ignorePermission(permission, 'https://example.org/')).toBe('not a page of this app')
  })
  test.each([
    'media',
    'geolocation',
    'notifications',
    'midi',
    'openExternal',
    'clipboard-read',
    'hid',
    'usb',
    'unknown',
    '',
    'constructor',
  ])('%s is not', (permission) =>
    expect(ignorePermission(permission, 'app://gavelring/')).toBe('not a permission that this app needs'),
  )
})

test('no page opens a window', () => expect(refuseNewWindow()).toEqual({ action: 'deny' }))

test('developer tools are for builds that were not packaged', () => {
  expect([webPreferencesOf('p', true).devTools, webPreferencesOf('p', false).devTools]).toEqual([false, true])
})
