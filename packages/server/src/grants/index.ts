export type { Actor, Coverage, GrantFilter, Grants, LimitReached, NewGrant } from './grants.ts'
