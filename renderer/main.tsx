import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './theme/mantine.css'
import '@fontsource-variable/inter/wght.css'
import './theme/roles.css'
import './theme/base.css'
import './parts/parts.css'
import { pageDoor } from './room/door.ts'
import { enterRoom } from './room/room.ts'
import { RoomProvider } from './room/use-room.tsx'
import { App } from './shell/app.tsx'
import { Mishap } from './shell/mishap.tsx'
import { firstLanguage, followChoice, startTexts } from './texts/language.ts'
import { cssVariablesResolver, theme } from './theme/theme.ts'

const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ''
const colorScheme = localStorageColorSchemeManager({ key: 'gavelring.theme' })
const root = document.getElementById('root')
if (root === null) throw new Error('the page has no place for the interface')

const room = enterRoom(pageDoor())
await startTexts(firstLanguage())
followChoice()
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      getStyleNonce={() => nonce}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      cssVariablesResolver={cssVariablesResolver}
    >
      <RoomProvider room={room}>
        <Mishap>
          <App />
        </Mishap>
      </RoomProvider>
    </MantineProvider>
  </StrictMode>,
)
