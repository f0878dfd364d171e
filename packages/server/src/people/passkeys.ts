import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { PersonId } from '@parley/contract'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { Challenges } from './challenges.ts'
import type { FactorStore, Passkey } from './factor-store.ts'

/** For whom a passkey is made. */
export interface PasskeyOwner {
  readonly handle: Uint8Array
  /** Empty where the person types them: the page then fills them in. */
  readonly email: string
  readonly name: string
  readonly exclude: readonly Passkey[]
}

export type ProvenPasskey = {
  readonly passkey: Passkey
  /** What its counter becomes; in the unit of what the proof is for. */
  readonly counter: number
}

/** EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257]
const TIMEOUT_MS = 300_000
const MAX_NAME_LENGTH = 64

const base64url = z
  .string()
  .max(16_384)
  .regex(/^[\w-]+$/)
/** WebAuthn §4: at most 1023 bytes. */
const credentialId = base64url.max(1364)
const credential = z.looseObject({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
  response: z.looseObject({
    clientDataJSON: base64url,
    userHandle: base64url.optional(),
    transports: z.array(z.string().max(32)).max(10).optional(),
  }),
})

/** WebAuthn level 3, for the host of the hub's own origin. */
export class Passkeys {
  readonly #tools: {
    readonly store: FactorStore
    readonly challenges: Challenges
    readonly clock: Clock
    readonly origin: () => string
    readonly handleOf: (person: PersonId) => Uint8Array | undefined
  }

  constructor(tools: {
    readonly store: FactorStore
    readonly challenges: Challenges
    readonly clock: Clock
    readonly origin: () => string
    readonly handleOf: (person: PersonId) => Uint8Array | undefined
  }) {
    this.#tools = tools
  }

  /** As JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`: resident, and only with user verification. */
  creationOptions(owner: PasskeyOwner, binding: string): string {
    const challenge = toBase64url(this.#tools.challenges.create('create', binding))
    return JSON.stringify({
      challenge,
      rp: { name: 'Parley', id: this.#relyingParty() },
      user: { id: toBase64url(owner.handle), name: owner.email, displayName: owner.name },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' })),
      timeout: TIMEOUT_MS,
      attestation: 'none',
      excludeCredentials: owner.exclude.map(({ id, transports }) => ({ id, transports, type: 'public-key' })),
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      extensions: { credProps: true },
    })
  }

  /** As JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`: any passkey the person has for this hub. */
  requestOptions(binding: string): string {
    const challenge = toBase64url(this.#tools.challenges.create('get', binding))
    return JSON.stringify({
      challenge,
      rpId: this.#relyingParty(),
      timeout: TIMEOUT_MS,
      userVerification: 'required',
    })
  }

  /** The new passkey (§7.1), to be stored in the unit of what it is made for; undefined when anything is wrong. */
  async verifyCreation(
    text: string | undefined,
    person: PersonId,
    about: { readonly binding: string; readonly name: string },
  ): Promise<Passkey | undefined> {
    const response = parseCredential(text)
    if (!response) return undefined
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
    const verified = await orUndefined(() =>
      verifyRegistrationResponse({
        response: response as unknown as RegistrationResponseJSON,
        expectedChallenge: (challenge) => this.#tools.challenges.take(challenge, 'create', about.binding),
        expectedOrigin: this.#tools.origin(),
        expectedRPID: this.#relyingParty(),
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    )
    if (!verified?.verified) return undefined
    const { credential: made, credentialDeviceType } = verified.registrationInfo
    return {
      id: made.id,
      person,
      publicKey: made.publicKey,
      counter: made.counter,
      transports: response.response.transports ?? [],
      name: about.name.slice(0, MAX_NAME_LENGTH),
      isSynced: credentialDeviceType === 'multiDevice',
      createdAt: this.#tools.clock.now(),
      lastUsedAt: null,
    }
  }

  /** Whose passkey answered (§7.2): challenge, origin, host, presence, verification, signature and counter all hold. */
  async verifyUse(text: string | undefined, binding: string): Promise<ProvenPasskey | undefined> {
    const response = parseCredential(text)
    const passkey = response && this.#tools.store.passkey(response.id)
    if (!response || !passkey) return undefined
    const { userHandle } = response.response
    const handle = this.#tools.handleOf(passkey.person)
    if (!handle || (userHandle !== undefined && userHandle !== toBase64url(handle))) return undefined
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
    const verified = await orUndefined(() =>
      verifyAuthenticationResponse({
        response: response as unknown as AuthenticationResponseJSON,
        expectedChallenge: (challenge) => this.#tools.challenges.take(challenge, 'get', binding),
        expectedOrigin: this.#tools.origin(),
        expectedRPID: this.#relyingParty(),
        requireUserVerification: true,
        credential: {
          id: passkey.id,
          publicKey: Uint8Array.from(passkey.publicKey),
          counter: passkey.counter,
        },
      }),
    )
    return verified?.verified ? { passkey, counter: verified.authenticationInfo.newCounter } : undefined
  }

  #relyingParty(): string {
    return new URL(this.#tools.origin()).hostname
  }
}

function parseCredential(text: string | undefined): z.infer<typeof credential> | undefined {
  if (text === undefined || text === '') return undefined
  try {
    return credential.parse(JSON.parse(text))
  } catch {
    // Whatever is wrong with it, it is no proof.
    return undefined
  }
}

/** The library throws for every answer that is not right; which rule it broke is nobody's business outside. */
async function orUndefined<result>(verify: () => Promise<result>): Promise<result | undefined> {
  try {
    return await verify()
  } catch {
    return undefined
  }
}

function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
