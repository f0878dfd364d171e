import { sign, type KeyObject } from 'node:crypto'
import type { JsonObject } from '../../lib/json-rpc.ts'
import type { AgentCard, AgentCardSignature } from '../model.ts'
import { canonicalCard } from './canonical-card.ts'

/** A key on P-256. */
export interface CardSigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  /** Where its public half can be read, for those who look for it. */
  readonly jku?: string
}

/** The card with one signature more (specification §8.4.2): ES256 over its canonical text. */
export function signCard(card: AgentCard, key: CardSigningKey): AgentCard {
  return { ...card, signatures: [...(card.signatures ?? []), createCardSignature(card, key)] }
}

function createCardSignature(card: AgentCard, { kid, privateKey, jku }: CardSigningKey): AgentCardSignature {
  const header = { alg: 'ES256', typ: 'JOSE', kid, ...(jku === undefined ? {} : { jku }) }
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url')
  const payload = Buffer.from(canonicalCard(card as unknown as JsonObject)).toString('base64url')
  const signature = sign('sha256', Buffer.from(`${protectedHeader}.${payload}`), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return { protected: protectedHeader, signature: signature.toString('base64url') }
}
