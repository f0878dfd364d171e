import { createPublicKey, verify } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { exchange } from '../wire/http-exchange.ts'
import { isObject, listAt, textAt, valueAt } from '../wire/json.ts'
import type { JsonObject } from '../wire/json.ts'
import { parse } from '../wire/json-rpc-client.ts'
import { BINDINGS } from '../wire/operations.ts'
import { shapeComplaints } from '../wire/shape.ts'
import { insist, insistEqual, NotJudged } from './check.ts'
import type { Check } from './check.ts'
import type { Scene } from './scene.ts'
import { canonicalize, withoutDefaults } from './canonical-card.ts'

const bindings = 'once'

/** The agent card (§4.4, §8, §14.3). */
export const cardChecks: Check[] = [
  {
    proves: ['A2A-8.1-a', 'A2A-8.3-a', 'A2A-5.7-a', 'A2A-14.3-a'],
    says: 'the card is there, with all that is required and nothing that is unknown',
    bindings,
    run: async ({ subject }) => {
      const complaints = shapeComplaints('AgentCard', subject.card).filter(
        // An empty tenant or scheme list is how ProtoJSON may write what is not set.
        (complaint) => !complaint.includes('.tenant'),
      )
      insist(complaints.length === 0, complaints.join('; '))
      const type = subject.cardAnswer.headers['content-type'] ?? ''
      insist(/^application\/(?:a2a\+)?json/.test(type), `the type is ${type}`)
      return `${textAt(subject.card, 'name')} ${textAt(subject.card, 'version')}`
    },
  },
  {
    proves: ['A2A-5.2-a', 'A2A-8.3.1-a', 'A2A-8.3.1-b', 'A2A-3.6-a'],
    says: 'each declared interface answers in its binding and version',
    bindings,
    run: async (scene) => {
      const declared = listAt(scene.subject.card, 'supportedInterfaces')
      for (const each of declared) {
        const version = textAt(each, 'protocolVersion')
        insist(/^\d+\.\d+$/.test(version), `protocolVersion is ${version}`)
        const binding = BINDINGS.find((known) => known === textAt(each, 'protocolBinding'))
        if (binding === undefined || version !== '1.0') continue
        const reply = await scene.clientOf(binding).call('GetTask', { id: 'nonexistent' })
        insistEqual(reply.error?.reason, 'TASK_NOT_FOUND', `the answer of ${binding}`)
      }
      return declared
        .map((each) => `${textAt(each, 'protocolBinding')} ${textAt(each, 'protocolVersion')}`)
        .join(', ')
    },
  },
  {
    proves: ['A2A-8.3.1-b'],
    says: 'every address of an interface in the card is where the card is',
    bindings,
    run: async ({ subject }) => {
      const wanted = new URL(subject.cardUrl).hostname
      const interfaces = [
        ...listAt(subject.card, 'supportedInterfaces'),
        ...listAt(subject.card, 'additionalInterfaces'),
        ...('url' in subject.card ? [{ url: textAt(subject.card, 'url') }] : []),
      ]
      for (const each of interfaces) {
        const url = textAt(each, 'url')
        const { hostname } = new URL(url.includes('://') ? url : `grpc://${url}`)
        insistEqual(hostname, wanted, `the host of ${url}`)
      }
      insistEqual(foreignPorts(subject, interfaces), [], 'addresses at another port over HTTP')
      return wanted
    },
  },
  {
    proves: ['A2A-8.6.1-a', 'A2A-8.6.1-b'],
    says: 'the card has Cache-Control with max-age, and an ETag',
    bindings,
    run: async ({ subject }) => {
      const { headers } = subject.cardAnswer
      insist(
        /max-age=\d+/.test(headers['cache-control'] ?? ''),
        `Cache-Control is ${headers['cache-control']}`,
      )
      const etag = headers['etag'] ?? ''
      insist(etag !== '', 'there is no ETag')
      return `${headers['cache-control']}; ${etag}`
    },
  },
  {
    proves: ['A2A-8.6-a'],
    says: 'who has the card of an ETag is not sent it again',
    bindings,
    run: async ({ subject }) => {
      const again = await getCard(subject, { 'if-none-match': subject.cardAnswer.headers['etag'] ?? '' })
      insistEqual([again.status, again.text], [304, ''], 'the answer to If-None-Match')
      return '304'
    },
  },
  {
    proves: ['A2A-8.6.1-c'],
    says: 'the card has Last-Modified',
    bindings,
    run: async ({ subject }) => {
      const value = subject.cardAnswer.headers['last-modified'] ?? ''
      insist(!Number.isNaN(Date.parse(value)), `Last-Modified is "${value}"`)
      return value
    },
  },
  {
    proves: ['A2A-8.4.1-a', 'A2A-8.4.2-a', 'A2A-8.4.2-b', 'A2A-8.4.3-a'],
    says: 'each signature of the card holds over the canonical card',
    bindings,
    run: async (scene) => {
      const signatures = listAt(scene.subject.card, 'signatures')
      if (signatures.length === 0) throw new NotJudged('the card is not signed')
      const { signatures: _own, ...unsigned } = scene.subject.card
      const payload = Buffer.from(canonicalize(withoutDefaults('AgentCard', unsigned))).toString('base64url')
      const algorithms: string[] = []
      for (const each of signatures) algorithms.push(await verifySignature(scene, { each, payload }))
      return `${algorithms.join(', ')} over ${payload.length} bytes`
    },
  },
  {
    proves: ['A2A-8.4.3-a'],
    says: 'the reference SDK takes the signature of the card for good, and not that of another card',
    bindings,
    run: async ({ subject }) => {
      if (listAt(subject.card, 'signatures').length === 0) throw new NotJudged('the card is not signed')
      const { AgentCard, verifyAgentCardSignature } = await import('@a2a-js/sdk')
      const verifyWithSdk = verifyAgentCardSignature(async (kid, jku) => {
        const keys = parse((await exchange({ url: String(jku), method: 'GET', headers: {} })).text) ?? {}
        return createPublicKey({
          key: listAt(keys, 'keys').find((key) => key['kid'] === kid) as JsonWebKey,
          format: 'jwk',
        })
      })
      // The SDK tells the console of every signature that does not hold.
      const { debug } = console
      console.debug = () => undefined
      try {
        await verifyWithSdk(AgentCard.fromJSON(subject.card))
        const changed = AgentCard.fromJSON({ ...subject.card, name: 'Another' })
        const isRefused = await verifyWithSdk(changed).then(
          () => false,
          () => true,
        )
        insist(isRefused, 'it takes that of another card')
      } finally {
        console.debug = debug
      }
      return 'by @a2a-js/sdk'
    },
  },
  {
    proves: ['A2A-8.4.1-a'],
    says: 'a signature does not hold over a card that somebody changed',
    bindings,
    run: async (scene) => {
      const [signature] = listAt(scene.subject.card, 'signatures')
      if (signature === undefined) throw new NotJudged('the card is not signed')
      const { signatures: _own, ...unsigned } = scene.subject.card
      const changed = { ...unsigned, description: 'Sends everything to somebody else.' }
      const payload = Buffer.from(canonicalize(withoutDefaults('AgentCard', changed))).toString('base64url')
      const isRefused = await verifySignature(scene, { each: signature, payload }).then(
        () => false,
        () => true,
      )
      insist(isRefused, 'it holds')
      return 'it does not'
    },
  },
  {
    proves: ['A2A-7.3-a', 'A2A-8.1-a'],
    says: 'what the card requires for security are schemes that it describes',
    bindings,
    run: async ({ subject }) => {
      const schemes = valueAt(subject.card, 'securitySchemes')
      const known = isObject(schemes) ? Object.keys(schemes) : []
      for (const name of known) {
        const kinds = Object.keys((schemes as JsonObject)[name] as JsonObject)
        insist(kinds.length === 1 && kinds[0]!.endsWith('SecurityScheme'), `${name} is ${kinds.join(', ')}`)
      }
      const wanted = listAt(subject.card, 'securityRequirements').flatMap((each) =>
        Object.keys(each['schemes'] ?? {}),
      )
      const unknown = wanted.filter((name) => !known.includes(name))
      insist(unknown.length === 0, `not described: ${unknown.join(', ')}`)
      insist(
        subject.token === undefined || wanted.length > 0,
        'a token is needed, and the card requires none',
      )
      return known.join(', ') || 'none'
    },
  },
  {
    proves: ['A2A-14.3-b'],
    says: 'the card has no credentials and no addresses of the inside',
    bindings,
    run: async ({ subject }) => {
      const found = /(?:"(?:password|secret|apiKey|privateKey|d)"|\bBearer [\w.-]{20,}|eyJ[\w-]+\.eyJ)/.exec(
        subject.cardAnswer.text,
      )
      insist(found === null, `it has ${found?.[0]}`)
      return 'none'
    },
  },
]

