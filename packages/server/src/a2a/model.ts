import type { JsonObject } from '../lib/json-rpc.ts'

/** The data model of A2A 1.0 in its JSON form (`a2a.proto`, ProtoJSON). What is absent is not set. */
export interface Part {
  readonly text?: string
  /** Base64. */
  readonly raw?: string
  readonly url?: string
  /** Any JSON value. */
  readonly data?: unknown
  readonly metadata?: JsonObject
  readonly filename?: string
  readonly mediaType?: string
}

export type Role = 'ROLE_USER' | 'ROLE_AGENT'

export interface Message {
  readonly messageId: string
  readonly contextId?: string
  readonly taskId?: string
  readonly role: Role
  readonly parts: readonly Part[]
  readonly metadata?: JsonObject
  readonly extensions?: readonly string[]
  readonly referenceTaskIds?: readonly string[]
}

export interface Artifact {
  readonly artifactId: string
  readonly name?: string
  readonly description?: string
  readonly parts: readonly Part[]
  readonly metadata?: JsonObject
  readonly extensions?: readonly string[]
}

/** `TaskState` of the specification; the last four before `AUTH_REQUIRED` are in `isTerminal`. */
export const A2A_TASK_STATES = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_AUTH_REQUIRED',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
] as const
export type A2aTaskState = (typeof A2A_TASK_STATES)[number]

export interface TaskStatus {
  readonly state: A2aTaskState
  readonly message?: Message
  /** RFC 3339, UTC. */
  readonly timestamp?: string
}

export interface A2aTask {
  readonly id: string
  readonly contextId: string
  readonly status: TaskStatus
  readonly artifacts?: readonly Artifact[]
  readonly history?: readonly Message[]
  readonly metadata?: JsonObject
}

export interface TaskStatusUpdateEvent {
  readonly taskId: string
  readonly contextId: string
  readonly status: TaskStatus
  readonly metadata?: JsonObject
}

export interface TaskArtifactUpdateEvent {
  readonly taskId: string
  readonly contextId: string
  readonly artifact: Artifact
  readonly append?: boolean
  readonly lastChunk?: boolean
  readonly metadata?: JsonObject
}

/** Exactly one of them (`StreamResponse.payload`). `SendMessageResponse` is the first two. */
export type StreamResponse =
  | { readonly task: A2aTask }
  | { readonly message: Message }
  | { readonly statusUpdate: TaskStatusUpdateEvent }
  | { readonly artifactUpdate: TaskArtifactUpdateEvent }
export type SendMessageResponse = Extract<StreamResponse, { task: A2aTask } | { message: Message }>

export interface AuthenticationInfo {
  readonly scheme: string
  readonly credentials?: string
}

export interface TaskPushNotificationConfig {
  readonly tenant?: string
  readonly id?: string
  readonly taskId?: string
  readonly url: string
  readonly token?: string
  readonly authentication?: AuthenticationInfo
}

export interface SendMessageConfiguration {
  readonly acceptedOutputModes?: readonly string[]
  readonly taskPushNotificationConfig?: TaskPushNotificationConfig
  readonly historyLength?: number
  readonly returnImmediately?: boolean
}

export interface SendMessageRequest {
  readonly tenant?: string
  readonly message: Message
  readonly configuration?: SendMessageConfiguration
  readonly metadata?: JsonObject
}

export interface ListTasksRequest {
  readonly tenant?: string
  readonly contextId?: string
  readonly status?: A2aTaskState
  readonly pageSize?: number
  readonly pageToken?: string
  readonly historyLength?: number
  /** RFC 3339, UTC. */
  readonly statusTimestampAfter?: string
  readonly includeArtifacts?: boolean
}

export interface AgentInterface {
  readonly url: string
  /** `JSONRPC`, `GRPC`, `HTTP+JSON`, or the URI of a binding of somebody's own. */
  readonly protocolBinding: string
  readonly tenant?: string
  /** `Major.Minor`. */
  readonly protocolVersion: string
}

export interface AgentExtension {
  readonly uri: string
  readonly description?: string
  readonly required?: boolean
  readonly params?: JsonObject
}

export interface AgentCapabilities {
  readonly streaming?: boolean
  readonly pushNotifications?: boolean
  readonly extensions?: readonly AgentExtension[]
  readonly extendedAgentCard?: boolean
}

export interface SecurityRequirement {
  readonly schemes: Readonly<Record<string, { readonly list?: readonly string[] }>>
}

export interface AgentSkill {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly examples?: readonly string[]
  readonly inputModes?: readonly string[]
  readonly outputModes?: readonly string[]
  readonly securityRequirements?: readonly SecurityRequirement[]
}

/** A JWS (RFC 7515 §7.2) whose payload is the canonical card without its signatures. */
export interface AgentCardSignature {
  readonly protected: string
  readonly signature: string
  readonly header?: JsonObject
}

export interface AgentCard {
  readonly name: string
  readonly description: string
  readonly supportedInterfaces: readonly AgentInterface[]
  readonly provider?: { readonly url: string; readonly organization: string }
  readonly version: string
  readonly documentationUrl?: string
  readonly capabilities: AgentCapabilities
  /** By name; each has exactly one of the five `…SecurityScheme` members. */
  readonly securitySchemes?: Readonly<Record<string, JsonObject>>
  readonly securityRequirements?: readonly SecurityRequirement[]
  readonly defaultInputModes: readonly string[]
  readonly defaultOutputModes: readonly string[]
  readonly skills: readonly AgentSkill[]
  readonly signatures?: readonly AgentCardSignature[]
  readonly iconUrl?: string
}

/** Final: nothing follows (specification §3.1.2). */
export function isTerminal(state: A2aTaskState): boolean {
  return (
    state === 'TASK_STATE_COMPLETED' ||
    state === 'TASK_STATE_FAILED' ||
    state === 'TASK_STATE_CANCELED' ||
    state === 'TASK_STATE_REJECTED'
  )
}

/** It waits for its caller: a blocking send returns here too (§3.2.2). */
export function isInterrupted(state: A2aTaskState): boolean {
  return state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED'
}
