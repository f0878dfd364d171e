import type { CapabilityRule, PersonId } from '@parley/contract'

/** The token that calls for this person carry to a server of the hub, when they may have it in their hands. */
export type FindConnectionToken = (
  server: string,
  person: PersonId | undefined,
) => Promise<
  | { readonly kind: 'token'; readonly token: string; readonly expiresAt: number | null }
  | { readonly kind: 'none'; readonly why: string }
>

/** Whether a grant means just this, without constraints: `*` does not. */
export function namesConnectionToken({ capability, where }: CapabilityRule, server: string): boolean {
  const isNamed = capability === `connection:${server}/token` || capability === `connection:${server}/*`
  return isNamed && where === undefined
}
