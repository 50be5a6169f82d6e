import { Button } from '@mantine/core'
import Markdown from 'markdown-to-jsx/react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { CopyButton } from '../parts/copy.tsx'
import { Delayed } from '../parts/empty.tsx'
import { inText } from '../parts/name.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useNameOf } from '../room/use-room.tsx'
import { needsOwnRoom, onRoom, type Page, type Story, stories } from './stories.ts'
import { usePages } from './story-pages.ts'

export interface StoriesProps {
  readonly status: StatusView
  readonly isHost: boolean
  /** Who founded the room. */
  readonly host: string
}

/** The stories of `gavelring lab scenarios`, each with its page; what a running room can show is started from here. */
export function Stories(props: StoriesProps) {
  const { t, i18n } = useTranslation('lab')
  const pages = usePages(i18n.language)
  if (pages === undefined) return <Delayed />
  if (pages === 'failed') {
    return (
      <p className="bad" role="alert">
        {t('storiesFailed')} <code>gavelring lab scenarios</code>
      </p>
    )
  }
  return (
    <ul className="plain">
      {stories.map((story) => {
        const page = pages.get(story)
        return page === undefined ? null : (
          <li key={story}>
            <details className="more" data-story={story}>
              <summary>
                <h3>{page.title}</h3>
              </summary>
              <StoryPage {...props} story={story} page={page} />
            </details>
          </li>
        )
      })}
    </ul>
  )
}

interface StoryPageProps extends StoriesProps {
  readonly story: Story
  readonly page: Page
}

/** The page’s sections lie below its title; none of them has markup of its own. */
const markdown = { disableParsingRawHTML: true, overrides: { h2: { component: 'h4', props: {} } } } as const

function StoryPage({ status, isHost, host, story, page }: StoryPageProps) {
  const { t } = useTranslation('lab')
  const isOwn = needsOwnRoom(story)
  const command = `gavelring lab scenario ${story}`
  return (
    <>
      <div className="lab-page">
        <Markdown options={markdown}>{page.body}</Markdown>
      </div>
      {isOwn ? <p>{t('storyOwnRoom')}</p> : <OnThisRoom {...{ status, isHost, host, story, page }} />}
      <p>{t(isOwn ? 'storyCommand' : 'storyWhole')}</p>
      <div className="actions">
        <code className="lab-command">{command}</code>
        <CopyButton text={command} compact />
      </div>
    </>
  )
}

function OnThisRoom({ status, isHost, host, story, page }: StoryPageProps) {
  const { t } = useTranslation('lab')
  const nameOf = useNameOf()
  const act = useAct()
  const plan = onRoom(story, status.members)
  if (plan === undefined) return <p>{t('storyAlone')}</p>
  return (
    <>
      <p>{t(`story_${plan.story}`, { name: inText(nameOf(plan.victim)) })}</p>
      {isHost ? (
        <div className="actions">
          <Button
            variant="default"
            aria-label={t('storyStartOf', { title: page.title })}
            disabled={act.outcome.kind === 'pending'}
            onClick={() =>
              void act.run(async (api, request) => {
                const started = await api.lab.start({ ...plan.wanted, ...request })
                go(paths.lab())
                return started
              })
            }
          >
            {t('storyStart')}
          </Button>
        </div>
      ) : (
        <p className="faint">{t('storyHost', { name: inText(nameOf(host)) })}</p>
      )}
      <OutcomeLine act={act} />
    </>
  )
}
