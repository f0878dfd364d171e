import { SEALED_CONNECT_REQUESTS, SEALED_OAUTH_CLIENTS } from '../connect/index.ts'
import { SEALED_SIGNING_KEYS } from '../identity/index.ts'
import { SEALED_PRESENTATION_NEEDS, SEALED_TOTP_SECRETS } from '../people/index.ts'
import type { SealedColumn } from '../sealing/index.ts'
import { SEALED_TASK_PARTS } from '../tasks/index.ts'
import { SEALED_CONNECTIONS } from '../vault/index.ts'
import { SEALED_WEBHOOK_PARTS } from '../webhooks/index.ts'

/** Everything that is sealed under the master key: what is missing here is lost with the next one. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  SEALED_SIGNING_KEYS,
  SEALED_TOTP_SECRETS,
  SEALED_PRESENTATION_NEEDS,
  ...SEALED_CONNECTIONS,
  SEALED_OAUTH_CLIENTS,
  SEALED_CONNECT_REQUESTS,
  ...SEALED_TASK_PARTS,
  ...SEALED_WEBHOOK_PARTS,
]
