import type { Pages } from '../api/pages.ts'
import { ignoreNavigation } from './window-rules.ts'

/** Answers `app://gavelring/…` out of the built interface, with its policy (points 7 and 18 of the checklist); anything else is not there. */
export async function answerPage(pages: Pages, { url, method }: Pick<Request, 'url' | 'method'>): Promise<Response> {
  const read = method === 'GET' && ignoreNavigation(url) === undefined ? pages.find(new URL(url).pathname) : undefined
  if (read === undefined)
    return new Response('There is no such page.', { status: 404, headers: { 'content-type': 'text/plain' } })
  const { headers, body } = await read()
  return new Response(new Uint8Array(body), { headers })
}
