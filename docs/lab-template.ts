// An algorithm for `gavelring lab run docs/lab-template.ts`: everybody who wants in asks everybody else, and enters when all
// have agreed. It has two mistakes. Find them: try --seed 1, 2, 3, …, and --peers 2, 3, 5; the referee says what happened.

type Message = { kind: 'ask'; time: number } | { kind: 'agree' }

interface Place {
  self: string
  members: readonly string[]
  holder: string | undefined
}

interface Effects {
  send(to: string, message: Message): void
  enter(): void
  wake(inMillis: number): void
}

export default {
  name: 'template',
  needsFifo: false,
  create({ self, members, holder }: Place, { send, enter }: Effects) {
    const others = members.filter((member) => member !== self)
    const deferred = new Set<string>()
    let state: 'out' | 'waiting' | 'inside' = holder === self ? 'inside' : 'out'
    let agreed = 0
    let asked = 0

    const enterIfAllAgreed = () => {
      if (state !== 'waiting' || agreed < others.length) return
      state = 'inside'
      enter()
    }

    return {
      request(time: number) {
        state = 'waiting'
        asked = time
        agreed = 0
        for (const peer of others) send(peer, { kind: 'ask', time })
        enterIfAllAgreed()
      },
      release() {
        state = 'out'
        for (const peer of deferred) send(peer, { kind: 'agree' })
      },
      receive(from: string, message: Message) {
        if (message.kind === 'agree') {
          agreed++
          enterIfAllAgreed()
        } else if (state === 'inside' || (state === 'waiting' && asked < message.time)) deferred.add(from)
        else send(from, { kind: 'agree' })
      },
    }
  },
}