/** RFC 7515 with the key that `kid` and `jku` name. @throws Complaint when it does not hold. */
async function verifySignature(
  { subject }: Scene,
  { each, payload }: { each: JsonObject; payload: string },
): Promise<string> {
  const header = parse(Buffer.from(textAt(each, 'protected'), 'base64url').toString('utf8')) ?? {}
  const [alg, kid, jku] = [textAt(header, 'alg'), textAt(header, 'kid'), textAt(header, 'jku')]
  insist(alg !== '' && alg !== 'none', `alg is "${alg}"`)
  insist(kid !== '', 'there is no kid')
  insist(textAt(header, 'typ') === 'JOSE', `typ is "${textAt(header, 'typ')}"`)
  if (jku === '') throw new NotJudged('the signature does not say where its key is')
  insistEqual(new URL(jku).origin, new URL(subject.cardUrl).origin, 'the origin of jku')
  const keys = parse((await exchange({ url: jku, method: 'GET', headers: {} })).text) ?? {}
  const jwk = listAt(keys, 'keys').find((key) => key['kid'] === kid)
  insist(jwk !== undefined, `${jku} has no key ${kid}`)
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  const input = Buffer.from(`${textAt(each, 'protected')}.${payload}`)
  const digest = alg === 'EdDSA' || alg === 'Ed25519' ? null : `sha${alg.slice(2)}`
  const holds = verify(
    digest,
    input,
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(textAt(each, 'signature'), 'base64url'),
  )
  insist(holds, `the signature with ${alg} and ${kid} does not hold`)
  return alg
}

function foreignPorts({ cardUrl }: Scene['subject'], interfaces: readonly JsonObject[]): string[] {
  const { origin } = new URL(cardUrl)
  return interfaces
    .map((each) => textAt(each, 'url'))
    .filter((url) => url.startsWith('http') && new URL(url).origin !== origin)
}

function getCard({ cardUrl, token }: Scene['subject'], headers: Record<string, string>) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return exchange({
    url: cardUrl,
    method: 'GET',
    headers: { 'a2a-version': '1.0', ...authorization, ...headers },
  })
}
