import { useEffect, useState } from 'react'
import { type Page, readPage, type Story, stories } from './stories.ts'

const files = import.meta.glob<string>('../../docs/lab/*.md', { query: '?raw', import: 'default' })

/** The pages of all stories in this language; `undefined`: on their way; `failed`: they did not come. */
export function usePages(language: string): ReadonlyMap<Story, Page> | 'failed' | undefined {
  const [pages, setPages] = useState<ReadonlyMap<Story, Page> | 'failed'>()
  useEffect(() => {
    let isGone = false
    const tell = (told: ReadonlyMap<Story, Page> | 'failed'): void => {
      if (!isGone) setPages(told)
    }
    load(language).then(tell, () => tell('failed'))
    return () => {
      isGone = true
    }
  }, [language])
  return pages
}

async function load(language: string): Promise<ReadonlyMap<Story, Page>> {
  const read = async (story: Story): Promise<readonly [Story, Page]> => {
    const file = files[`../../docs/lab/${story}.${language}.md`]
    if (file === undefined) throw new Error(`no page of ${story} in ${language}`)
    return [story, readPage(await file())]
  }
  return new Map(await Promise.all(stories.map(read)))
}
