import { scopesFor } from '../../grants/index.ts'
import { errors } from '../provider/library.ts'
import type { Resource } from '../resources/resource.ts'
import { ANY, includesScope } from '../workloads/scopes.ts'
import type { WorkloadTools } from '../workloads/workload-tools.ts'
import type { SubjectToken } from './check-subject-token.ts'

/** Where a token is for, and what it may say there. */
export interface Target {
  readonly resource: Resource
  readonly scopes: readonly string[]
}

/**
 * One audience, which the grant behind the subject token names or the token is for itself, and scopes that the subject
 * token has: an exchange never adds anything.
 */
export function chooseTarget(
  asked: { readonly resource: string | undefined; readonly scopes: readonly string[] | undefined },
  { claims, grant }: SubjectToken,
  { resources }: Pick<WorkloadTools, 'resources'>,
): Target {
  const resource = resources.find(asked.resource ?? claims.aud)
  if (!resource) throw new errors.InvalidTarget('the resource is unknown')
  const { audiences } = grant.terms
  const granted =
    resource.kind === 'a2a'
      ? scopesFor(audiences, resource.identifier)
      : (audiences[resource.identifier] ?? audiences[ANY])
  if (!granted) throw new errors.InvalidTarget('the grant does not reach this resource')
  // A grant for every resource, or for all agents, does not name this one: then the token's own audience bounds what it is exchanged for.
  if (!Object.hasOwn(audiences, resource.identifier) && !isWithin(resource, audienceOf(claims, resources)))
    throw new errors.InvalidTarget('the subject token is for another resource')
  const own = (claims.scope ?? '').split(' ').filter((scope) => scope !== '')
  const isHeld = (scope: string) =>
    resource.hasScope(scope) && includesScope(granted, scope) && includesScope(own, scope)
  const scopes = asked.scopes ?? own.filter(isHeld)
  const missing = scopes.filter((scope) => !isHeld(scope))
  if (missing.length > 0 || scopes.length === 0)
    throw new errors.InvalidScope('the subject token does not have this scope', missing.join(' '))
  return { resource, scopes }
}

/** A hop leads from the agents' endpoint to an agent: what the agent may exchange it for is at that endpoint. */
function audienceOf(
  { aud, iss, txn }: SubjectToken['claims'],
  resources: WorkloadTools['resources'],
): Resource | undefined {
  return resources.find(txn === undefined ? aud : `${iss}/a2a`)
}

/** Whether the resource is the other one, or one of the servers and bundles that the endpoint of everything stands for. */
function isWithin(resource: Resource, other: Resource | undefined): boolean {
  if (!other || resource.identifier === other.identifier) return other !== undefined
  return (
    resource.wholeScope !== undefined &&
    resource.kind === other.kind &&
    other.server === undefined &&
    other.bundle === undefined
  )
}
