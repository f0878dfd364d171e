import { z } from 'zod'
import type { AgentId, AppId, GrantId, GroupId, PersonId } from './ids.ts'
import { stopsInHost } from './stops-in-host.ts'

const OPEN_HOST = 'the beginning of a URL goes on to its path: https://good.example/'

const scalar = z.union([z.string().max(4096), z.number(), z.boolean(), z.null()])

/**
 * What an argument must be for a rule to hold. `pointer` (RFC 6901) names the value inside the call's arguments; a value
 * that is absent meets no constraint. Several fields of one constraint must hold together.
 */
export const argumentConstraint = z
  .strictObject({
    pointer: z
      .string()
      .max(512)
      .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'a JSON Pointer such as /path'),
    equals: scalar.optional(),
    oneOf: z.array(scalar).min(1).max(100).optional(),
    prefix: z
      .string()
      .min(1)
      .max(1024)
      .refine((prefix) => !stopsInHost(prefix), OPEN_HOST)
      .optional(),
    atMost: z.number().optional(),
    atLeast: z.number().optional(),
  })
  .refine((constraint) => Object.keys(constraint).length > 1, 'a constraint says what the value must be')

/** A capability by its name, or all whose names begin alike: `tool:files/read_*`, `tool:files/*`, `tool:*`, `*`. */
export const capabilityPattern = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[^*]*\*?$/, 'only the end may be *')
  .refine((pattern) => !hasOpenHost(pattern), OPEN_HOST)

function hasOpenHost(pattern: string): boolean {
  const name = pattern.slice(pattern.indexOf('/') + 1)
  return name.endsWith('*') && stopsInHost(name.slice(0, -1))
}

export const capabilityRule = z.strictObject({
  capability: capabilityPattern,
  /** All must hold. */
  where: z.array(argumentConstraint).max(20).optional(),
})

export const grantLimits = z.strictObject({
  /** Calls in the whole life of the grant. */
  calls: z.number().int().min(1).optional(),
  /** In any sixty seconds. */
  callsPerMinute: z.number().int().min(1).optional(),
  /** The sum of one numeric argument over all calls, in the argument's own unit; a call without it is refused. */
  amount: z.strictObject({ pointer: argumentConstraint.shape.pointer, total: z.number().min(0) }).optional(),
})

/** What a grant lets its holder do. A capability is covered when one rule covers it; a child is never wider than its parent. */
export const grantTerms = z.strictObject({
  /** Resource identifiers (RFC 8707) tokens may be issued for, each with its scopes. `mcp` is the whole of the grant. */
  audiences: z.record(z.string().max(2048), z.array(z.string().max(512)).max(200)),
  capabilities: z.array(capabilityRule).max(1000),
  limits: grantLimits,
  /** Milliseconds since the epoch; null: until it is revoked. */
  expiresAt: z.number().int().nullable(),
})

export type ArgumentConstraint = z.infer<typeof argumentConstraint>
export type CapabilityRule = z.infer<typeof capabilityRule>
export type GrantLimits = z.infer<typeof grantLimits>
export type GrantTerms = z.infer<typeof grantTerms>

/** Rich Authorization Request (RFC 9396) of Parley's own type: asks for a grant of these terms. */
export const parleyCapabilityDetail = z.strictObject({
  type: z.literal('parley_capability'),
  /** The resources the details are for (RFC 9396 §2.2 `locations`); all requested ones when absent. */
  locations: z.array(z.string().max(2048)).max(20).optional(),
  capabilities: grantTerms.shape.capabilities.min(1),
  limits: grantLimits.optional(),
  /** Seconds from consent. */
  expires_in: z.number().int().min(60).optional(),
})
export type ParleyCapabilityDetail = z.infer<typeof parleyCapabilityDetail>

export type GrantHolder =
  | { readonly kind: 'app'; readonly id: AppId }
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'person'; readonly id: PersonId }
  | { readonly kind: 'group'; readonly id: GroupId }

/**
 * Who may use what. `entitlement`: an administrator lets a person, a group or an agent of its own; what anyone else gives
 * them on stays within it. `consent`: a person lets an app. `delegation`: a holder passes part of its own grant on.
 */
export interface Grant {
  readonly id: GrantId
  readonly kind: 'entitlement' | 'consent' | 'delegation'
  readonly holder: GrantHolder
  /** In whose name it is used; null when an agent acts for itself, or for an entitlement. */
  readonly person: PersonId | null
  /** The grant it is part of; the parent's revocation, expiry and limits count here too. */
  readonly parent: GrantId | null
  readonly terms: GrantTerms
  readonly state: 'active' | 'revoked'
  /** Counts the changes of its terms, from 1. */
  readonly version: number
  readonly createdAt: number
  readonly createdBy: string
  readonly revokedAt: number | null
}
