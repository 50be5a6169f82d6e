import type { MessagePortMain, UtilityProcess } from 'electron'
import type { Environment, Flags } from '../app/flags.ts'
import { laterFlags } from './arguments.ts'
import type { Bridge } from './bridge.ts'
import type { FromPeer, Notice, PeerState, Refusal, ToPeer } from './messages.ts'
import { firstLife, type LifeInput, type LifeOutput, type PeerLife, stepLife } from './peer-life.ts'

export type PeerProcess = Pick<UtilityProcess, 'on' | 'postMessage' | 'kill'>

export interface PeerHostPorts {
  fork(): PeerProcess
  readonly bridge: Pick<Bridge<MessagePortMain>, 'peerStarted' | 'peerGone'>
  onState(state: PeerState): void
  onNotice(notice: Notice): void
  /** The room of a link was not entered. */
  onNotJoined(refusal: Refusal): void
  onHosting(isHosting: boolean): void
  /** The peer is gone in good order, or for good: the app may end. */
  onOver(): void
  /** Milliseconds of a clock that only goes forward. */
  now(): number
}

/** Carries out what {@link stepLife} decides about the peer's process. */
export interface PeerHost {
  readonly state: PeerState
  take(input: LifeInput): void
  /** A link to which the person said yes: the peer goes to its room, and is started for that if need be. */
  join(link: string): void
  sendPort(port: MessagePortMain, window: number): void
}

export function createPeerHost(given: Flags, env: Environment, ports: PeerHostPorts): PeerHost {
  let flags = given
  let life: PeerLife = firstLife
  let state: PeerState = { kind: 'away' }
  let child: PeerProcess | undefined
  let alarm: NodeJS.Timeout | undefined
  let link: string | undefined

  const tell = (next: PeerState): void => {
    state = next
    ports.onState(next)
  }
  const send = (message: ToPeer, transfer?: MessagePortMain[]): void => child?.postMessage(message, transfer)

  const take = (input: LifeInput): void => {
    const step = stepLife(life, input, ports.now())
    const isChanged = step.life.kind !== life.kind
    life = step.life
    if (step.outputs.length > 0 || isChanged) clearTimeout(alarm)
    const shown = stateOf(life)
    if (isChanged && shown !== undefined) tell(shown)
    for (const output of step.outputs) carryOut(output)
  }

  const carryOut = (output: LifeOutput): void => {
    switch (output.kind) {
      case 'spawn':
        return spawn()
      case 'leave':
        return send({ kind: 'leave' })
      case 'kill':
        child?.kill()
        return
      case 'alarm':
        alarm = setTimeout(take, output.millis, { kind: 'alarm' })
        return
      case 'quit':
        return ports.onOver()
    }
  }

  const spawn = (): void => {
    const own = ports.fork()
    child = own
    let hasLeft = false
    tell({ kind: 'starting' })
    own.on('message', (message: FromPeer) => {
      // One that is on its way out says nothing that counts any more.
      if (child !== own) return
      if (message.kind === 'left') hasLeft = true
      hear(message)
    })
    own.on('exit', () => {
      if (child !== own) return
      child = undefined
      ports.bridge.peerGone()
      ports.onHosting(false)
      take({ kind: 'exited', hasLeft })
    })
    send({ kind: 'start', flags })
    if (link !== undefined) send({ kind: 'join', link })
    link = undefined
    ports.bridge.peerStarted()
  }

  const hear = (message: FromPeer): void => {
    switch (message.kind) {
      case 'running':
        // Once it was in a room, a later start goes back to where it was last.
        if (message.place.kind === 'in') flags = laterFlags(given, env)
        if (life.kind === 'running') tell(message)
        return
      case 'not-joined':
        return ports.onNotJoined(message.refusal)
      case 'refused':
        take({ kind: 'refused' })
        tell(message)
        return
      case 'notice':
        return ports.onNotice(message.notice)
      case 'hosting':
        return ports.onHosting(message.isHosting)
      case 'left':
        return
    }
  }

  return {
    get state() {
      return state
    },
    take,
    join(next) {
      if (life.kind === 'running') return send({ kind: 'join', link: next })
      link = next
      take({ kind: 'start' })
    },
    sendPort: (port, window) => send({ kind: 'port', window }, [port]),
  }
}

/** What people are told of it; `undefined`: its process says more than that. */
function stateOf({ kind }: PeerLife): PeerState | undefined {
  switch (kind) {
    case 'waiting':
      return { kind: 'restarting' }
    case 'leaving':
      return { kind: 'leaving' }
    case 'away':
    case 'asleep':
    case 'over':
      return { kind: 'away' }
    default:
      return undefined
  }
}
