import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../store/index.ts'
import { SEALED_COLUMNS } from './sealed-columns.ts'

/** Bytes that are not sealed under the master key: hashes, ids and public keys, a document, and what a token itself seals. */
const OTHERS = [
  'keys.hash',
  'consents.key',
  'openapi_documents.body',
  'people.handle',
  'recovery_codes.hash',
  'passkeys.public_key',
  'browser_sessions.hash',
  'one_time_links.hash',
  'oauth_records.id',
  'token_families.id',
  'refresh_tokens.hash',
  'refresh_tokens.family',
  'refresh_tokens.successor_hash',
  'refresh_tokens.sealed_successor',
  'client_proofs.secret_hash',
  'webhook_inboxes.hash',
]

test('R24: every column with bytes is known to be sealed or not, so that none is lost with an old key', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-columns-'))
  try {
    await using store = await openStore(directory)
    const bytes = store
      .all(
        `SELECT tables.name || '.' || columns.name AS place FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
          WHERE tables.type = 'table' AND columns.type = 'BLOB'`,
      )
      .map((row) => String(row['place']))
    const sealed = SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`)
    expect(bytes.filter((place) => !sealed.includes(place)).toSorted()).toEqual(OTHERS.toSorted())
    // Each reads as it is declared, on the tables that are there.
    for (const { table, column, key, place } of SEALED_COLUMNS)
      expect(store.all(`SELECT ${key}, ${place}, ${column} FROM ${table}`)).toEqual([])
    const ids = ['srv_1', 'https://issuer.example/a?b=\u00fc"', 'given']
    const told = store.get('SELECT json_array(?, ?, ?) AS place', ...ids)
    expect(told?.['place']).toBe(JSON.stringify(ids))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
