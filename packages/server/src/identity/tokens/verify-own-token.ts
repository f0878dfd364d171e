import { z } from 'zod'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { verifyEs256 } from './es256.ts'

const header = z.object({ alg: z.literal('ES256'), typ: z.literal('at+jwt'), kid: z.string() })

const claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  client_id: z.string(),
  scope: z.string().optional(),
  gid: z.string().optional(),
  sid: z.string().optional(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
  act: z.unknown().optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).optional(),
  auth_time: z.number().optional(),
  /** Only tokens of one hop have it. */
  txn: z.string().optional(),
  /** Who may exchange a token of one hop (RFC 8693 §4.4). */
  may_act: z.object({ sub: z.string() }).optional(),
})

export type OwnTokenClaims = z.infer<typeof claims>

/** Longer than any token of ours; anything beyond is refused unread. */
const MAX_TOKEN_LENGTH = 8192

/**
 * The claims of an access token that this hub signed (RFC 9068) and that has not expired; undefined for anything else.
 * Whether it was revoked is another question.
 */
export function verifyOwnToken(
  token: string,
  options: { readonly keys: SigningKeys; readonly issuer: string; readonly nowMs: number },
): OwnTokenClaims | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  const head = header.safeParse(decode(parts[0]!))
  // RFC 7515 §4.1.11: an extension that is not understood refuses the token.
  if (!head.success || 'crit' in (decode(parts[0]!) as object)) return undefined
  const publicKey = options.keys.find(head.data.kid)
  if (!publicKey) return undefined
  const input = Buffer.from(`${parts[0]}.${parts[1]}`)
  const signature = Buffer.from(parts[2]!, 'base64url')
  if (!verifyEs256(input, publicKey, signature)) return undefined
  const read = claims.safeParse(decode(parts[1]!))
  if (!read.success || read.data.iss !== options.issuer) return undefined
  return read.data.exp * 1000 > options.nowMs ? read.data : undefined
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString())
  } catch {
    // Not JSON is as good as nothing.
    return undefined
  }
}
