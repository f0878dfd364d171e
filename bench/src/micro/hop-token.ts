import { generateKeyPairSync } from 'node:crypto'
import type { Principal } from '../../../packages/contract/src/index.ts'
import { createHopTokens } from '../../../packages/server/src/identity/hop-tokens.ts'
import type { SigningKeys } from '../../../packages/server/src/identity/keys/signing-keys.ts'
import { signToken } from '../../../packages/server/src/identity/tokens/sign-token.ts'
import { systemClock } from '../../../packages/server/src/lib/clock.ts'
import { systemRandom } from '../../../packages/server/src/lib/random.ts'
import { median } from '../kit/statistics.ts'

/**
 * What a hop token costs a call: µs to mint one, and to find the one of half a minute ago. Run it with
 * `node bench/src/micro/hop-token.ts`. Target: 200 µs.
 */
const ROUNDS = 15
const MINTED = 500
const FOUND = 100_000

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = { current: () => ({ kid: 'bench', privateKey }) } as Pick<SigningKeys, 'current'>
const hopTokens = createHopTokens({
  sign: (claims) => signToken(keys as SigningKeys, claims),
  issuer: () => 'https://hub.example',
  clock: systemClock,
  random: systemRandom,
  clientIdOf: (app) => app,
  scopesOf: () => ['notes:read', 'notes:write'],
})
const principal = (): Principal => ({
  subject: 'gra_01JAAAAAAAAAAAAAAAAAAAAAAA',
  grant: 'gra_01JAAAAAAAAAAAAAAAAAAAAAAA',
  person: 'per_01JAAAAAAAAAAAAAAAAAAAAAAA',
  chain: [{ kind: 'person', id: 'per_01JAAAAAAAAAAAAAAAAAAAAAAA' }],
  roles: [],
  assurance: { kind: 'token', acr: 'urn:parley:2fa', amr: ['pwd', 'otp'], authTime: 1 },
  scopes: ['mcp'],
})

function microsOf(count: number, work: () => void): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.hrtime.bigint()
    for (let time = 0; time < count; time++) work()
    return Number(process.hrtime.bigint() - before) / 1000 / count
  })
  return median(rounds)
}

const audience = 'https://notes.example/mcp'
const mint = microsOf(MINTED, () => void hopTokens.mint(principal(), audience))
const one = principal()
const find = microsOf(FOUND, () => void hopTokens.mint(one, audience))
console.log(
  JSON.stringify(
    { 'hop token, minted, median µs': mint, 'hop token, found again, median µs': find },
    null,
    2,
  ),
)
