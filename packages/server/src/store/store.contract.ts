import { describe, expect, test } from 'vitest'
import type { Store } from './store.ts'
import { insert } from './store-fixture.ts'

/**
 * What every store does, whatever database lies under it. `open` gives a new one with the schema of today, closed after
 * the test. Only SQL that every database understands stands here, and reads are awaited, which PostgreSQL will need.
 */
export function describeStore(database: string, open: () => Promise<Store>): void {
  describe(`store on ${database}`, () => {
    test('a unit takes effect whole, and a conflict takes only its own unit back', async () => {
      const store = await open()
      const update = {
        sql: "UPDATE settings SET value = 'y' WHERE name = ?",
        parameters: ['missing'],
        expect: 'changed' as const,
      }
      const [good, conflict, also] = await Promise.all([
        store.submit([insert('a'), insert('b')]),
        store.submit([insert('c'), update]),
        store.submit([{ sql: 'INSERT INTO settings VALUES (?, ?) RETURNING name', parameters: ['d', 'x'] }]),
      ])
      expect(good).toEqual({ kind: 'done', rows: [[], []] })
      expect(conflict).toEqual({ kind: 'conflict', statement: 1 })
      expect(also).toEqual({ kind: 'done', rows: [[{ name: 'd' }]] })
      expect(await names(store)).toEqual(['a', 'b', 'd'])
    })

    test('texts become rows in their order, however many, within their unit', async () => {
      const store = await open()

      let expected: string[] = []
      for (const count of [0, 1, 31, 32, 33, 200]) {
        const texts = Array.from({ length: count }, (_, at) => `${count}.${at} é 𝄞 \n "`)
        const [done, conflict] = await Promise.all([
          store.submit([{ into: 'activity', column: 'record', texts }, insert(`n${count}`)]),
          store.submit([
            { into: 'activity', column: 'record', texts },
            { sql: 'DELETE FROM settings WHERE name = ?', parameters: ['missing'], expect: 'changed' },
          ]),
        ])
        expect(done).toEqual({ kind: 'done', rows: [[], []] })
        expect(conflict).toEqual({ kind: 'conflict', statement: 1 })
        expected = [...expected, ...texts]
      }
      expect(await records(store)).toEqual(expected)
      const rows = await store.all('SELECT seq FROM activity ORDER BY seq')
      expect(rows.map((row) => Number(row['seq']))).toEqual(expected.map((_, at) => at + 1))
    })

    test('a statement that returns no row is a conflict where a change is expected', async () => {
      const store = await open()
      const claim = {
        sql: "UPDATE settings SET value = 'y' WHERE name = ? RETURNING name",
        parameters: ['a'],
        expect: 'changed' as const,
      }
      expect(await store.submit([insert('b'), claim])).toEqual({ kind: 'conflict', statement: 1 })
      await store.submit([insert('a')])
      expect(await store.submit([claim])).toEqual({ kind: 'done', rows: [[{ name: 'a' }]] })
    })

    test('a broken statement fails its unit alone', async () => {
      const store = await open()
      const results = await Promise.allSettled([
        store.submit([insert('a')]),
        store.submit([insert('b'), { sql: 'INSERT INTO nothing VALUES (1)', parameters: [] }]),
        store.submit([insert('c'), insert('a')]),
        store.submit([insert('d')]),
      ])
      expect(results.map((result) => result.status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ])
      expect(await names(store)).toEqual(['a', 'd'])
      expect(store.status().writable).toBe(true)
    })

    test('a reference to nothing is refused', async () => {
      const store = await open()
      const orphan = {
        sql: 'INSERT INTO definition_versions VALUES (?, ?, ?, ?, ?, ?)',
        parameters: ['srv', 'tool', 'a', 'h', '{}', 1],
      }
      await expect(store.submit([orphan])).rejects.toMatchObject({ code: 'internal' })
    })

    test('units take effect in the order in which they were submitted', async () => {
      const store = await open()
      const all = Array.from({ length: 2000 }, (_, at) => `n${at}`)
      await Promise.all(
        all.map((name) => store.submit([{ into: 'activity', column: 'record', texts: [name] }])),
      )
      expect(await records(store)).toEqual(all)
    })

    test('more units than may wait are refused, and those that wait are stored', async () => {
      const store = await open()
      const results = await Promise.allSettled(
        Array.from({ length: 10_005 }, (_, at) => store.submit([insert(`n${at}`)])),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      expect(refused.map((result) => (result.reason as { code: string }).code)).toEqual(
        Array(5).fill('unavailable'),
      )
      expect(await names(store)).toHaveLength(10_000)
      expect(store.status().waitingUnits).toBe(0)
    })

    test('a read cannot write', async () => {
      const store = await open()
      const read = async () => await store.all("INSERT INTO settings VALUES ('a', 'x')")
      await expect(read()).rejects.toThrow()
      expect(await names(store)).toEqual([])
    })
  })
}

async function names(store: Store): Promise<string[]> {
  const rows = await store.all('SELECT name FROM settings ORDER BY name')
  return rows.map((row) => String(row['name']))
}

async function records(store: Store): Promise<string[]> {
  const rows = await store.all('SELECT record FROM activity ORDER BY seq')
  return rows.map((row) => String(row['record']))
}
