import type { Api } from '../../src/api/client.ts'

/** What the contract says of the lab. Peers are ids; times in milliseconds. */

export type LabState = Awaited<ReturnType<Api['lab']['state']>>
export type Run = LabState['runs'][number]
export type Setting = Run['setting']
export type Fault = Setting['faults'][number]
export type Figures = Run['figures']
export type Member = Run['members'][number]
export type Held = Run['held'][number]
export type Prediction = Run['predictions'][number]
export type Violation = Run['violations'][number]
export type Algorithm = Awaited<ReturnType<Api['lab']['algorithms']>>['algorithms'][number]
export type Recorded = Awaited<ReturnType<Api['lab']['results']>>['recorded'][number]
export type Step = Awaited<ReturnType<Api['lab']['events']>> extends AsyncIterable<infer Each> ? Each : never
export type LabEvent = Exclude<Step, { readonly kind: 'state' }>
export type PeerEvent = Extract<LabEvent, { readonly kind: 'event' }>
export type Started = Awaited<ReturnType<Api['lab']['start']>>

type StartInput = Parameters<Api['lab']['start']>[0]
export type WantedFault = NonNullable<StartInput['faults']>[number]
/** What the host asks for: all of a setting but what its peer fills in. */
export type Wanted = {
  readonly [Key in keyof Omit<StartInput, 'requestId' | 'deadlineMillis'>]-?: Exclude<StartInput[Key], undefined>
}
