import { diagramSvg, escapeMarkup } from './diagram.ts'
import type { Scenario, ScenarioOutcome, ScenarioPart } from './scenario.ts'
import { spaceTime } from './space-time.ts'

/** Steps of each diagram: the sting comes early. */
const shownSteps = 260

/** What a scenario came to as one page of HTML, without scripts: its parts, each with its diagram, and what it promised. */
export function scenarioPage({ name, summary }: Scenario, seed: number, { parts, claims }: ScenarioOutcome): string {
  return `${[
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeMarkup(name)}</title><style>${style}</style></head><body><main>`,
    `<h1>${escapeMarkup(name)}</h1><p>${escapeMarkup(summary)}. Seed ${seed}.</p>`,
    ...parts.map(
      (part) =>
        `<section><h2>${escapeMarkup(part.title)}</h2>${part.lines.map((line) => `<p>${escapeMarkup(line)}</p>`).join('')}${diagramOf(part)}</section>`,
    ),
    `<h2>What always happens</h2><ul>${claims.map(({ text, holds }) => `<li>${holds ? 'holds' : 'NOT SO'}: ${escapeMarkup(text)}</li>`).join('')}</ul>`,
    '</main></body></html>',
  ].join('\n')}\n`
}

function diagramOf({ title, steps = [] }: ScenarioPart): string {
  if (steps.length === 0) return ''
  const drawing = spaceTime(steps.slice(0, shownSteps), { width: 860, rowHeight: 30, axis: 'time' })
  const description = `The first ${Math.min(shownSteps, steps.length)} of ${steps.length} events, by time in milliseconds.`
  return `<figure>${diagramSvg(drawing, { nameOf: (peer) => peer, title, description })}<figcaption>${description}</figcaption></figure>`
}

const style = [
  '@page{size:A4;margin:12mm}body{font:13px/1.4 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}',
  'main{max-width:980px;margin:0 auto;padding:16px}h1{font-size:20px;margin:0}h2{font-size:14px;margin:14px 0 2px}p{margin:2px 0}',
  'section{break-inside:avoid}figure{margin:4px 0}figure svg{width:100%;height:auto}figcaption{color:#555}',
].join('')
