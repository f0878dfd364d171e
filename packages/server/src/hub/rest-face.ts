import type { ServerResponse } from 'node:http'
import { ParleyError, toParleyError } from '@parley/contract'
import { A2A_MEDIA_TYPE, type A2aVersion, type OperationName } from '../a2a/index.ts'
import { sendBody } from '../http/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { errorContext } from './error-context.ts'
import type { EventFrame, HubCall, HubReply, Received, ReplyStream } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { makeCall } from './make-call.ts'
import { matchRoute, type MatchedRoute } from './match-route.ts'
import type { ReadBody } from './read-body.ts'
import { readRestRequest } from './read-rest-request.ts'
import { readServiceParameters, type ServiceParameters } from './read-service-parameters.ts'
import { refusalHeaders } from './refusal-headers.ts'
import { digestOf, serveCall } from './serve-call.ts'
import { REST_WORDINGS } from './wording.ts'

const MEDIA_TYPES: Readonly<Record<A2aVersion, string>> = {
  '1.0': A2A_MEDIA_TYPE,
  '0.3': 'application/json',
}

/** HTTP+JSON (specification §11), in both versions; `path` is what follows the address of the interface. */
export function receiveRest(
  hub: HubState,
  received: Received,
  { path, readBody }: { path: string; readBody: ReadBody },
): void {
  const { req, res } = received
  let version: A2aVersion = '1.0'
  try {
    const parameters = readServiceParameters(req)
    version = parameters.version
    const route = matchRoute(version, req.method!, path)
    const refusal = (error: ParleyError) => {
      const { json } = REST_WORDINGS[version].error(error, errorContext(hub.tools.clock, error))
      return { type: MEDIA_TYPES[version], body: json }
    }
    readBody(req, res, { limitBytes: hub.tools.limits.bodyBytes, refusal }, (body) =>
      serveRest(hub, received, { route, parameters, body }),
    )
  } catch (error) {
    failRest(hub, res, { version, error })
  }
}

function serveRest(
  hub: HubState,
  received: Received,
  { route, parameters, body }: { route: MatchedRoute; parameters: ServiceParameters; body: Buffer },
): void {
  const { req, res } = received
  const { version } = parameters
  let call: HubCall
  try {
    const hasBody = req.method === 'POST'
    if (hasBody && body.length > 0) refuseOtherMedia(req.headers['content-type'])
    const request = readRestRequest(route, { version, url: req.url!, body: hasBody ? body : undefined })
    const { operation } = route
    call = makeCall(hub, received, { operation, request, parameters, argumentsDigest: digestOf(body) })
  } catch (error) {
    return failRest(hub, res, { version, error })
  }
  void serveCall(hub, call, new RestReply(hub, received, call))
}

/** Says an error as HTTP+JSON does; a version that is not known is told so in 1.0. */
export function failRest(
  hub: HubState,
  res: ServerResponse,
  { version, error: thrown }: { version: A2aVersion; error: unknown },
): void {
  const error = toParleyError(thrown)
  const { status, json } = REST_WORDINGS[version].error(error, errorContext(hub.tools.clock, error))
  const allow = (error.data as { allow?: readonly string[] } | undefined)?.allow
  const headers = [
    'content-type',
    MEDIA_TYPES[version],
    ...refusalHeaders(error).headers,
    ...(error.code === 'method_not_allowed' && allow ? ['allow', allow.join(', ')] : []),
  ]
  sendBody(res, status, headers, json)
}

class RestReply implements HubReply {
  readonly #hub: HubState
  readonly #received: Received
  readonly #version: A2aVersion
  readonly #operation: OperationName

  constructor(hub: HubState, received: Received, { version, operation }: HubCall) {
    this.#hub = hub
    this.#received = received
    this.#version = version
    this.#operation = operation
  }

  result(result: JsonObject): void {
    const { res } = this.#received
    if (this.#operation === 'DeleteTaskPushNotificationConfig') {
      if (!res.headersSent) res.writeHead(204, ['cache-control', 'no-store']).end()
      return
    }
    const json = REST_WORDINGS[this.#version].answer(this.#operation, result)
    this.#hub.tools.writes.add(() => sendBody(res, 200, ['content-type', MEDIA_TYPES[this.#version]], json))
  }

  fail(error: ParleyError): void {
    failRest(this.#hub, this.#received.res, { version: this.#version, error })
  }

  stream(onLeft: () => void): ReplyStream {
    const { req, res, principal } = this.#received
    const wording = REST_WORDINGS[this.#version]
    const place = this.#hub.tools.clientStreams.take(principal.subject)
    const stream = place.open(req, res, { onClose: onLeft, onDrain: () => stream.end() })
    return {
      send: (frame: EventFrame) =>
        stream.send(frame.form(`rest ${this.#version}`, () => `data: ${wording.event(frame)}\n\n`)),
      end: () => stream.end(),
      // No section says how a stream fails; the SDKs tell it by the name of the event.
      fail: (error) => {
        const { json } = wording.error(error, errorContext(this.#hub.tools.clock, error))
        stream.end(`event: error\ndata: ${json}\n\n`)
      },
    }
  }
}

function refuseOtherMedia(type: string | undefined): void {
  if (type !== undefined && /^application\/(?:a2a\+)?json\s*(?:;|$)/i.test(type)) return
  throw new ParleyError('content_type_not_supported', `Content-Type must be ${A2A_MEDIA_TYPE}.`)
}
