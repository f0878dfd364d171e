import type { EventId, TaskId, WebhookId } from '@parley/contract'
import type { A2aVersion } from '../a2a/index.ts'
import type { SealedColumn, Sealer } from '../sealing/index.ts'
import type { Row, Statement, Store } from '../store/index.ts'
import { ownerOf, type Setter, type Webhook, type WebhookSecrets, type WebhookState } from './webhook.ts'

/** Where secrets of receivers, and what they are still to be told, stand sealed. */
export const SEALED_WEBHOOK_PARTS: readonly SealedColumn[] = [
  { table: 'webhooks', column: 'credentials', key: 'id', place: 'id' },
  { table: 'webhooks', column: 'token', key: 'id', place: 'id' },
  { table: 'webhook_outbox', column: 'body', key: 'event', place: 'event', batch: 16 },
]

/** An event that is still to be told. */
export interface Waiting {
  readonly seq: number
  readonly event: EventId
  /** JSON of a `StreamResponse`; undefined where the task is to be told as it stands then. */
  readonly body: string | undefined
}

export interface Backlog {
  readonly events: number
  readonly bytes: number
}

const OUTBOX = 'INSERT INTO webhook_outbox (event, webhook, at, body)'

/** The only SQL of webhooks. */
export class WebhookStore {
  readonly #store: Store
  readonly #sealer: Sealer

  constructor(store: Store, sealer: Sealer) {
    this.#store = store
    this.#sealer = sealer
  }

  all(): Webhook[] {
    return this.#store.all('SELECT * FROM webhooks ORDER BY id').map(toWebhook)
  }

