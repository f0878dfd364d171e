import type { LinkHealth } from '../a2a-client/index.ts'
import type { CardHealth } from './card-reader.ts'

/** Whether an agent can be asked, as far as is known. */
export interface AgentHealth {
  readonly state: 'unknown' | 'ready' | 'failing' | 'unreachable'
  /** A public sentence; undefined while all is well. */
  readonly lastError: string | undefined
  /** Milliseconds since the epoch. */
  readonly lastSeenAt: number | undefined
}

const UNKNOWN: AgentHealth = { state: 'unknown', lastError: undefined, lastSeenAt: undefined }

/** What calls have shown counts before what the readings of the card have. */
export function healthOf(card: CardHealth, link: LinkHealth | undefined): AgentHealth {
  if (link && link.state !== 'unknown') return link
  const { state, lastError, lastSeenAt } = card
  if (state === 'unread') return UNKNOWN
  return { state, lastError, lastSeenAt }
}
