import { existsSync } from 'node:fs'

const places = [
  process.env.GAVELRING_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** The browser of this machine; `undefined`: there is none. */
export const chromiumPath = places.find((place) => place !== undefined && existsSync(place))

export const whySkipped = 'no Chromium is found here: name one with GAVELRING_CHROMIUM'