  backlog(id: WebhookId): Backlog {
    const row = this.#store.get(
      'SELECT count(*) AS events, sum(coalesce(length(body), 0)) AS bytes FROM webhook_outbox WHERE webhook = ?',
      id,
    )
    return { events: Number(row?.['events']), bytes: Number(row?.['bytes']) }
  }

  backlogs(): Map<WebhookId, Backlog> {
    const rows = this.#store.all(
      'SELECT webhook, count(*) AS events, sum(coalesce(length(body), 0)) AS bytes FROM webhook_outbox GROUP BY webhook',
    )
    return new Map(
      rows.map((row) => [
        row['webhook'] as WebhookId,
        { events: Number(row['events']), bytes: Number(row['bytes']) },
      ]),
    )
  }

  secrets(id: WebhookId): WebhookSecrets {
    const row = this.#store.get('SELECT credentials, token FROM webhooks WHERE id = ?', id)
    const open = (column: 'credentials' | 'token') => {
      const sealed = row?.[column]
      return sealed instanceof Uint8Array
        ? this.#sealer.open(sealed, secretPlace(id, column)).toString()
        : undefined
    }
    return { credentials: open('credentials'), token: open('token') }
  }

  /** The next one after `seq`. */
  next(id: WebhookId, seq: number): Waiting | undefined {
    const row = this.#store.get(
      'SELECT seq, event, body FROM webhook_outbox WHERE webhook = ? AND seq > ? ORDER BY seq LIMIT 1',
      id,
      seq,
    )
    if (!row) return undefined
    const event = row['event'] as EventId
    const sealed = row['body']
    const body =
      sealed instanceof Uint8Array ? this.#sealer.open(sealed, bodyPlace(event)).toString() : undefined
    return { seq: Number(row['seq']), event, body }
  }

  lastSeq(id: WebhookId): number {
    const row = this.#store.get('SELECT max(seq) AS seq FROM webhook_outbox WHERE webhook = ?', id)
    return Number(row?.['seq'] ?? 0)
  }

  insert(webhook: Webhook, secrets: WebhookSecrets): Statement {
    const { id, task, name, url, version, scheme, setter, createdAt } = webhook
    const { credentials, token } = this.#seal(id, secrets)
    return {
      sql: `INSERT INTO webhooks (id, task, name, url, version, scheme, credentials, token, setter, created_at,
          changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)`,
      parameters: [
        id,
        task,
        name,
        url,
        version,
        scheme ?? null,
        credentials,
        token,
        JSON.stringify(setter),
        createdAt,
      ],
    }
  }

  /** The same for its client under another address; it works again. */
  replace({ id, url, version, scheme, setter, changedAt }: Webhook, secrets: WebhookSecrets): Statement {
    const { credentials, token } = this.#seal(id, secrets)
    return {
      sql: `UPDATE webhooks SET url = ?, version = ?, scheme = ?, credentials = ?, token = ?, setter = ?, state = 'active',
          reason = NULL, failures = 0, failing_since = NULL, retry_at = NULL, changed_at = ?
        WHERE id = ? RETURNING id`,
      parameters: [url, version, scheme ?? null, credentials, token, JSON.stringify(setter), changedAt, id],
      expect: 'changed',
    }
  }

  /** How it stands; only if it still was so active or disabled as `from` says. */
  change(webhook: Webhook, from: WebhookState): Statement {
    const { id, state, reason, failures, failingSince, retryAt, changedAt } = webhook
    return {
      sql: `UPDATE webhooks SET state = ?, reason = ?, failures = ?, failing_since = ?, retry_at = ?, changed_at = ?
        WHERE id = ? AND state = ? RETURNING id`,
      parameters: [
        state,
        reason ?? null,
        failures,
        failingSince ?? null,
        retryAt ?? null,
        changedAt,
        id,
        from,
      ],
      expect: 'changed',
    }
  }

  remove(id: WebhookId): Statement[] {
    return [this.clear(id), { sql: 'DELETE FROM webhooks WHERE id = ?', parameters: [id] }]
  }

  forget(tasks: readonly TaskId[]): Statement[] {
    const parameters = [JSON.stringify(tasks)]
    const ofTasks = 'task IN (SELECT value FROM json_each(?))'
    return [
      {
        sql: `DELETE FROM webhook_outbox WHERE webhook IN (SELECT id FROM webhooks WHERE ${ofTasks})`,
        parameters,
      },
      { sql: `DELETE FROM webhooks WHERE ${ofTasks}`, parameters },
      { sql: `DELETE FROM webhook_inboxes WHERE ${ofTasks}`, parameters },
    ]
  }

  /** Nothing where it was removed or disabled meanwhile. */
  put(id: WebhookId, { event, body, at }: { event: EventId; body: string; at: number }): Statement {
    return {
      sql: `${OUTBOX} SELECT ?1, id, ?3, ?4 FROM webhooks WHERE id = ?2 AND state = 'active'`,
      parameters: [event, id, at, this.#sealer.seal(body, bodyPlace(event))],
    }
  }

  /** How the task stands, to be read when it is sent. */
  putState(id: WebhookId, { event, at }: { event: EventId; at: number }): Statement {
    return {
      sql: `${OUTBOX} SELECT ?1, id, ?3, NULL FROM webhooks WHERE id = ?2 AND state = 'active'`,
      parameters: [event, id, at],
    }
  }

  /** The state as it was read; what it holds already, up to `lastSeq`, is told with it. */
  writeState(id: WebhookId, { seq, event }: Waiting, state: { body: string; lastSeq: number }): Statement[] {
    return [
      {
        sql: 'UPDATE webhook_outbox SET body = ? WHERE seq = ? AND body IS NULL RETURNING seq',
        parameters: [this.#sealer.seal(state.body, bodyPlace(event)), seq],
        expect: 'changed',
      },
      {
        sql: 'DELETE FROM webhook_outbox WHERE webhook = ? AND seq <= ? AND seq <> ?',
        parameters: [id, state.lastSeq, seq],
      },
    ]
  }

  delivered(id: WebhookId, seq: number): Statement {
    return {
      sql: 'DELETE FROM webhook_outbox WHERE webhook = ? AND seq <= ?',
      parameters: [id, seq],
    }
  }

  /** Everything that waits. */
  clear(id: WebhookId): Statement {
    return { sql: 'DELETE FROM webhook_outbox WHERE webhook = ?', parameters: [id] }
  }

  openInbox(hash: Uint8Array, task: TaskId, at: number): Statement {
    return {
      sql: 'INSERT INTO webhook_inboxes (hash, task, created_at) VALUES (?, ?, ?)',
      parameters: [hash, task, at],
    }
  }

  closeInbox(task: TaskId): Statement {
    return { sql: 'DELETE FROM webhook_inboxes WHERE task = ?', parameters: [task] }
  }

  inbox(hash: Uint8Array): TaskId | undefined {
    return this.#store.get('SELECT task FROM webhook_inboxes WHERE hash = ?', hash)?.['task'] as
      | TaskId
      | undefined
  }

  #seal(id: WebhookId, secrets: WebhookSecrets) {
    const seal = (column: keyof WebhookSecrets) => {
      const text = secrets[column]
      return text === undefined ? null : this.#sealer.seal(text, secretPlace(id, column))
    }
    return { credentials: seal('credentials'), token: seal('token') }
  }
}

function secretPlace(id: WebhookId, column: keyof WebhookSecrets) {
  return { table: 'webhooks', column, id }
}

function bodyPlace(event: EventId) {
  return { table: 'webhook_outbox', column: 'body', id: event }
}

function toWebhook(row: Row): Webhook {
  const numberOf = (column: string) => (row[column] === null ? undefined : Number(row[column]))
  const setter = JSON.parse(String(row['setter'])) as Setter
  const textOf = (column: string) => (row[column] === null ? undefined : String(row[column]))
  return {
    id: row['id'] as WebhookId,
    task: row['task'] as TaskId,
    name: String(row['name']),
    url: String(row['url']),
    version: row['version'] as A2aVersion,
    scheme: textOf('scheme'),
    setter,
    owner: ownerOf(setter),
    state: row['state'] as WebhookState,
    reason: textOf('reason'),
    failures: Number(row['failures']),
    failingSince: numberOf('failing_since'),
    retryAt: numberOf('retry_at'),
    createdAt: Number(row['created_at']),
    changedAt: Number(row['changed_at']),
  }
}
