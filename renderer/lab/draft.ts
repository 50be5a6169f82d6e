import type { Fault, Setting, Wanted, WantedFault } from './types.ts'

/** What stands in the form of a new experiment, as it was typed; and what it comes to. */

export interface FaultDraft {
  /** Of this line of the form, for as long as it stands there. */
  readonly id: number
  readonly kind: Fault['kind']
  readonly peer: string
  /** Of `cut`: who else. */
  readonly to: string
  readonly at: string
  readonly millis: string
}

export interface Draft {
  readonly algorithm: string
  readonly section: string
  readonly entries: string
  readonly thinkLeast: string
  readonly thinkMost: string
  readonly stayLeast: string
  readonly stayMost: string
  readonly seed: string
  /** In percent. */
  readonly lost: string
  readonly step: boolean
  readonly faults: readonly FaultDraft[]
}

export type Field = 'section' | 'entries' | 'think' | 'stay' | 'seed' | 'lost' | `fault-${number}`
export type Complaint =
  /** Not a whole number, or none between these two. */
  | { readonly code: 'number'; readonly least: number; readonly most: number }
  | { readonly code: 'section' | 'range-reversed' | 'peer-needed' | 'same-peer' }
export type Complaints = ReadonlyMap<Field, Complaint>

/** As the peer has them: what it would refuse is told before it is sent. */
const most = { entries: 10_000, millis: 60_000, faultMillis: 600_000, seed: 2 ** 31, lost: 90 } as const
export const faultsMax = 32

export const firstDraft: Draft = {
  algorithm: 'ricart-agrawala',
  section: 'main',
  entries: '10',
  thinkLeast: '0',
  thinkMost: '200',
  stayLeast: '50',
  stayMost: '150',
  seed: '1',
  lost: '0',
  step: false,
  faults: [],
}

/** The setting, or what is wrong with which field. */
export function readDraft(draft: Draft): { readonly wanted: Wanted } | { readonly complaints: Complaints } {
  const complaints = new Map<Field, Complaint>()
  const whole = (field: Field, text: string, least: number, greatest: number): number => {
    const value = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= greatest) return value
    if (!complaints.has(field)) complaints.set(field, { code: 'number', least, most: greatest })
    return least
  }
  const span = (field: 'think' | 'stay', from: string, to: string) => {
    const range = { least: whole(field, from, 0, most.millis), most: whole(field, to, 0, most.millis) }
    if (range.least > range.most && !complaints.has(field)) complaints.set(field, { code: 'range-reversed' })
    return range
  }
  const faults = draft.faults.map((fault) => readFault(fault, complaints, whole))
  if (!/^[A-Za-z0-9._-]{1,32}$/.test(draft.section.trim())) complaints.set('section', { code: 'section' })
  const wanted: Wanted = {
    algorithm: draft.algorithm,
    section: draft.section.trim(),
    entries: whole('entries', draft.entries, 1, most.entries),
    think: span('think', draft.thinkLeast, draft.thinkMost),
    stay: span('stay', draft.stayLeast, draft.stayMost),
    seed: whole('seed', draft.seed, 0, most.seed),
    lostShare: whole('lost', draft.lost, 0, most.lost) / 100,
    faults,
    step: draft.step,
    record: true,
  }
  return complaints.size === 0 ? { wanted } : { complaints }
}

function readFault(
  { id, kind, peer, to, at, millis }: FaultDraft,
  complaints: Map<Field, Complaint>,
  whole: (field: Field, text: string, least: number, most: number) => number,
): WantedFault {
  const field = `fault-${id}` as const
  const since = { peer, at: whole(field, at, 0, most.faultMillis) }
  const lasts = kind === 'kill' ? 0 : whole(field, millis, 0, most.faultMillis)
  if (peer === '' || (kind === 'cut' && to === '')) complaints.set(field, { code: 'peer-needed' })
  else if (kind === 'cut' && to === peer) complaints.set(field, { code: 'same-peer' })
  switch (kind) {
    case 'kill':
      return { kind, ...since }
    case 'pause':
      return { kind, ...since, millis: lasts }
    case 'cut':
      return { kind, ...since, to, millis: lasts }
  }
}

/** The same workload in the form again, to change a little of it. */
export const toDraft = ({ algorithm, section, entries, think, stay, seed, lostShare, faults, step }: Setting): Draft => ({
  algorithm,
  section,
  entries: String(entries),
  thinkLeast: String(think.least),
  thinkMost: String(think.most),
  stayLeast: String(stay.least),
  stayMost: String(stay.most),
  seed: String(seed),
  lost: String(Math.round(lostShare * 100)),
  step,
  faults: faults.map(({ kind, peer, to, at, millis }, id) => ({
    ...{ id, kind, peer, to: to ?? '', at: String(at), millis: String(millis ?? 1_000) },
  })),
})
