import { ParleyError, type CapabilityName, type ConnectionId, type Principal } from '@parley/contract'
import type { Access } from '../access/index.ts'
import type { HopTokens } from '../identity/index.ts'
import type { ServerEntry } from '../registry/index.ts'
import type { Credential } from '../upstream/index.ts'
import type { Carry, Needed, Use, Vault } from '../vault/index.ts'

/** Where what a call carries comes from. */
export interface CredentialSources {
  readonly hopTokens: HopTokens
  readonly vault: Pick<Vault, 'knows' | 'use'>
  readonly access: Pick<Access, 'personBehind'>
  /** Under which people reach the hub. */
  readonly origin: () => string
}

export interface CallCredential {
  /** Undefined where a call carries what the hub's own requests carry. */
  readonly credential: Credential | undefined
  /** Behind it, the shared one included: what is opened with it serves no other. */
  readonly connection: ConnectionId | undefined
}

type Reached = Pick<ServerEntry, 'id' | 'name' | 'upstream'>

/** What a call to this server carries in the caller's name. Throws `connection_needed`. */
export async function callCredential(
  sources: CredentialSources,
  entry: Reached,
  caller: () => Principal,
  /** The only thing that it is for; without it, whatever a session asks for. */
  capability?: CapabilityName,
): Promise<CallCredential> {
  const use = carried(sources, entry, await connectionFor(sources, entry, caller()))
  const own = use?.connection.person === null ? undefined : use
  const { hopAudience } = entry.upstream
  const connection = use?.connection.id
  if (hopAudience === undefined) return { credential: own && (() => own.headers()), connection }
  return {
    credential: () => ({
      ...use?.headers(),
      ...bearer(sources.hopTokens.mint(caller(), hopAudience, capability)),
    }),
    connection,
  }
}

/** What the vault has for the caller at this server; a promise only while it is being renewed. */
export function connectionFor(
  { vault, access }: CredentialSources,
  { id }: Pick<ServerEntry, 'id'>,
  caller: Principal,
): Use | undefined | Promise<Use | undefined> {
  return vault.knows(id) ? vault.use(id, access.personBehind(caller)) : undefined
}

/** The same for one request on the lane, as `name: value\r\n` lines. Throws `connection_needed`. */
export function credentialLines(
  sources: CredentialSources,
  {
    entry,
    caller,
    use,
    capability,
  }: {
    readonly entry: Reached
    readonly caller: Principal
    readonly use: Use | undefined
    readonly capability: CapabilityName | undefined
  },
): string {
  const carry = carried(sources, entry, use)
  const { hopAudience } = entry.upstream
  if (hopAudience === undefined) return carry?.lines() ?? ''
  const headers = { ...carry?.headers(), ...bearer(sources.hopTokens.mint(caller, hopAudience, capability)) }
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

function carried(sources: CredentialSources, entry: Reached, use: Use | undefined): Carry | undefined {
  if (use?.kind === 'needed') throw connectionNeeded(sources, entry, use)
  return use
}

/** RFC 6750 §2.1. */
function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` }
}

/** Whoever shows pages to a person can take them to `data.url`. */
export function connectionNeeded(
  { origin }: Pick<CredentialSources, 'origin'>,
  { name }: Pick<Reached, 'name'>,
  needed: Needed,
): ParleyError {
  const { why, person } = needed
  if (person === undefined) {
    const words =
      why === 'none'
        ? `"${name}" needs the connection of a person, and nobody stands behind this call.`
        : `The shared connection to "${name}" works no more; an administrator can connect it again.`
    return new ParleyError('connection_needed', words, { data: { server: name, why } })
  }
  const url = `${origin()}/account/connections`
  const words = why === 'none' ? 'needs a connection of your own' : 'must be connected again'
  return new ParleyError('connection_needed', `"${name}" ${words}. Open ${url} and try again.`, {
    data: { server: name, why, url },
  })
}
