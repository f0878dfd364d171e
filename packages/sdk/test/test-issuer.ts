import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { sendJson, type RawHandler } from '../../server/src/http/index.ts'
import { startListener } from '../../server/src/http/test-kit.ts'
import { systemClock } from '../../server/src/lib/clock.ts'
import { createFeed, createRevocations, type RevocationKind } from '../../server/src/revocations/index.ts'
import { openStore } from '../../server/src/store/index.ts'

export type TokenClaims = Readonly<Record<string, unknown>>

/** An issuer on loopback with real keys and the hub's real feed; only that it gives tokens to whoever asks. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string
  /** An access token; a claim that is `undefined` is left out. */
  mint(claims: TokenClaims, header?: Readonly<Record<string, unknown>>): Promise<string>
  /** The public part of the key that signs. */
  readonly publicKey: JWK
  /** A new key signs from now on; the last one is no longer published. */
  rotate(): Promise<void>
  revoke(kind: RevocationKind, id: string): Promise<void>
  /** How often its keys were asked for. */
  readonly keyRequests: number
  /** Answers nothing from now on, and cuts what is open. */
  stop(): void
}

export async function startTestIssuer(): Promise<TestIssuer> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-issuer-'))
  const store = await openStore(directory)
  const revocations = createRevocations({ store, clock: systemClock })
  let key = await makeKey('key-1')
  let keyRequests = 0
  let feed: RawHandler = () => {}
  const handlers: Record<string, RawHandler> = {
    '.well-known': (_request, response) => sendJson(response, 200, JSON.stringify(metadata())),
    oauth(request, response, path) {
      if (path === '/oauth/revocations') return feed(request, response, path)
      keyRequests++
      return sendJson(response, 200, JSON.stringify({ keys: [key.jwk] }))
    },
  }
  const { port, listener, streams } = await startListener({ handlers })
  feed = createFeed({ revocations, streams, trustedProxy: false })
  const url = `http://localhost:${port}`
  const metadata = () => ({
    issuer: url,
    jwks_uri: `${url}/oauth/jwks`,
    parley_revocation_feed: `${url}/oauth/revocations`,
  })

  return {
    url,
    get publicKey() {
      return key.jwk
    },
    get keyRequests() {
      return keyRequests
    },
    mint(claims, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      const fresh = { iat: now, exp: now + 300, jti: crypto.randomUUID(), sub: 'per_1', client_id: 'app_1' }
      return new SignJWT({ iss: url, ...fresh, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.jwk.kid!, ...header })
        .sign(key.privateKey, header['crit'] ? { crit: { 'x-new': true } } : {})
    },
    async rotate() {
      key = await makeKey('key-2')
    },
    async revoke(kind, id) {
      const revocation = { kind, id, at: Math.floor(Date.now() / 1000) }
      await store.submit([revocations.statement(revocation)])
      revocations.announce([revocation])
    },
    stop: () => listener.destroy(),
    async [Symbol.asyncDispose]() {
      listener.destroy()
      revocations[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function makeKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }
  return { privateKey, jwk: jwk as JWK & { kid: string } }
}
