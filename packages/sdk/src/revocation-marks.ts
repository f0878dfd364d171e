import type { Caller } from './caller.ts'

/**
 * Everything of a caller that can be revoked, as `kind|id`; the feed tells the SHA-256 of these and nothing else. A
 * person, an app, a session and a grant are the token's own; an agent is also any that acts in the chain.
 */
export function revocationMarks(caller: Caller): readonly string[] {
  const { subject, client, grant, session, actors, claims } = caller
  const marks = [
    `person|${subject}`,
    `agent|${subject}`,
    `app|${client}`,
    `agent|${client}`,
    `token|${claims.jti}`,
  ]
  if (grant !== undefined) marks.push(`grant|${grant}`)
  if (session !== undefined) marks.push(`session|${session}`)
  for (const actor of actors) marks.push(`agent|${actor.subject}`, `app|${actor.client ?? actor.subject}`)
  return [...new Set(marks)]
}

/** The form in which the feed tells a mark. */
export async function hashMark(mark: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(mark))
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}
