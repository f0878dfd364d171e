import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ActivityRecord, CapabilityName, Decision, ParleyError, Principal } from '@parley/contract'
import type { A2aVersion, OperationName, StreamResponse } from '../a2a/index.ts'
import type { Access, TakeToken } from '../access/index.ts'
import type { Activity } from '../activity/index.ts'
import type { AgentEntry, Directory } from '../directory/index.ts'
import type { ClientStreams } from '../http/index.ts'
import type { Authenticate, Challenges, ConsentRequests } from '../identity/index.ts'
import type { Clock } from '../lib/clock.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import type { NewId } from '../lib/random.ts'
import type { WriteBatch } from '../lib/write-batch.ts'
import type { Tasks } from '../tasks/index.ts'
import type { Webhooks } from '../webhooks/index.ts'
import type { DelegationLimits } from './delegations.ts'
import type { CardDesk } from './card-desk.ts'
import type { NeedsOf, Wish } from './presentation/index.ts'

export interface HubLimits extends DelegationLimits {
  readonly bodyBytes: number
  /** A blocking send is answered within it. */
  readonly sendTimeoutMs: number
  /** Everything else that an agent is asked. */
  readonly agentTimeoutMs: number
  /** What one task may hold. */
  readonly taskBytes: number
  /** Tasks of one agent that are followed over a stream; others are asked for now and then. */
  readonly followedPerAgent: number
}

/** What goes to an agent as the caller's credential: header names and values. */
export type CredentialFor = (
  agent: AgentEntry,
  principal: Principal,
) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>

/** All that the hub needs of the house, passed in by the composition root. */
export interface HubTools {
  readonly directory: Directory
  readonly tasks: Tasks
  readonly webhooks: Webhooks
  readonly authenticate: Authenticate
  readonly challenges: (resource: string) => Challenges
  readonly access: Access
  readonly consents: ConsentRequests
  readonly takeToken: TakeToken
  readonly credentialFor: CredentialFor
  /** To tell an agent to stop, also when its caller may do nothing any more. */
  readonly credentialToEnd: CredentialFor
  /** How answers are to be put to a person, as they keep it. */
  readonly needsOf: NeedsOf
  readonly recordCall: Activity['recordCall']
  readonly clock: Clock
  readonly newId: NewId
  readonly origin: () => string
  /** Of the hub, as its own card tells it. */
  readonly version: string
  readonly cards: CardDesk
  /** For answers: those of one turn of the event loop go out together. */
  readonly writes: WriteBatch
  readonly clientStreams: ClientStreams
  readonly limits: HubLimits
  /** For ids of contexts and marks of messages; always the same. */
  readonly idKey: Uint8Array
  readonly onError: (error: unknown) => void
}

/** A request to an agent as HTTP brought it, its caller known. */
export interface Received {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly principal: Principal
  readonly agentName: string
  /** The path of the agent, which tokens are for. */
  readonly resource: string
}

/** One operation on its way through the pipeline, whatever binding it came over. */
export interface HubCall {
  readonly principal: Principal
  /** Whose tasks these are. */
  readonly owner: string
  readonly agent: AgentEntry
  readonly resource: string
  readonly operation: OperationName
  /** In the form of A2A 1.0, checked. */
  readonly request: JsonObject
  readonly version: A2aVersion
  /** URIs of `A2A-Extensions`. */
  readonly extensions: readonly string[]
  readonly traceparent: string | undefined
  /** The service parameter `Parley-Presentation`: how this reader wants the answer. */
  readonly presentation: string | undefined
  readonly startedMicros: number
  /** How the answer is to be put; undefined: as it comes. */
  wish: Wish | undefined
  decision: Decision | undefined
  /** What its person has to allow first. */
  missing: readonly CapabilityName[] | undefined
  capability: CapabilityName | undefined
  argumentsDigest: string | undefined
}

export type CallResult = ActivityRecord['result']

/** How an answer leaves, in the binding and version of its request. */
export interface HubReply {
  result(result: JsonObject): void
  fail(error: ParleyError): void
  /** Begins the stream; nothing else is answered afterwards. Throws `rate_limited` when there is no place for it. */
  stream(onLeft: () => void): ReplyStream
}

export interface ReplyStream {
  /** False once nobody reads. */
  send(event: EventFrame): boolean
  end(): void
  /** Ends it with an error, where the binding can say so in a stream. */
  fail(error: ParleyError): void
}

/** One event for any number of readers: it is put into each form once. */
export class EventFrame {
  readonly event: StreamResponse
  #json: string | undefined
  readonly #forms = new Map<string, string | Buffer>()

  constructor(event: StreamResponse) {
    this.event = event
  }

  get json(): string {
    return (this.#json ??= JSON.stringify(this.event))
  }

  /** As a face says it, made for the first who reads it so. */
  form<Form extends string | Buffer>(name: string, make: (event: StreamResponse) => Form): Form {
    const known = this.#forms.get(name)
    if (known !== undefined) return known as Form
    const form = make(this.event)
    this.#forms.set(name, form)
    return form
  }
}
