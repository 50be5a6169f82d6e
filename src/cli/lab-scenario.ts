import type { Scenario } from '../app/scenarios/scenarios.ts'
import { type Command, operand, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { writeNewFile } from './lab-report.ts'
import { meantText } from './nearest.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

const labScenarios: Command = {
  name: 'lab scenarios',
  summary: 'stories with a sting, ready to run: deaths, ties, a pulled cable, a wrong clock',
  operands: [],
  options: [columnsOption],
  examples: ['gavelring lab scenarios'],
  async run(call) {
    const { scenarios } = await import('../app/scenarios/scenarios.ts')
    const columns: readonly Column<Scenario>[] = [
      { name: 'scenario', head: 'SCENARIO', cell: ({ name }) => name, whole: true },
      { name: 'what', head: 'WHAT HAPPENS', cell: ({ summary }) => summary },
    ]
    tellTable(
      call,
      scenarios.map(({ name, summary }) => ({ name, summary })),
      columns,
      scenarios,
    )
    return 0
  },
}

const labScenario: Command = {
  name: 'lab scenario',
  summary: 'runs one of them, and says whether what it promises has happened',
  operands: ['NAME'],
  options: [
    { name: 'seed', value: 'N', text: 'what is drawn (default 1)' },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      text: 'the same as a page, with the diagrams of simulated rooms; never through a link',
    },
    { name: 'force', text: 'replace the file, if it is there already' },
  ],
  examples: ['gavelring lab scenario holder-dies -o story.html', 'gavelring lab scenario partition --seed 7'],
  details:
    'NAME: one of `gavelring lab scenarios`. A page for class is in docs/lab/NAME.en.md, .pt.md and .es.md. Nothing is canned: rooms are\n' +
    'simulated anew, or real peers and sockets start in this process, on loopback, and are gone when it is over.\n' +
    'Exit codes: 0 all that it promises has happened, 1 something has not, 2 usage.',
  async run(call) {
    const { scenarioPage, scenarios } = await import('../app/scenarios/scenarios.ts')
    const name = operand(call, 0)
    const scenario = scenarios.find((one) => one.name === name)
    if (scenario === undefined) {
      const meant = meantText(
        name,
        scenarios.map((one) => one.name),
      )
      throw usageError(`There is no scenario “${name}”.${meant}`, 'See `gavelring lab scenarios`.')
    }
    const seed = readSeed(textFlag(call, 'seed'))
    const outcome = await scenario.run(seed)
    const { parts, claims } = outcome
    const file = textFlag(call, 'output')
    if (file !== undefined) await writeNewFile(file, call.flags.force === true, scenarioPage(scenario, seed, outcome))
    if (call.json) call.terminal.json({ scenario: name, parts: parts.map(({ title, lines }) => ({ title, lines })), claims })
    else {
      for (const { title, lines } of parts) {
        call.terminal.line([{ text: title, look: 'bold' }])
        for (const line of lines) call.terminal.line(`  ${line}`)
      }
      call.terminal.line('')
      for (const { text, holds } of claims) call.terminal.line(`${holds ? 'holds' : 'NOT SO'}  ${text}`)
    }
    return claims.every(({ holds }) => holds) ? 0 : 1
  },
}

export const labScenarioCommands: readonly Command[] = [labScenarios, labScenario]

function readSeed(text: string | undefined): number {
  const seed = text === undefined ? 1 : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (seed <= 2 ** 31) return seed
  throw usageError(`--seed: a whole number from 0 to ${2 ** 31} is expected, not “${text}”.`)
}
