import * as catchingUp from './scenarios/catching-up.ts'
import * as installing from './scenarios/installing.ts'
import * as lying from './scenarios/lying.ts'
import * as promising from './scenarios/promising.ts'

/**
 * The schedules that PROTOCOL, section 8, names, told once more over a real replica, and two of a liar: chance hardly meets
 * some of them. Each
 * throws a `Violation` where the rule that it is named after is broken.
 */
export const scenarios: Readonly<Record<string, () => void>> = { ...promising, ...installing, ...catchingUp, ...lying }
