import type { ComponentType } from 'react'
import { paths, type Route } from '../room/routes.ts'
import { AuctionsIcon, BankIcon, ClassIcon, LabIcon, LogIcon, RingIcon, RoomsIcon, SettingsIcon } from './icons.tsx'

interface Place {
  /** Of its name in the texts. */
  readonly key: 'welcome' | 'auctions' | 'bank' | 'ring' | 'log' | 'class' | 'lab' | 'settings'
  readonly path: string
  readonly Icon: ComponentType
  /** The screens that belong to it. */
  readonly screens: readonly Route['screen'][]
  /** After `g`; the same in every language, so that hands need not learn anew. */
  readonly letter: string
  /** It is there in no room, too. */
  readonly isOwn?: true
}

/** What the rail leads to, in its order. On a phone the way to the rooms is the room's name above. */
export const places: readonly Place[] = [
  { key: 'welcome', path: paths.welcome, Icon: RoomsIcon, screens: ['welcome'], letter: 'h', isOwn: true },
  {
    key: 'auctions',
    path: paths.auctions,
    Icon: AuctionsIcon,
    screens: ['auctions', 'lot', 'start-lot', 'catalogue'],
    letter: 'a',
  },
  { key: 'bank', path: paths.bank(), Icon: BankIcon, screens: ['bank'], letter: 'b' },
  { key: 'ring', path: paths.ring, Icon: RingIcon, screens: ['ring'], letter: 'r' },
  { key: 'log', path: paths.log(), Icon: LogIcon, screens: ['log'], letter: 'l' },
  { key: 'class', path: paths.class, Icon: ClassIcon, screens: ['class'], letter: 'c' },
  { key: 'lab', path: paths.lab(), Icon: LabIcon, screens: ['lab'], letter: 'e' },
  { key: 'settings', path: paths.settings, Icon: SettingsIcon, screens: ['settings'], letter: 's', isOwn: true },
]
