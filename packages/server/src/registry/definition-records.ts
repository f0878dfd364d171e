import { capabilityName, type ActivityRecord, type CapabilityName } from '@parley/contract'
import type { DefinitionKind } from './catalog.ts'
import type { Verdict } from './judge-definitions.ts'

/** The part of an activity record that says what changed. */
export type Happening = Pick<ActivityRecord, 'action' | 'subject'> & {
  readonly note: string
  readonly capability?: CapabilityName
  readonly definitionHash?: string
}

const MAX_SINGLE_RECORDS = 20
const ACTIONS = {
  approved: 'definition.approve',
  new: 'definition.quarantine',
  changed: 'definition.quarantine',
  returned: 'definition.return',
  gone: 'definition.gone',
  forget: 'definition.forget',
} as const

/**
 * What a batch of verdicts means for the record: one entry for the definitions approved with their server, one for
 * each other change, and a summary where there are more than 20, so that an upstream cannot flood the record.
 */
export function describeVerdicts(server: string, verdicts: readonly Verdict[]): Happening[] {
  const approved = verdicts.filter((verdict) => changeOf(verdict) === 'approved')
  const others = verdicts.filter((verdict) => changeOf(verdict) !== 'approved')
  const happenings = others.slice(0, MAX_SINGLE_RECORDS).map((verdict) => describeOne(server, verdict))
  if (others.length > MAX_SINGLE_RECORDS) {
    const note = `${server}: ${others.length - MAX_SINGLE_RECORDS} more definitions changed`
    happenings.push({ action: 'definition.change', subject: 'hub', note })
  }
  if (approved.length > 0) {
    const note = `${server}: ${approved.length} first definitions approved with the server`
    happenings.unshift({ action: 'definition.approve', subject: 'hub', note })
  }
  return happenings
}

/** A capability's name, where a definition of this kind is one. */
export function definitionCapability(
  server: string,
  kind: DefinitionKind,
  name: string,
): { capability: CapabilityName } | undefined {
  return kind === 'instructions' ? undefined : { capability: capabilityName({ kind, owner: server, name }) }
}

function describeOne(server: string, verdict: Verdict): Happening {
  const { kind, name, hash } = verdict.kind === 'save' ? verdict.definition : verdict.row
  const reason = verdict.kind === 'save' ? verdict.reason : null
  return {
    action: ACTIONS[changeOf(verdict)],
    subject: 'hub',
    note: `${server}: ${kind} ${name.slice(0, 200)}${reason === null ? '' : `: ${reason}`}`,
    definitionHash: hash,
    ...definitionCapability(server, kind, name),
  }
}

function changeOf(verdict: Verdict): keyof typeof ACTIONS {
  return verdict.kind === 'save' ? verdict.change : verdict.kind
}
