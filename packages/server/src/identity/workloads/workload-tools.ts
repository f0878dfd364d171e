import type { ActivityRecord } from '@parley/contract'
import { recordOf, type Activity } from '../../activity/index.ts'
import type { Clients } from '../../clients/index.ts'
import type { Grants } from '../../grants/index.ts'
import type { Clock } from '../../lib/clock.ts'
import type { NewId, Random } from '../../lib/random.ts'
import type { PeopleDirectory } from '../../people/index.ts'
import type { Store } from '../../store/index.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import type { Resources } from '../resources/resource.ts'
import type { FindConnectionToken } from '../token-exchange/find-connection-token.ts'
import type { OwnTokenClaims } from '../tokens/verify-own-token.ts'

/** What the grant types of agents work with. */
export interface WorkloadTools {
  readonly issuer: string
  readonly keys: SigningKeys
  readonly clock: Clock
  readonly random: Random
  readonly newId: NewId
  readonly resources: Resources
  readonly grants: Pick<Grants, 'create' | 'entitlementsOf' | 'find' | 'lineage' | 'list'>
  readonly clients: Pick<Clients, 'agent' | 'findApp' | 'noteUse'>
  readonly people: Pick<PeopleDirectory, 'find'>
  readonly activity: Pick<Activity, 'record' | 'statement'>
  readonly store: Pick<Store, 'submit'>
  readonly findConnectionToken: FindConnectionToken
  /** The claims of a token that is good now. */
  readonly verifyToken: (token: string) => OwnTokenClaims | undefined
  readonly onError: (error: unknown) => void
}

/** That a token was issued: it changes no state, so its record waits for nothing. */
export function recordIssue(
  tools: WorkloadTools,
  happening: Pick<ActivityRecord, 'action' | 'subject' | 'chain' | 'grant' | 'note'> &
    Partial<Pick<ActivityRecord, 'person' | 'app'>>,
): void {
  const { activity, onError } = tools
  const record = recordOf(tools, { policies: ['builtin:authorization-server'], ...happening })
  const recorded = activity.record(record)
  if (recorded) recorded.catch(onError)
}
