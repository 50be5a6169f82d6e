import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { MessageChannel, Worker } from 'node:worker_threads'

export interface Asking {
  readonly name: string
  /** How many requests. */
  readonly asks: number
  /** Milliseconds without an answer, after which it ends. */
  readonly giveUp: number
  /** It answers what others ask of it. */
  readonly answers?: boolean
}

export interface Told {
  readonly answered: number
  /** How often its own clock, of five milliseconds, ticked between its first request and its last answer. */
  readonly ticks: number
  readonly millis: number
}

export interface Running {
  readonly ended: Promise<Told>
}

const tickMillis = 5

/** All requests at once; answers come as events, and whatever else happens meanwhile happens. */
export async function startNonBlocking(port: number, { name, asks, giveUp, answers = false }: Asking): Promise<Running> {
  const socket = await connected(port)
  socket.write(`hello ${name}\n`)
  const begin = performance.now()
  let answered = 0
  let ticks = 0
  const ended = new Promise<Told>((resolve) => {
    const ticking = setInterval(() => ticks++, tickMillis)
    const end = (): void => {
      clearInterval(ticking)
      clearTimeout(late)
      // Whoever asks of it still gets its answer: the server closes the line.
      resolve({ answered, ticks, millis: performance.now() - begin })
    }
    const late = setTimeout(end, giveUp)
    createInterface({ input: socket }).on('line', (line) => {
      if (answers && line.startsWith('ask ')) socket.write(`${line.replace('ask', 'answer')}\n`)
      if (line.startsWith('answer ') && ++answered === asks) end()
    })
  })
  for (let number = 1; number <= asks; number++) socket.write(`ask ${number}\n`)
  return { ended }
}

/**
 * One request after the other, with a `receive` that does not return before a line is there: as a program with blocking sockets. Node
 * has none, so its thread is really stopped (Atomics.wait), and this one carries bytes between it and its socket.
 */
export async function startBlocking(port: number, { name, asks, giveUp, answers = false }: Asking): Promise<Running> {
  const socket = await connected(port)
  const { port1: lines, port2: inbox } = new MessageChannel()
  const arrived = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(blockingProgram, {
    eval: true,
    workerData: { inbox, arrived, name, asks, giveUp, answers, tickMillis },
    transferList: [inbox],
  })
  createInterface({ input: socket }).on('line', (line) => {
    lines.postMessage(line)
    Atomics.add(arrived, 0, 1)
    Atomics.notify(arrived, 0)
  })
  const ended = new Promise<Told>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message: { readonly say?: string; readonly told?: Told }) => {
      if (message.say !== undefined) socket.write(`${message.say}\n`)
      if (message.told !== undefined) resolve(message.told)
    })
  }).finally(() => {
    lines.close()
    void worker.terminate()
  })
  return { ended }
}

/** Plain JavaScript: a thread of its own, which loads nothing. */
const blockingProgram = `
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads')
const { inbox, arrived, name, asks, giveUp, answers, tickMillis } = workerData
const send = (say) => parentPort.postMessage({ say })
// Returns the next line, and nothing else happens in this thread until then; undefined: none came in time.
const receive = () => {
  for (;;) {
    const seen = Atomics.load(arrived, 0)
    const found = receiveMessageOnPort(inbox)
    if (found !== undefined) return found.message
    if (Atomics.wait(arrived, 0, seen, giveUp) === 'timed-out') return undefined
  }
}
let ticks = 0
const ticking = setInterval(() => ticks++, tickMillis)
const begin = performance.now()
send('hello ' + name)
let answered = 0
for (let number = 1; number <= asks; number++) {
  send('ask ' + number)
  // What it is asked meanwhile it would answer once it has its own answer.
  const asked = []
  let line = receive()
  while (line !== undefined && !line.startsWith('answer ')) {
    asked.push(line)
    line = receive()
  }
  if (line === undefined) break
  answered++
  if (answers) for (const one of asked) send(one.replace('ask', 'answer'))
}
const millis = performance.now() - begin
clearInterval(ticking)
parentPort.postMessage({ told: { answered, ticks, millis } })
`

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.off('error', reject)
      // The server ends it.
      socket.on('error', () => socket.destroy())
      resolve(socket)
    })
    socket.once('error', reject)
  })
}
