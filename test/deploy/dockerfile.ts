/** One instruction of a Dockerfile: `COPY` and what stands behind it, lines that go on joined to one. */
export interface Instruction {
  readonly name: string
  readonly text: string
}

/** What a container of the last stage runs, and as whom. */
export interface Image {
  /** Of each stage, with arguments put in. */
  readonly bases: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly health: readonly string[]
  readonly volumes: readonly string[]
  readonly stopSignal: string
}

/** Of a Dockerfile as this repository has one: no escapes, no heredocs. */
export function readInstructions(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line))
  const whole = lines.join('\n').replace(/\\\n\s*/g, '')
  return whole.split('\n').map((line) => {
    const [, name = '', rest = ''] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (name === '') throw new Error(`no instruction: ${line}`)
    return { name, text: rest.trim() }
  })
}

export function readImage(text: string): Image {
  const instructions = readInstructions(text)
  const args = Object.fromEntries(instructions.filter(({ name }) => name === 'ARG').map((one) => one.text.split('=', 2)))
  const starts = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []))
  const last = instructions.slice(starts.at(-1))
  const allOf = (name: string): readonly string[] => last.filter((one) => one.name === name).map((one) => one.text)
  const oneOf = (name: string): string => allOf(name).at(-1) ?? ''
  return {
    bases: starts.map((at) => baseOf(instructions[at]?.text ?? '', args)),
    env: Object.fromEntries(
      allOf('ENV').flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])),
    ),
    user: oneOf('USER'),
    entrypoint: execForm(oneOf('ENTRYPOINT')),
    command: execForm(oneOf('CMD')),
    health: execForm(oneOf('HEALTHCHECK').replace(/^.*?CMD\s+/, '')),
    volumes: allOf('VOLUME'),
    stopSignal: oneOf('STOPSIGNAL'),
  }
}

/** Without the name of the stage. */
const baseOf = (text: string, args: Readonly<Record<string, string | undefined>>): string =>
  text.replace(/ AS \w+$/, '').replace(/\$\{(\w+)\}/, (_, name) => args[name] ?? '')

/** `["node", "x"]`: started as it is, so that signals reach it; a shell between would take them. Throws where there is one. */
function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text)
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) throw new Error(`no exec form: ${text}`)
  return words
}
