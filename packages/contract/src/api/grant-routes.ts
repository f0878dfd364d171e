import { z } from 'zod'
import { grantTerms } from '../grant.ts'
import { idOf, instant, nextPage, pageQuery, type ApiRoute } from './api-route.ts'

const holder = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('person'), id: idOf('person') }),
  z.strictObject({ kind: z.literal('group'), id: idOf('group') }),
  z.strictObject({ kind: z.literal('agent'), id: idOf('agent') }),
  z.strictObject({ kind: z.literal('app'), id: idOf('app') }),
])

export const grantView = z.object({
  id: idOf('grant'),
  kind: z.enum(['entitlement', 'consent', 'delegation']),
  holder,
  /** The holder's name, for people; null when it is gone. */
  holderName: z.string().nullable(),
  person: idOf('person').nullable(),
  parent: idOf('grant').nullable(),
  terms: grantTerms,
  state: z.enum(['active', 'revoked']),
  version: z.number(),
  createdAt: instant,
  createdBy: z.string(),
  revokedAt: instant.nullable(),
})

export const grantDetail = z.object({
  grant: grantView,
  /** The grant's parents, outermost last. */
  parents: z.array(grantView),
  /** What was passed on of it directly, and stands. */
  delegations: z.array(grantView),
  /**
   * Of what the servers offer now, what the grant and its parents let through with some arguments. What the person behind
   * it may have at all is a question of their own entitlements.
   */
  covers: z.array(z.string()),
})

export type GrantView = z.infer<typeof grantView>
export type GrantDetail = z.infer<typeof grantDetail>

const GRANT = '/api/grants/{grant}'
export const grantList = z.object({ grants: z.array(grantView), next: nextPage })
export const endedGrants = z.object({ ended: z.array(idOf('grant')) })

/** Who may use what. */
export const grantRoutes = {
  listGrants: {
    method: 'GET',
    path: '/api/grants',
    summary: 'Grants, by whom they concern',
    action: 'grants.read',
    query: pageQuery.extend({
      person: idOf('person').optional().describe('In whose name it is used, or who holds it.'),
      app: idOf('app').optional().describe('Held by this app.'),
      agent: idOf('agent').optional().describe('Held by this agent.'),
      group: idOf('group').optional().describe('Held by this group.'),
      parent: idOf('grant').optional().describe('Passed on of this grant.'),
      revoked: z.enum(['true', 'false']).optional().describe('With those that have ended.'),
    }),
    response: grantList,
  },
  showGrant: {
    method: 'GET',
    path: GRANT,
    summary: 'One grant, where it comes from, and what it covers now',
    action: 'grants.read',
    response: grantDetail,
  },
  addGrant: {
    method: 'POST',
    path: '/api/grants',
    summary: 'Entitle a person, a group or an agent',
    action: 'grants.manage',
    body: z.strictObject({
      holder: z.discriminatedUnion('kind', [holder.options[0], holder.options[1], holder.options[2]]),
      terms: grantTerms,
    }),
    response: grantView,
  },
  changeGrant: {
    method: 'PUT',
    path: `${GRANT}/terms`,
    summary: 'Replace the terms; what was passed on is held to them at once',
    action: 'grants.manage',
    body: z.strictObject({
      terms: grantTerms,
      /** The version that was read, so that a change in between is not overwritten. */
      version: z.number().int().min(1),
    }),
    response: grantView,
  },
  revokeGrant: {
    method: 'DELETE',
    path: GRANT,
    summary: 'End the grant, what was passed on of it, and their tokens; answers all that ended',
    action: 'grants.manage',
    response: endedGrants,
  },
} as const satisfies Record<string, ApiRoute>
