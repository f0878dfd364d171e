import { createHmac, createPrivateKey, generateKeyPairSync, sign, type JsonWebKey } from 'node:crypto'
import {
  AgentCard as SdkCard,
  canonicalizeAgentCard,
  generateAgentCardSignature,
  verifyAgentCardSignature,
} from '@a2a-js/sdk'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../lib/json-rpc.ts'
import { parseStrict } from '../../lib/strict-json/index.ts'
import { arbitraryMessage } from '../fixtures/arbitrary-message.ts'
import { SAMPLE_CARD } from '../fixtures/sample-card.ts'
import type { AgentCard } from '../model.ts'
import { decodeMessage } from '../proto/decode-message.ts'
import { encodeMessage } from '../proto/encode-message.ts'
import { canonicalCard } from './canonical-card.ts'
import { isCardKey } from './card-algorithms.ts'
import { signCard } from './sign-card.ts'
import { verifyCard, type EnrolledCardKey } from './verify-card.ts'

const NOW = Date.UTC(2026, 0, 1)
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const JWK = publicKey.export({ format: 'jwk' }) as JsonWebKey
const ENROLLED: EnrolledCardKey = { kid: 'key-1', jwk: JWK }
const SIGNED = json(signCard(SAMPLE_CARD, { kid: 'key-1', privateKey }))

/** What the SDK 1.3 signs whole: it loses the security schemes on its way to the canonical text. */
const { securitySchemes: _schemes, ...WITHOUT_SCHEMES } = SAMPLE_CARD

function json(card: AgentCard): JsonObject {
  return structuredClone(card) as unknown as JsonObject
}

function trust(card: JsonObject, keys: readonly EnrolledCardKey[] = [ENROLLED], now = NOW) {
  return verifyCard(card, { keys, now, version: '1.0' })
}

/** A signature over the sample card with any header, by the enrolled key or by what `signs` does. */
function signedWith(header: object | string, signs = signByKey): JsonObject {
  const text = typeof header === 'string' ? header : JSON.stringify(header)
  const protectedHeader = Buffer.from(text).toString('base64url')
  const payload = Buffer.from(canonicalCard(json(SAMPLE_CARD))).toString('base64url')
  const signature = signs(Buffer.from(`${protectedHeader}.${payload}`)).toString('base64url')
  return { ...json(SAMPLE_CARD), signatures: [{ protected: protectedHeader, signature }] }
}

