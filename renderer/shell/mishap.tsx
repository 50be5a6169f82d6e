import { Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** A bug in one part leaves no white page: it is said, with the way on. */
export class Mishap extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override readonly state = { hasFailed: false }

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Sorry /> : this.props.children
  }
}

function Sorry() {
  const { t } = useTranslation()
  return (
    <main className="empty" role="alert">
      <p>{t('unreadable')}</p>
      <Button onClick={() => location.reload()}>{t('reload')}</Button>
    </main>
  )
}
