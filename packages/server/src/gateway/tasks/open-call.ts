import { ParleyError, type Principal } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../../lib/json-rpc.ts'
import type { ServerEntry } from '../../registry/index.ts'
import type { ExchangeEvents, ServerNotification } from '../../upstream/index.ts'
import type { CredentialSources } from '../call-credential.ts'
import type { HeldCalls } from '../held-calls.ts'
import type { SessionPool } from '../session-pool.ts'
import type { TaskRun, TaskTerms } from './task-run.ts'

/** Where the task of a server is found, kept sealed with ours. */
export interface UpstreamRef extends TaskTerms {
  readonly taskId: string
  /** Of the session it was made in: a server of 2025-11-25 may bind its tasks to it. */
  readonly sessionId?: string | undefined
}

/** What a call comes to next. */
export type Step =
  | { readonly kind: 'done'; readonly outcome: Outcome }
  /** The server asks its client; `requestState` is a modern server's own. */
  | {
      readonly kind: 'input'
      readonly inputRequests: JsonObject
      readonly requestState: string | undefined
      /** A modern server's own words. */
      readonly result: JsonObject
    }
  /** The server runs it as a task of its own. */
  | { readonly kind: 'task'; readonly ref: UpstreamRef; readonly handle: JsonObject }

/** A `tools/call` at a server that may outlive the request of its client. */
export interface OpenCall {
  /** What the client would hear if it waited. */
  readonly first: Promise<Step>
  /** Nobody waits any more: questions go to the run. Never resolves with `input`. */
  goOn(run: TaskRun): Promise<Exclude<Step, { kind: 'input' }>>
  cancel(reason: ParleyError): void
}

export interface CallWays {
  readonly sources: CredentialSources
  readonly pool: SessionPool
  readonly held: HeldCalls
  /** For a server's requests that come outside of any exchange; they say which of its tasks they belong to. */
  readonly taskEvents: (server: string) => Partial<ExchangeEvents>
}

export interface CallPlan {
  readonly entry: ServerEntry
  readonly principal: Principal
  readonly terms: TaskTerms
  /** As a modern client would send them, under the server's own names. */
  readonly params: JsonObject
  /** How long it may take in all. */
  readonly patienceMs: number
  /** Progress and log messages while the client waits. */
  readonly notify: (notification: ServerNotification) => void
  /** As in `ExchangeEvents`, while a client is on the line. */
  readonly ready?: ExchangeEvents['ready']
}

/** How often a server may ask within one call. */
export const MAX_ROUNDS = 20

/** A result as a step; undefined when it is none that the revision knows. */
export function toStep(outcome: Outcome, terms: TaskTerms): Step {
  if ('error' in outcome) return { kind: 'done', outcome }
  const { result } = outcome
  if (result['resultType'] === 'task') return taskStep(result, terms)
  if (result['resultType'] !== 'input_required') return { kind: 'done', outcome }
  const { inputRequests, requestState } = result
  return {
    kind: 'input',
    inputRequests: isObject(inputRequests) ? inputRequests : {},
    requestState: typeof requestState === 'string' ? requestState : undefined,
    result,
  }
}

/** Throws `upstream_invalid` for a task without an id. */
export function taskStep(
  task: JsonObject,
  { capabilities, clientInfo }: TaskTerms,
  sessionId?: string,
): Step {
  const { taskId } = task
  if (typeof taskId !== 'string' || taskId === '' || taskId.length > 1000)
    throw new ParleyError('upstream_invalid', 'The server made a task without an id.')
  return { kind: 'task', ref: { capabilities, clientInfo, taskId, sessionId }, handle: task }
}
