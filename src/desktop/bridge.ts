import { ignoreSender, type Sender } from './window-rules.ts'

/** A channel's two ends, as Electron's `MessageChannelMain` has them. */
export interface Channel<Port> {
  readonly port1: Port
  readonly port2: Port
}

export interface BridgeWindow<Port> {
  readonly id: number
  /** Hands the port to the page that is shown now. */
  give(port: Port): void
}

export interface BridgePorts<Port> {
  makeChannel(): Channel<Port>
  /** The other end, to the peer's process; only called while there is one. */
  toPeer(port: Port, window: number): void
}

/**
 * The only place where a page gets a port to the peer: one for each window, asked for by our own page. With each load of the page,
 * and with each start of the peer's process, there is a new one.
 */
export interface Bridge<Port> {
  /** A page asks. A refusal is told as its reason. */
  ask(window: BridgeWindow<Port>, sender: Sender): string | undefined
  /** The peer's process is there: every window that has asked gets a port to it. */
  peerStarted(): void
  /** It is gone, and the ports with it. Who asks meanwhile gets one when the next is there. */
  peerGone(): void
  windowClosed(id: number): void
}

export function createBridge<Port>({ makeChannel, toPeer }: BridgePorts<Port>): Bridge<Port> {
  const windows = new Map<number, BridgeWindow<Port>>()
  let isPeerThere = false

  const connect = (window: BridgeWindow<Port>): void => {
    const { port1, port2 } = makeChannel()
    toPeer(port1, window.id)
    window.give(port2)
  }
  return {
    ask(window, sender) {
      const refusal = ignoreSender(sender)
      if (refusal !== undefined) return refusal
      windows.set(window.id, window)
      if (isPeerThere) connect(window)
      return undefined
    },
    peerStarted() {
      isPeerThere = true
      for (const window of windows.values()) connect(window)
    },
    peerGone() {
      isPeerThere = false
    },
    windowClosed(id) {
      windows.delete(id)
    },
  }
}
