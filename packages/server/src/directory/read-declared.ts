import { ParleyError } from '@parley/contract'
import type { A2aVersion, Binding } from '../a2a/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { AgentTerms, CardKey } from './agent-row.ts'
import { readKeys } from './read-keys.ts'
import { readTerms } from './read-new-agent.ts'

/** An agent as parley.yaml declares it: where its card is, or the card. */
export interface DeclaredAgent {
  readonly name: string
  readonly cardUrl: string | null
  readonly card: JsonObject | undefined
  readonly allowHosts: readonly string[]
  readonly binding: Binding | undefined
  readonly version: A2aVersion | undefined
  readonly isPublic: boolean
  readonly jwks: JsonObject | undefined
}

/** What of a declaration is kept beside the card. */
export interface DeclaredTerms {
  readonly terms: AgentTerms
  readonly keys: readonly CardKey[]
}

/** @throws ParleyError that names the place in the file. */
export function readDeclared(declared: DeclaredAgent, now: number): DeclaredTerms {
  const { name, jwks } = declared
  try {
    const keys = jwks === undefined ? [] : readKeys({ jwks, expiresAt: null }, now)
    return { terms: readTerms(declared), keys }
  } catch (error) {
    if (!(error instanceof ParleyError)) throw error
    throw new ParleyError(error.code, `parley.yaml, agents.${name}: ${error.message}`, { cause: error })
  }
}

/** Whether what is kept is what is declared; when a key was first seen does not count. */
export function isAsDeclared(kept: DeclaredTerms, declared: DeclaredTerms): boolean {
  return textOf(kept) === textOf(declared)
}

function textOf({ terms, keys }: DeclaredTerms): string {
  const { allowHosts, binding, version, isPublic } = terms
  const told = keys.map(({ kid, publicKey }) => [kid, Object.entries(publicKey).toSorted()])
  return JSON.stringify([allowHosts, binding, version, isPublic, told.toSorted()])
}
