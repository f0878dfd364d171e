import { exchange } from './wire/http-exchange.ts'
import { listAt, textAt, valueAt } from './wire/json.ts'
import type { JsonObject } from './wire/json.ts'
import { parse } from './wire/json-rpc-client.ts'
import type { Binding } from './wire/operations.ts'
import type { ClientOptions, HttpFacts } from './wire/reply.ts'

/** What is tested: one agent, by its card, and credentials for it. */
export interface Subject {
  readonly cardUrl: string
  readonly card: JsonObject
  readonly cardAnswer: HttpFacts
  readonly token: string | undefined
  readonly credentials: Credentials
}

/** For what authentication must show; a check is skipped where its credential is missing. */
export interface Credentials {
  /** Of somebody else who may ask the agent. */
  readonly other?: string
  /** Was good. */
  readonly expired?: string
  /** For another resource. */
  readonly wrongAudience?: string
  /** Valid, without the right to ask the agent. */
  readonly narrow?: string
  /** As `narrow`, of a caller that acts for nobody who could be asked. */
  readonly unattended?: string
}

/** Reads the card. @throws Error when there is none. */
export async function findSubject(
  cardUrl: string,
  { token, credentials = {} }: { token?: string | undefined; credentials?: Credentials } = {},
): Promise<Subject> {
  const cardAnswer = await exchange({
    url: cardUrl,
    method: 'GET',
    headers: { 'a2a-version': '1.0', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  })
  const card = parse(cardAnswer.text)
  if (cardAnswer.status !== 200 || card === undefined)
    throw new Error(`${cardUrl} answered ${cardAnswer.status}: ${cardAnswer.text.slice(0, 200)}`)
  return { cardUrl, card, cardAnswer, token, credentials }
}

export function declares(subject: Subject, capability: string): boolean {
  return valueAt(subject.card, 'capabilities', capability) === true
}

/** Where the card says that the binding is spoken in the version; undefined when it is not. */
export function interfaceOf(subject: Subject, binding: Binding, version: string): ClientOptions | undefined {
  const found = listAt(subject.card, 'supportedInterfaces').find(
    (each) => textAt(each, 'protocolBinding') === binding && textAt(each, 'protocolVersion') === version,
  )
  if (found === undefined) return undefined
  const tenant = textAt(found, 'tenant')
  const required = listAt(subject.card, 'capabilities', 'extensions').filter(
    (each) => each['required'] === true,
  )
  return {
    url: textAt(found, 'url'),
    version,
    ...(tenant === '' ? {} : { tenant }),
    // §3.3.4: a client that wants to be served asks for what is required.
    ...(required.length === 0 ? {} : { extensions: required.map((each) => textAt(each, 'uri')).join(',') }),
    ...(subject.token === undefined ? {} : { token: subject.token }),
  }
}
