import {
  OWNER_NAME,
  OWNER_NAME_MAX_LENGTH,
  ParleyError,
  toParleyError,
  type Principal,
} from '@parley/contract'
import {
  decodeRequest,
  encodeAnswer,
  OPERATIONS,
  readTenant,
  refuseFields,
  toGrpcStatus,
  type OperationName,
} from '../a2a/index.ts'
import { frameGrpcMessage, type GrpcCall, type GrpcFailure } from '../http/index.ts'
import type { Authenticated } from '../identity/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { errorContext } from './error-context.ts'
import type { EventFrame, HubReply, ReplyStream } from './hub-call.ts'
import type { HubState } from './hub-state.ts'
import { makeCall } from './make-call.ts'
import { readExtensions, readVersion, type ServiceParameters } from './read-service-parameters.ts'
import { refusalHeaders } from './refusal-headers.ts'
import { digestOf, serveCall } from './serve-call.ts'

/** 0.3 has a service of its own (`a2a.v1.A2AService`), whose requests name no agent: it is not offered. */
const SERVICE = '/lf.a2a.v1.A2AService/'

/** gRPC of 1.0 (specification §10). The agent is the tenant of the request, as its card has it (§8.3.2). */
export class GrpcFace {
  readonly #hub: HubState
  readonly #running = new Map<GrpcCall, Principal>()

  constructor(hub: HubState) {
    this.#hub = hub
  }

  receive(call: GrpcCall): void {
    try {
      const operation = readOperation(call.path)
      const parameters = readParameters(call)
      const agentName = readAgent(operation, call.message)
      const resource = `/a2a/agents/${agentName}`
      const who = this.#hub.tools.authenticate(call.header('authorization'), resource)
      const accepted = (authenticated: Authenticated) =>
        this.#serve(call, authenticated, { operation, parameters, agentName, resource })
      if (!(who instanceof Promise)) return accepted(who)
      who.then(accepted).catch((error: unknown) => this.#fail(call, error))
    } catch (error) {
      this.#fail(call, error)
    }
  }

  /** Breaks off what runs for callers who are meant. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const [call, principal] of this.#running) if (isMeant(principal)) call.destroy()
  }

  #serve(
    call: GrpcCall,
    who: Authenticated,
    asked: {
      readonly operation: OperationName
      readonly parameters: ServiceParameters
      readonly agentName: string
      readonly resource: string
    },
  ): void {
    if (who.kind === 'refused') throw who.error
    if (call.isOver) return
    const { principal } = who
    this.#running.set(call, principal)
    call.onClose(() => this.#running.delete(call))
    const request = decodeRequest(asked.operation, call.message)
    const hubCall = makeCall(
      this.#hub,
      { ...asked, principal },
      { ...asked, request, argumentsDigest: digestOf(call.message) },
    )
    void serveCall(this.#hub, hubCall, this.#replyTo(call, asked.operation, principal))
  }

  #replyTo(call: GrpcCall, operation: OperationName, { subject }: Principal): HubReply {
    return {
      result: (result: JsonObject) => call.answer(frameGrpcMessage(encodeAnswer(operation, result))),
      fail: (error) => this.#fail(call, error),
      stream: (onLeft) => {
        const place = this.#hub.tools.clientStreams.take(subject)
        const stream = call.open({ onDrain: () => stream.end() })
        call.onClose(() => {
          place.release()
          onLeft()
        })
        return {
          send: (frame) => stream.send(toGrpcFrame(frame)),
          end: () => stream.end(),
          fail: (error) => stream.fail(this.#statusOf(error)),
        } satisfies ReplyStream
      },
    }
  }

  #fail(call: GrpcCall, error: unknown): void {
    call.fail(this.#statusOf(error))
  }

  #statusOf(thrown: unknown): GrpcFailure {
    const error = toParleyError(thrown)
    if (error.code === 'internal') this.#hub.tools.onError(thrown)
    const { headers } = refusalHeaders(error)
    const metadata: Record<string, string> = {}
    for (let at = 0; at < headers.length; at += 2) metadata[headers[at]!] = headers[at + 1]!
    return { ...toGrpcStatus(error, errorContext(this.#hub.tools.clock, error)), metadata }
  }
}

/** One encoding, however many read it. */
function toGrpcFrame(frame: EventFrame): Buffer {
  return frame.form('grpc', (event) =>
    frameGrpcMessage(encodeAnswer('SubscribeToTask', event as unknown as JsonObject)),
  )
}

function readOperation(path: string): OperationName {
  const name = path.startsWith(SERVICE) ? path.slice(SERVICE.length) : ''
  if (Object.hasOwn(OPERATIONS, name)) return name as OperationName
  throw new ParleyError('method_not_found', 'The methods here are those of lf.a2a.v1.A2AService.')
}

/** §3.6.2: nothing said means 0.3, whatever the name of the service. */
function readParameters(call: GrpcCall): ServiceParameters {
  const version = readVersion(call.header('a2a-version'))
  if (version !== '1.0')
    throw new ParleyError(
      'unsupported_version',
      'Over gRPC only A2A 1.0 is spoken here: say a2a-version: 1.0.',
      {
        data: { supported: ['1.0'] },
      },
    )
  return {
    version,
    extensions: readExtensions(call.header('a2a-extensions')),
    traceparent: call.header('traceparent'),
    presentation: call.header('parley-presentation'),
  }
}

function readAgent(operation: OperationName, message: Buffer): string {
  const tenant = readTenant(operation, message)
  if (tenant !== undefined && tenant.length <= OWNER_NAME_MAX_LENGTH && OWNER_NAME.test(tenant)) return tenant
  throw refuseFields([{ field: 'tenant', description: 'Must be the name of an agent, as its card has it.' }])
}
