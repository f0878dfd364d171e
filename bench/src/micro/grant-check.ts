import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CapabilityRule, GrantId, GrantTerms, Principal } from '@parley/contract'
import { createAccess } from '../../../packages/server/src/access/index.ts'
import { createActivity } from '../../../packages/server/src/activity/index.ts'
import { createGrants, type Grants } from '../../../packages/server/src/grants/index.ts'
import { systemClock } from '../../../packages/server/src/lib/clock.ts'
import { createNewId, systemRandom } from '../../../packages/server/src/lib/random.ts'
import { openStore } from '../../../packages/server/src/store/index.ts'
import { least } from '../kit/statistics.ts'

/**
 * What deciding a call by its grant costs: the least µs of the whole decision (grant, its parents, the person's entitlement, the
 * token's scope), by the number of rules and the length of the chain. Run it with `node bench/src/micro/grant-check.ts`.
 */
const ROUNDS = 40
const DECISIONS = 5000

type Rule = (at: number) => CapabilityRule

/** What is asked is `read_0`, of so many servers: patterns of one server would all be gone through. */
const RULES: Readonly<Record<string, Rule>> = {
  'exact name': (at) => ({ capability: `tool:files/read_${at}` }),
  pattern: (at) => ({ capability: `tool:${at === 0 ? 'files' : `files-${at}`}/*` }),
  'patterns of one server': (at) => ({ capability: `tool:files/${at === 0 ? '' : `other_${at}_`}*` }),
  'an argument held': (at) => ({
    capability: `tool:files/read_${at}`,
    where: [{ pointer: '/path', prefix: '/docs/' }],
  }),
}

const newId = createNewId(systemClock, systemRandom)
const person = newId('person')
const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-grants-'))

try {
  await using store = await openStore(dataDir)
  await using activity = createActivity({ store, clock: systemClock, mode: 'queued', onError: console.error })
  const statement = () => ({ sql: 'SELECT 1', parameters: [] })
  const revocation = { statement, announce: () => undefined }
  const grants = createGrants({
    store,
    activity,
    clock: systemClock,
    newId,
    keepEndedMs: 86_400_000,
    revocation,
  })
  const access = createAccess({ grants, people: { rolesOf: () => [], groupsOf: () => [] } })
  const numbers: Record<string, number> = {}
  for (const [rules, chain] of [
    [1, 1],
    [10, 1],
    [100, 1],
    [1000, 1],
    [100, 3],
    [100, 8],
  ] as const) {
    for (const [name, rule] of Object.entries(RULES)) {
      const grant = await chainOf(grants, { rules, chain, rule })
      const times = Array.from({ length: ROUNDS }, () => round(access, grant))
      numbers[`grant check, ${name}, ${rules} rules, chain of ${chain}, least µs`] = least(times)
    }
  }
  console.log(JSON.stringify(numbers, null, 2))
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}

function round(access: ReturnType<typeof createAccess>, grant: GrantId): number {
  const principal: Principal = {
    subject: grant,
    grant,
    person,
    chain: [],
    roles: [],
    assurance: { kind: 'token', acr: 'urn:parley:2fa', amr: [] },
    scopes: ['mcp'],
  }
  const args = { path: '/docs/a.md', mode: 'r' }
  const request = {
    principal,
    action: 'mcp.call',
    capability: 'tool:files/read_0',
    args: () => args,
  } as const
  const started = performance.now()
  for (let at = 0; at < DECISIONS; at++)
    if (access.decide(request).kind !== 'allow') throw new Error('must be allowed')
  return ((performance.now() - started) * 1000) / DECISIONS
}

async function chainOf(
  grants: Grants,
  { rules, chain, rule }: { rules: number; chain: number; rule: Rule },
): Promise<GrantId> {
  const capabilities = Array.from({ length: rules }, (_, at) => rule(rules - 1 - at))
  const terms: GrantTerms = { audiences: { m: ['mcp'] }, capabilities, limits: {}, expiresAt: null }
  const holder = { kind: 'app', id: newId('app') } as const
  let { id } = await grants.create({ kind: 'consent', holder, person, parent: null, terms }, 'bench')
  for (let at = 1; at < chain; at++)
    ({ id } = await grants.create({ kind: 'delegation', holder, person, parent: id, terms }, 'bench'))
  return id
}
