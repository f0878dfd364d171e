import { importJWK, SignJWT, type JWK } from 'jose'

/** How an agent proves itself at its hub: with what it was told when it was added there. */
export type AgentCredential = {
  /** `agt_…` */
  readonly id: string
} & ({ readonly privateKey: JWK } | { readonly secret: string })

/** What goes with a request to the token endpoint. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>
  readonly parameters: Readonly<Record<string, string>>
}

const ASSERTION_SECONDS = 60
const ALGORITHMS: Readonly<Record<string, string>> = { EC: 'ES256', OKP: 'EdDSA', RSA: 'RS256' }

/** Proves the agent with a key (RFC 7523 §2.2) or a secret (RFC 6749 §2.3.1). */
export async function proveAgent(
  credential: AgentCredential,
  { issuer, nowMs }: { readonly issuer: string; readonly nowMs: number },
): Promise<ClientProof> {
  const { id } = credential
  if ('secret' in credential) {
    const pair = `${encodeURIComponent(id)}:${encodeURIComponent(credential.secret)}`
    return { headers: { authorization: `Basic ${btoa(pair)}` }, parameters: {} }
  }
  const { privateKey } = credential
  const alg = privateKey.alg ?? ALGORITHMS[privateKey.kty ?? ''] ?? 'ES256'
  const issuedAt = Math.floor(nowMs / 1000)
  const assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg, ...(privateKey.kid !== undefined && { kid: privateKey.kid }) })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(issuer)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_SECONDS)
    .sign(await importJWK(privateKey, alg))
  return {
    headers: {},
    parameters: {
      client_id: id,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    },
  }
}
