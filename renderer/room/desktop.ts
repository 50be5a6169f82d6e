/** What the preload script of the desktop app puts beside the page (`src/desktop/preload.cts`). */
export interface Desktop {
  /** How the peer’s process is, now and whenever that is another: `ShellState`, as far as it can be read. */
  onState(listener: (state: unknown) => void): void
  /** Starts the peer again after it left, or could not start. */
  startAgain(): void
  /** The language that was chosen: menu, tray, dialogs and notices speak it, too. */
  speak(language: string): void
}

/** `undefined`: the page is shown in a browser. */
export const desktop = (globalThis as { readonly gavelring?: Desktop }).gavelring

/** What the desktop app says of the peer’s process. */
export interface ShellState {
  readonly isRunning: boolean
  /** It does not come back by itself. */
  readonly isGone: boolean
  /** In the language that was chosen. */
  readonly text: string
}

export function readShellState(told: unknown): ShellState {
  const { kind, text } = (typeof told === 'object' && told !== null ? told : {}) as Partial<Record<string, unknown>>
  return {
    isRunning: kind === 'running',
    isGone: kind === 'away' || kind === 'refused',
    text: typeof text === 'string' ? text : '',
  }
}
