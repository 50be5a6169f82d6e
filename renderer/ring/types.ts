import type { Api } from '../../src/api/client.ts'
import type { RingStepView } from '../../src/api/views.ts'

/** What `ring.watch` tells, one step at a time. */
export type RingStep = RingStepView

type StepOf<Name extends RingStep['kind']> = Extract<RingStep, { readonly kind: Name }>

export type TokenStep = StepOf<'token'>
export type FrameStep = StepOf<'frame'>
export type BlockStep = StepOf<'block'>

/** The peer's own word on the ring, as `ring.show` has it. */
export type RingView = Awaited<ReturnType<Api['ring']['show']>>
