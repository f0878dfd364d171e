import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS, ParleyError } from '@parley/contract'
import { clientAddress, readBody, refuseRequest, sendJson } from '../http/index.ts'
import type { RawHandler } from '../http/index.ts'
import { parseStrict, StrictJsonError } from '../lib/strict-json/index.ts'
import type { RegistrationRate } from './registration-rate.ts'
import type { Registration, RegistrationOutcome } from './registration.ts'

export interface RegistrationHandlerOptions {
  readonly registration: Registration
  readonly isOpen: boolean
  readonly rate: RegistrationRate
  readonly bodyBytes: number
  readonly trustedProxy: boolean
  readonly onError: (error: unknown) => void
}

const JSON_TYPE = /^application\/json(?:[ \t]*;|$)/i
const OFF =
  'Apps cannot register themselves here. Use a client ID metadata document, or ask an administrator to add the app.'
const FULL = 'Too many apps are registered and unused. Try again later.'
const FULL_RETRY_SECONDS = 3600

/** The client registration endpoint (RFC 7591 §3). Its errors have the form of §3.2.2, whatever went wrong. */
export function createRegistrationHandler(options: RegistrationHandlerOptions): RawHandler {
  const { registration, isOpen, rate, bodyBytes, trustedProxy, onError } = options

  return function handleRegistration(request, response) {
    if (request.method !== 'POST')
      return refuse(response, 405, 'invalid_request', 'Register with POST.', ['allow', 'POST'])
    if (!isOpen) return refuse(response, 403, 'access_denied', OFF)
    const waitSeconds = rate.take(clientAddress(request, trustedProxy))
    if (waitSeconds > 0) return tooMany(response, 'Too many registrations from this address.', waitSeconds)
    if (!JSON_TYPE.test(request.headers['content-type'] ?? ''))
      return refuse(response, 400, 'invalid_request', 'Send client metadata as application/json.')
    readBody(request, bodyBytes, (error, bytes) => {
      if (error) return refuseBody(request, response, error)
      const body = readObject(bytes)
      if (!body) return refuse(response, 400, 'invalid_client_metadata', 'The body must be a JSON object.')
      registration.register(body).then(
        (outcome) => answer(response, outcome),
        (failure: unknown) => {
          const code = failure instanceof ParleyError ? failure.code : 'internal'
          refuse(response, ERRORS[code].http, 'temporarily_unavailable', 'The registration was not kept.')
          onError(failure)
        },
      )
    })
  }
}

function answer(response: ServerResponse, outcome: RegistrationOutcome): void {
  if (outcome.kind === 'registered') return sendJson(response, 201, JSON.stringify(outcome.information))
  if (outcome.kind === 'full') return tooMany(response, FULL, FULL_RETRY_SECONDS)
  refuse(response, 400, outcome.error, outcome.description)
}

function readObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value = parseStrict(bytes)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined
    throw error
  }
}

function refuseBody(request: IncomingMessage, response: ServerResponse, error: ParleyError): void {
  refuseRequest(request, response, error, { asJsonRpc: false })
}

function tooMany(response: ServerResponse, description: string, retrySeconds: number): void {
  refuse(response, 429, 'temporarily_unavailable', description, ['retry-after', String(retrySeconds)])
}

function refuse(
  response: ServerResponse,
  status: number,
  ...[error, description, headers]: [error: string, description: string, headers?: readonly string[]]
): void {
  sendJson(response, status, JSON.stringify({ error, error_description: description }), headers)
}
