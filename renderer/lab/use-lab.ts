import { useEffect, useMemo, useReducer, useState } from 'react'
import { codeOf, createLive } from '../room/live.ts'
import type { Room } from '../room/room.ts'
import { useLive, useRoom } from '../room/use-room.tsx'
import { createHistory, type History } from './history.ts'
import type { Algorithm, LabState } from './types.ts'

/** What no event tells is asked for so often, in milliseconds. */
const lookMillis = 1_000
/** Words and tables follow the events so often at most. */
const tellMillis = 200
const againMillis = 500

/** Which experiments run, and which ran; `undefined`: not told yet. */
export function useLabState(): LabState | undefined {
  const { door, onMarket } = useRoom()
  const live = useMemo(() => createLive(door, (api) => api.lab.state()), [door])
  useEffect(() => {
    const stop = onMarket((event) => {
      if (event.kind === 'experiment-started' || event.kind === 'experiment-ended') live.refresh()
    })
    const timer = setInterval(() => {
      if (!document.hidden) live.refresh()
    }, lookMillis)
    return () => {
      stop()
      clearInterval(timer)
    }
  }, [live, onMarket])
  return useLive(live)
}

/** All events of one run from the first on, followed until it has ended; whoever uses it is drawn anew when some have come. */
export function useHistory(experiment: number): History {
  const room = useRoom()
  const history = useMemo(createHistory, [])
  const [, tell] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const onStep = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        tell()
      }, tellMillis)
    }
    void follow(room, experiment, history, onStep, stop.signal)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [room, experiment, history])
  return history
}

async function follow(
  { door }: Pick<Room, 'door'>,
  experiment: number,
  history: History,
  onStep: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && !history.isWhole) {
    try {
      const api = await door.api()
      for await (const step of await api.lab.events({ experiment, after: history.last }, { signal })) {
        history.add(step)
        onStep()
      }
      history.close()
      onStep()
    } catch (error) {
      // The peer was started anew and knows it no more, or this one is called off; else lost, or too many streams are open.
      if (codeOf(error) === 'experiment-gone') return
    }
    if (!signal.aborted && !history.isWhole) await new Promise((resolve) => setTimeout(resolve, againMillis))
  }
}

/** What is built in, and what members have of their own; asked again by `again`. */
export function useAlgorithms(): { readonly algorithms: readonly Algorithm[]; again(): void } {
  const { door } = useRoom()
  const [algorithms, setAlgorithms] = useState<readonly Algorithm[]>([])
  const [round, again] = useReducer((count: number) => count + 1, 0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: each round asks once
  useEffect(() => {
    let isGone = false
    void door
      .api()
      .then((api) => api.lab.algorithms())
      .then(
        (answer) => {
          if (!isGone) setAlgorithms(answer.algorithms)
        },
        () => {},
      )
    return () => {
      isGone = true
    }
  }, [door, round])
  return { algorithms, again }
}

/** The first rules that know experiments. A room keeps those that it was founded with. */
const firstRules = 4

/** Whether the room's rules know experiments, as its first block says; `undefined`: not known. */
export function useKnowsLab(): boolean | undefined {
  const { door } = useRoom()
  const [knows, setKnows] = useState<boolean>()
  useEffect(() => {
    let isGone = false
    void door
      .api()
      .then((api) => api.log.page({ from: 0, count: 1 }))
      .then(
        ({ blocks }) => {
          const content = blocks.find(({ kind }) => kind === 'genesis')?.content
          const version = content !== undefined && 'rulesVersion' in content ? content.rulesVersion : undefined
          if (!isGone && typeof version === 'number') setKnows(version >= firstRules)
        },
        // Unknown: the peer's own answer says it, once somebody starts one.
        () => {},
      )
    return () => {
      isGone = true
    }
  }, [door])
  return knows
}
