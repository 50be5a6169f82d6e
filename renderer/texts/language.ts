import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { desktop } from '../room/desktop.ts'
import { en } from './en/index.ts'

export const languages = { en: 'English', pt: 'Português', es: 'Español' } as const
export type Language = keyof typeof languages

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common'
    resources: typeof en
  }
}

/** Only the language that is shown is loaded; English is there from the start, for whatever fails. */
const loaders: Readonly<Record<Exclude<Language, 'en'>, () => Promise<object>>> = {
  pt: async () => (await import('./pt/index.ts')).pt,
  es: async () => (await import('./es/index.ts')).es,
}

export async function startTexts(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    defaultNS: 'common',
    resources: { en },
    // React escapes what it shows.
    interpolation: { escapeValue: false },
  })
  // Without its texts the interface is there all the same, in English.
  await speak(language).catch(() => {})
}

async function speak(language: Language): Promise<void> {
  if (language !== 'en' && !i18next.hasResourceBundle(language, 'common')) {
    for (const [namespace, texts] of Object.entries(await loaders[language]())) {
      i18next.addResourceBundle(language, namespace, texts)
    }
  }
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

/** What the system asks for, as far as we speak it. */
function systemLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const tag of wanted) {
    const language = tag.slice(0, 2).toLowerCase()
    if (Object.hasOwn(languages, language)) return language as Language
  }
  return 'en'
}

const languageKey = 'gavelring.language'

/** What was chosen on this machine. */
function chosenLanguage(): Language | undefined {
  const kept = localStorage.getItem(languageKey)
  return kept !== null && Object.hasOwn(languages, kept) ? (kept as Language) : undefined
}

/** What was chosen on this machine, or else what the system asks for. The app around the page speaks what was chosen, too. */
export function firstLanguage(): Language {
  const chosen = chosenLanguage()
  if (chosen !== undefined) desktop?.speak(chosen)
  return chosen ?? systemLanguage()
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(languageKey, language)
  desktop?.speak(language)
  await speak(language)
}

/** Another window, or another tab, chose one. */
export function followChoice(): void {
  window.addEventListener('storage', ({ key }) => {
    const chosen = key === languageKey ? chosenLanguage() : undefined
    if (chosen !== undefined) void speak(chosen).catch(() => {})
  })
}
