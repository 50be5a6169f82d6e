/** What of a run can be shown and handed in, for the doors. All of it is pure. */
export { diagramSvg } from '../mutex/diagram.ts'
export { eventsCsv, eventsJson, figuresCsv } from '../mutex/exports.ts'
export { type Figures, toFigures } from '../mutex/figures.ts'
export {
  type BlockPlace,
  dataIn,
  partsOf,
  type Report,
  type RoomSource,
  reportFormat,
  reportPage,
  reportSteps,
  reportViolations,
  type SimulatedSource,
  stepsBytes,
} from '../mutex/report.ts'
export type { ReportLanguage } from '../mutex/report-texts.ts'
export { type RunEvent, type RunStep, stepsOfTrial } from '../mutex/run-steps.ts'
export type { Claim, Scenario, ScenarioOutcome, ScenarioPart } from '../mutex/scenario.ts'
export { scenarioPage } from '../mutex/scenario-page.ts'
export { simulatedScenarios } from '../mutex/scenarios.ts'
export { shivizLog } from '../mutex/shiviz.ts'
export { spaceTime } from '../mutex/space-time.ts'
