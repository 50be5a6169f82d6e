/** S1 to S5, L1 and L2 of PROTOCOL, section 7; `bug`: the code under test broke off by itself. */
export type Rule = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'L1' | 'L2' | 'bug'

/** What must always hold did not. Ends the run. */
export class Violation extends Error {
  override readonly name = 'Violation'
  readonly rule: Rule

  constructor(rule: Rule, message: string, options?: ErrorOptions) {
    super(message, options)
    this.rule = rule
  }
}

/** Disks that were set back, copied, or liars, were one too many: what is lost now could not have been kept. Ends the run without blame. */
export class BeyondFaultModel extends Error {
  override readonly name = 'BeyondFaultModel'
}
