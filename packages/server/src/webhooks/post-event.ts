import { createHash } from 'node:crypto'
import type { EventId } from '@parley/contract'
import type { Outlet } from '../egress/index.ts'
import { readRetryAfter } from './retry-delay.ts'
import type { Webhook, WebhookSecrets } from './webhook.ts'

/** What became of one attempt. */
export type Delivery =
  | { readonly kind: 'taken' }
  /** The receiver says that it is there no more (RFC 9110 §15.5.11). */
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | undefined }

export interface PostTools {
  /** Signs claims as a JWT of the hub with this `typ`. */
  readonly sign: (claims: Readonly<Record<string, unknown>>, typ: string) => string
  readonly issuer: () => string
}

/** No access token: a verifier of these takes nothing else, and none of those takes this (RFC 8725 §3.11). */
export const SIGNATURE_TYPE = 'parley-webhook+jwt'
const SIGNATURE_SECONDS = 300

/**
 * One attempt to tell one event (specification §4.3.3). Only a 2xx is an acknowledgement; redirects are not followed. Throws
 * a `ParleyError` where there was no answer.
 */
export async function postEvent(
  outlet: Outlet,
  post: {
    readonly webhook: Webhook
    readonly secrets: WebhookSecrets
    readonly event: EventId
    /** In the form of its version. */
    readonly body: string
    readonly now: number
    readonly signal: AbortSignal
  },
  tools: PostTools,
): Promise<Delivery> {
  const { webhook, now, signal } = post
  const { pathname, search } = new URL(webhook.url)
  const { body } = post
  const headers = {
    'content-type': webhook.version === '0.3' ? 'application/json' : 'application/a2a+json',
    ...credentialHeaders(webhook, post.secrets),
    'parley-event-id': post.event,
    'parley-signature': signBody(body, post, tools),
  }
  const answer = await outlet.notify({ method: 'POST', path: pathname + search, headers, body, signal })
  const { status } = answer
  if (status >= 200 && status < 300) return { kind: 'taken' }
  if (status === 410) return { kind: 'gone' }
  const retryAfterMs = readRetryAfter(answer.headers['retry-after'], now)
  return { kind: 'failed', reason: `It answered ${status}.`, retryAfterMs }
}

/** §13.2: the credentials as they were given. The token's header is the one that the SDKs use. */
function credentialHeaders({ scheme }: Webhook, { credentials, token }: WebhookSecrets) {
  return {
    ...(scheme !== undefined && credentials !== undefined && { authorization: `${scheme} ${credentials}` }),
    ...(token !== undefined && { 'x-a2a-notification-token': token }),
  }
}

/** Each attempt is signed anew, always for the same event: what a receiver has seen before is a retry, or a replay (H8). */
function signBody(
  body: string,
  { webhook, event, now }: { webhook: Webhook; event: EventId; now: number },
  { sign, issuer }: PostTools,
): string {
  const issuedAt = Math.floor(now / 1000)
  const claims = {
    iss: issuer(),
    aud: new URL(webhook.url).origin,
    iat: issuedAt,
    exp: issuedAt + SIGNATURE_SECONDS,
    jti: event,
    task: webhook.task,
    body_sha256: createHash('sha256').update(body).digest('base64url'),
  }
  return sign(claims, SIGNATURE_TYPE)
}
