import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createGuard, type Checked } from '../../../packages/sdk/src/index.ts'
import { median } from '../kit/statistics.ts'

/**
 * What the guard's check costs, in µs: for a header that was seen before, with few and with ten thousand of them known,
 * and for a new ES256 token. `node bench/src/micro/guard.ts`
 */

const ROUNDS = 15
const BATCHES_PER_ROUND = 1000
const HITS_PER_BATCH = 50
const MISSES_PER_ROUND = 500
const ISSUER = 'https://hub.example'
const RESOURCE = 'https://notes.example/mcp'

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256' }] })
const now = Math.floor(Date.now() / 1000)

function mint(): Promise<string> {
  const claims = {
    client_id: 'app_1',
    scope: 'mcp',
    gid: 'gra_1',
    sid: 'ses_1',
    acr: 'urn:parley:2fa',
    auth_time: now,
  }
  return new SignJWT({ ...claims, act: { sub: 'agt_1' }, jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'key-1' })
    .setIssuer(ISSUER)
    .setAudience(RESOURCE)
    .setSubject('per_01JAAAAAAAAAAAAAAAAAAAAAAA')
    .setIssuedAt(now)
    .setExpirationTime(now + 3600)
    .sign(privateKey)
}

function makeGuard() {
  return createGuard({
    issuer: ISSUER,
    resource: RESOURCE,
    scopes: { mcp: 'All' },
    baseScopes: ['mcp'],
    local: { keys },
  })
}

/** Headers as they come off a connection: each a text of its own, whose hash nobody has worked out yet. */
function copiesOf(header: string, count: number): string[] {
  const bytes = Buffer.from(header)
  return Array.from({ length: count }, () => bytes.toString('latin1'))
}

async function timeHits(knownTokens: number): Promise<number> {
  const guard = makeGuard()
  let header = ''
  for (let at = 0; at < knownTokens; at++) {
    header = `Bearer ${await mint()}`
    await guard.check(header)
  }
  // Small batches, as their texts would be in a processor's cache just after they were read; the median
  // leaves out what else runs on the machine.
  const times: number[] = []
  for (let batch = 0; batch < ROUNDS * BATCHES_PER_ROUND; batch++) {
    const copies = copiesOf(header, HITS_PER_BATCH)
    let checked: Checked | Promise<Checked> | undefined
    const started = performance.now()
    for (const copy of copies) checked = guard.check(copy)
    times.push(((performance.now() - started) * 1000) / HITS_PER_BATCH)
    if (checked instanceof Promise || checked?.kind !== 'caller') throw new Error('That was no hit.')
  }
  return median(times)
}

async function timeMisses(): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const guard = makeGuard()
    const headers = await Promise.all(
      Array.from({ length: MISSES_PER_ROUND }, async () => `Bearer ${await mint()}`),
    )
    const started = process.cpuUsage()
    for (const header of headers) {
      const checked = await guard.check(header)
      if (checked.kind !== 'caller') throw new Error(checked.body)
    }
    const { user, system } = process.cpuUsage(started)
    times.push((user + system) / MISSES_PER_ROUND)
  }
  return median(times)
}

console.log(`header seen before, 1 known       ${(await timeHits(1)).toFixed(2)} µs`)
console.log(`header seen before, 5,000 known   ${(await timeHits(5000)).toFixed(2)} µs`)
console.log(`new token, ES256                  ${(await timeMisses()).toFixed(0)} CPU µs`)
