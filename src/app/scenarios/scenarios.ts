import { type Scenario, simulatedScenarios } from '../../peer/lab-report.ts'
import { partition } from './partition.ts'
import { sockets } from './sockets.ts'
import { wallClock } from './wall-clock.ts'

export { type Scenario, scenarioPage } from '../../peer/lab-report.ts'

/** All stories, in the order in which a class may want them. */
export const scenarios: readonly Scenario[] = [...simulatedScenarios, partition, wallClock, sockets]