function signByKey(input: Buffer): Buffer {
  return sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

describe('canonical cards', () => {
  it('B6: keeps and leaves out what §8.4.1 says, in its own example', () => {
    const fragment = {
      name: 'Example Agent',
      description: '',
      capabilities: { streaming: false, pushNotifications: false, extensions: [] },
      skills: [],
    }
    const text = JSON.parse(canonicalCard(fragment)) as JsonObject
    expect(text).toMatchObject({
      capabilities: { pushNotifications: false, streaming: false },
      description: '',
      name: 'Example Agent',
      skills: [],
    })
    expect(text['capabilities']).not.toHaveProperty('extensions')
    // RFC 8785: sorted, no white space.
    expect(canonicalCard(fragment)).toMatch(
      /^\{"capabilities":\{"pushNotifications":false,"streaming":false\},"def/,
    )
  })

  it('B6: gives one text to a card from JSON and to the same card from protobuf', () => {
    fc.assert(
      fc.property(arbitraryMessage('AgentCard'), (card) => {
        const decoded = decodeMessage('AgentCard', encodeMessage('AgentCard', card))
        expect(canonicalCard(decoded)).toBe(canonicalCard(card))
      }),
      { numRuns: 50 },
    )
  })

  it('B6: has the text of the SDK where nothing is empty', () => {
    const canonical = canonicalizeAgentCard(SdkCard.fromJSON(json(WITHOUT_SCHEMES) as never))
    expect(canonicalCard(json(WITHOUT_SCHEMES), 'unset')).toBe(canonical)
    expect(canonicalCard(json(WITHOUT_SCHEMES))).toBe(canonical)
    // From the card's JSON, not its objects, the SDK has the same text with them too.
    expect(canonicalCard(json(SAMPLE_CARD))).toBe(canonicalizeAgentCard(json(SAMPLE_CARD) as never))
  })
})

describe('signed cards', () => {
  it('B6: a card that the hub signs has alg, typ and kid, and verifies here and with the SDK', async () => {
    const [signature] = SIGNED['signatures'] as { protected: string }[]
    expect(JSON.parse(Buffer.from(signature!.protected, 'base64url').toString())).toEqual({
      alg: 'ES256',
      typ: 'JOSE',
      kid: 'key-1',
    })
    expect(trust(SIGNED)).toEqual({ kind: 'verified', kid: 'key-1', reading: 'presence' })
    const verify = verifyAgentCardSignature(async () => publicKey)
    const plain = json(signCard(WITHOUT_SCHEMES, { kid: 'key-1', privateKey }))
    await expect(verify(SdkCard.fromJSON(plain as never))).resolves.toBeUndefined()
    await expect(verify(SIGNED as never)).resolves.toBeUndefined()
  })

  it('B6: a card that the SDK signs verifies, by the other reading where it left out what is required', async () => {
    const generate = generateAgentCardSignature(privateKey, { alg: 'ES256', typ: 'JOSE', kid: 'key-1' })
    const full = SdkCard.toJSON(
      await generate(SdkCard.fromJSON(json(WITHOUT_SCHEMES) as never)),
    ) as JsonObject
    expect(trust(full)).toMatchObject({ kind: 'verified', reading: 'presence' })
    const sparse = SdkCard.fromJSON({
      ...json(WITHOUT_SCHEMES),
      description: '',
      skills: [],
      iconUrl: '',
    } as never)
    const served = SdkCard.toJSON(await generate(sparse)) as JsonObject
    expect(trust(served)).toMatchObject({ kind: 'verified', reading: 'unset' })
    expect(trust({ ...served, description: 'Another.' }).kind).toBe('untrusted')
  })

  it('H1: a signature that leaves the security schemes out, as those of the SDK 1.3 do, is untrusted', async () => {
    const generate = generateAgentCardSignature(privateKey, { alg: 'ES256', typ: 'JOSE', kid: 'key-1' })
    const signed = SdkCard.toJSON(await generate(SdkCard.fromJSON(json(SAMPLE_CARD) as never))) as JsonObject
    expect(signed['securitySchemes']).toBeDefined()
    expect(trust(signed).kind).toBe('untrusted')
  })

  it('B6: any of several signatures is enough, and the order of members does not matter', () => {
    const other = generateKeyPairSync('ed25519')
    const twice = json(signCard(SIGNED as unknown as AgentCard, { kid: 'key-2', privateKey }))
    const turned = Object.fromEntries(Object.entries(twice).toReversed())
    expect(trust(turned, [{ kid: 'key-2', jwk: JWK }])).toMatchObject({ kind: 'verified', kid: 'key-2' })
    const ed = signedWith({ alg: 'EdDSA', kid: 'ed' }, (input) => sign(null, input, other.privateKey))
    const edKey = { kid: 'ed', jwk: other.publicKey.export({ format: 'jwk' }) as JsonWebKey }
    expect(trust(ed, [edKey])).toMatchObject({ kind: 'verified', kid: 'ed' })
    expect(trust(json(SAMPLE_CARD))).toEqual({ kind: 'unsigned' })
  })

  it('B6: an expired key verifies nothing', () => {
    expect(trust(SIGNED, [{ ...ENROLLED, expiresAt: NOW + 1 }]).kind).toBe('verified')
    expect(trust(SIGNED, [{ ...ENROLLED, expiresAt: NOW }])).toEqual({
      kind: 'untrusted',
      reasons: ['The key of a signature has expired.'],
    })
  })

  it('B6: a card of 0.3 verifies as the document that it is', () => {
    const card: JsonObject = {
      name: 'Old',
      url: 'https://old.example',
      preferredTransport: 'JSONRPC',
      skills: [],
    }
    const protectedHeader = Buffer.from('{"alg":"ES256","kid":"key-1"}').toString('base64url')
    const payload = Buffer.from(canonicalCard(card, 'whole')).toString('base64url')
    const signature = signByKey(Buffer.from(`${protectedHeader}.${payload}`)).toString('base64url')
    const signed = { ...card, signatures: [{ protected: protectedHeader, signature }] }
    const verification = { keys: [ENROLLED], now: NOW, version: '0.3' } as const
    expect(verifyCard(signed, verification)).toMatchObject({ kind: 'verified', reading: 'whole' })
    expect(verifyCard({ ...signed, url: 'https://evil.example' }, verification).kind).toBe('untrusted')
  })
})

describe('cards that are not to be trusted', () => {
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const attackerJwk = attacker.publicKey.export({ format: 'jwk' })
  const byAttacker = (input: Buffer) =>
    sign('sha256', input, { key: attacker.privateKey, dsaEncoding: 'ieee-p1363' })

  it.each<[string, object]>([
    ['jku', { alg: 'ES256', typ: 'JOSE', kid: 'mine', jku: 'https://evil.example/jwks.json' }],
    ['jwk', { alg: 'ES256', typ: 'JOSE', kid: 'mine', jwk: attackerJwk }],
    ['x5u', { alg: 'ES256', typ: 'JOSE', kid: 'mine', x5u: 'https://evil.example/cert' }],
    [
      'jku and the kid of an enrolled key',
      { alg: 'ES256', kid: 'key-1', jku: 'https://evil.example/jwks.json' },
    ],
    ['jwk and the kid of an enrolled key', { alg: 'ES256', kid: 'key-1', jwk: attackerJwk }],
  ])('H1: a card signed by its own key with %s is untrusted', (_, header) => {
    expect(trust(signedWith(header, byAttacker)).kind).toBe('untrusted')
    expect(trust(signedWith(header, byAttacker), []).kind).toBe('untrusted')
  })

  it.each<[string, object | string, (input: Buffer) => Buffer]>([
    ['alg none', { alg: 'none', kid: 'key-1' }, () => Buffer.from('x')],
    [
      'HS256 with the public key as secret',
      { alg: 'HS256', kid: 'key-1' },
      (input) =>
        createHmac('sha256', publicKey.export({ format: 'pem', type: 'spki' }))
          .update(input)
          .digest(),
    ],
    ['an algorithm of another key', { alg: 'RS256', kid: 'key-1' }, signByKey],
    ['another curve', { alg: 'ES384', kid: 'key-1' }, signByKey],
    ['crit', { alg: 'ES256', kid: 'key-1', crit: ['exp'], exp: 1 }, signByKey],
    ['b64', { alg: 'ES256', kid: 'key-1', b64: false }, signByKey],
    ['the type of a token', { alg: 'ES256', kid: 'key-1', typ: 'at+jwt' }, signByKey],
    ['no kid', { alg: 'ES256' }, signByKey],
    ['members twice', '{"alg":"ES256","kid":"key-2","kid":"key-1"}', signByKey],
    ['a header that is no object', '["ES256","key-1"]', signByKey],
    ['a header that is no JSON', '{alg:ES256}', signByKey],
    ['a signature in DER', { alg: 'ES256', kid: 'key-1' }, (input) => sign('sha256', input, privateKey)],
    ['a signature of zeros', { alg: 'ES256', kid: 'key-1' }, () => Buffer.alloc(64)],
  ])('H1: %s in the header is untrusted', (_, header, signs) => {
    expect(trust(signedWith(header, signs)).kind).toBe('untrusted')
  })

  it('H1: headers that contradict each other are untrusted', () => {
    const card = signedWith({ alg: 'ES256', kid: 'key-1' })
    const [signature] = card['signatures'] as object[]
    expect(trust(card).kind).toBe('verified')
    expect(trust({ ...card, signatures: [{ ...signature, header: { alg: 'none' } }] }).kind).toBe('untrusted')
    expect(trust({ ...card, signatures: [{ ...signature, header: { crit: ['x'] } }] }).kind).toBe('untrusted')
    expect(trust({ ...card, signatures: [{ ...signature, header: { note: 'x' } }] }).kind).toBe('verified')
  })

  it.each<[string, (card: Record<string, any>) => void]>([
    ['its address', (card) => (card['supportedInterfaces'][0].url = 'https://evil.example')],
    ['the order of its interfaces', (card) => card['supportedInterfaces'].reverse()],
    ['a skill more', (card) => card['skills'].push({ ...card['skills'][0], id: 'more' })],
    ['a capability switched on', (card) => (card['capabilities'].pushNotifications = true)],
    ['a security requirement gone', (card) => delete card['securityRequirements']],
    [
      'a requirement without scopes more',
      (card) => card['securityRequirements'].push({ schemes: { key: {} } }),
    ],
    ['an empty requirement more', (card) => card['securityRequirements'].push({})],
    ['a scheme more', (card) => (card['securitySchemes'].none = { mtlsSecurityScheme: {} })],
    ['an empty member in free data', (card) => (card['capabilities'].extensions[0].params.allow = [])],
    ['a number in free data', (card) => (card['capabilities'].extensions[0].params.units[0] = 0)],
    ['a field that nobody knows', (card) => (card['futureField'] = 'x')],
    ['a field in snake case', (card) => (card['documentation_url'] = 'https://evil.example')],
    ['another normal form of Unicode', (card) => (card['description'] = 'Forecast\u0073\u0301.')],
  ])('H1: altered after signing is untrusted: %s', (_, alter) => {
    const altered = structuredClone(SIGNED) as Record<string, any>
    alter(altered)
    expect(trust(altered).kind).toBe('untrusted')
  })

  it('H1: what is the same by default verifies, and nothing else does', () => {
    const same = structuredClone(SIGNED) as Record<string, any>
    same['capabilities'].extensions[0].required = false
    same['supportedInterfaces'][0].tenant = ''
    expect(trust(same).kind).toBe('verified')
    expect(trust({ ...same, iconUrl: 'x' }).kind).toBe('untrusted')
  })

  it('H1: numbers that two parsers read differently are untrusted', () => {
    const [text] = [
      JSON.stringify(SIGNED).replace('"units":["C","F"]', '"units":[1.0000000000000000001,"F"]'),
    ]
    expect(trust(parseStrict(Buffer.from(text)) as JsonObject)).toEqual({
      kind: 'untrusted',
      reasons: ['It has no canonical form (RFC 8785).'],
    })
  })

  it.each<[string, unknown]>([
    ['no list', { protected: 'a', signature: 'b' }],
    ['items that are none', ['a', null, 7]],
    ['white space', [{ protected: ` ${'e30'}`, signature: 'AA' }]],
    ['padding', [{ protected: 'e30=', signature: 'AA==' }]],
    ['too long a header', [{ protected: 'A'.repeat(5000), signature: 'AA' }]],
    ['too many', Array.from({ length: 11 }, () => (SIGNED['signatures'] as object[])[0])],
  ])('H1: signatures with %s are untrusted', (_, signatures) => {
    expect(trust({ ...SIGNED, signatures }).kind).toBe('untrusted')
  })

  it('H1: a key is enrolled only if it is public, asymmetric, and long enough', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const strong = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
    expect([JWK, strong].map((jwk) => isCardKey(jwk as JsonWebKey))).toEqual([true, true])
    expect(isCardKey(weak as JsonWebKey)).toBe(false)
    expect(isCardKey({ kty: 'oct', k: 'AAAA' })).toBe(false)
    expect(isCardKey({ ...JWK, use: 'enc' })).toBe(false)
    expect(isCardKey({ ...JWK, key_ops: ['encrypt'] })).toBe(false)
    expect(isCardKey({ ...JWK, x: 'AAAA' })).toBe(false)
    expect(trust(SIGNED, [{ kid: 'key-1', jwk: { ...JWK, alg: 'ES384' } }]).kind).toBe('untrusted')
    expect(createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).type).toBe('private')
  })

  it('H1: a card that is any JSON is judged, and never throws', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (card, signatures) => {
        expect(trust({ ...card, signatures } as JsonObject).kind).not.toBe('verified')
      }),
    )
  })
})
