import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

interface Overrides {
  readonly origin?: string
  readonly rpId?: string
  readonly isUserVerified?: boolean
  readonly counter?: number
  readonly type?: string
  readonly userHandle?: string
  readonly challenge?: string
}

/** A passkey in software (WebAuthn §6), which can be told to lie. */
export class SoftwareAuthenticator {
  readonly #origin: string
  readonly #keys: { privateKey: KeyObject; publicKey: KeyObject } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
  })
  readonly id = randomBytes(16)
  #userHandle = ''
  counter = 0

  constructor(origin: string) {
    this.#origin = origin
  }

  create(options: any, overrides: Overrides = {}): string {
    this.#userHandle = options.user.id
    const data = this.#authenticatorData(overrides.rpId ?? options.rp.id, overrides, this.#attested())
    return JSON.stringify({
      ...this.#credential(),
      response: {
        clientDataJSON: this.#clientData(overrides.type ?? 'webauthn.create', options, overrides),
        attestationObject: base64url(
          Buffer.concat([
            hex('a3'),
            text('fmt'),
            text('none'),
            text('attStmt'),
            hex('a0'),
            text('authData'),
            bytes(data),
          ]),
        ),
        transports: ['internal'],
      },
    })
  }

  get(options: any, overrides: Overrides = {}): string {
    const data = this.#authenticatorData(overrides.rpId ?? options.rpId, overrides)
    const clientDataJSON = this.#clientData(overrides.type ?? 'webauthn.get', options, overrides)
    const hash = createHash('sha256').update(Buffer.from(clientDataJSON, 'base64url')).digest()
    return JSON.stringify({
      ...this.#credential(),
      response: {
        clientDataJSON,
        authenticatorData: base64url(data),
        signature: base64url(sign('sha256', Buffer.concat([data, hash]), this.#keys.privateKey)),
        userHandle: overrides.userHandle ?? this.#userHandle,
      },
    })
  }

  #credential() {
    const id = base64url(this.id)
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      authenticatorAttachment: 'platform',
    }
  }

  #clientData(type: string, options: any, overrides: Overrides): string {
    const challenge = overrides.challenge ?? options.challenge
    const data = { type, challenge, origin: overrides.origin ?? this.#origin, crossOrigin: false }
    return base64url(Buffer.from(JSON.stringify(data)))
  }

  #authenticatorData(rpId: string, overrides: Overrides, attested: Buffer = Buffer.alloc(0)): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(overrides.counter ?? this.counter)
    // User present, user verified, attested data.
    const flags = 0x01 | (overrides.isUserVerified === false ? 0 : 0x04) | (attested.length > 0 ? 0x40 : 0)
    return Buffer.concat([
      createHash('sha256').update(rpId).digest(),
      Uint8Array.of(flags),
      counter,
      attested,
    ])
  }

  /** Zero AAGUID, credential id, and the public key as COSE (RFC 9053 §7.1.1). */
  #attested(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.id.length)
    const key = Buffer.concat([
      hex('a5010203262001'),
      hex('21'),
      bytes(Buffer.from(x, 'base64url')),
      hex('22'),
      bytes(Buffer.from(y, 'base64url')),
    ])
    return Buffer.concat([Buffer.alloc(16), length, this.id, key])
  }
}

const hex = (value: string) => Buffer.from(value, 'hex')
const base64url = (value: Buffer) => value.toString('base64url')

/** CBOR text shorter than 24 bytes, and byte strings of 24 to 255, in the shortest form (RFC 8949 §4.2.1). */
const text = (value: string) => Buffer.concat([Uint8Array.of(0x60 + value.length), Buffer.from(value)])
const bytes = (value: Buffer) => Buffer.concat([Uint8Array.of(0x58, value.length), value])
