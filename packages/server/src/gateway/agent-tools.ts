import { ASK_AGENT, FIND_AGENTS, type Principal } from '@parley/contract'
import { isObject, type JsonObject } from '../lib/json-rpc.ts'
import type { Call, GatewayTools, Scope } from './call.ts'

/** Agents as the tools of this gateway reach them: the hub of agents is no room of its own floor's to know. */
export interface AgentDesk {
  /** Whether there is one that the caller may ask. */
  isOffered(principal: Principal): boolean
  /** JSON Schema of what `find` takes. */
  readonly querySchema: JsonObject
  /** Throws `invalid_params` in words that a model can act on. */
  find(principal: Principal, query: JsonObject): JsonObject
  /**
   * Sends a message in the caller's name and waits for the answer, under the caller's own grant. Throws what the agent
   * answered. `left` fires when the caller goes.
   */
  ask(principal: Principal, question: AgentQuestion): Promise<JsonObject>
}

export interface AgentQuestion {
  readonly agent: string
  readonly text: string | undefined
  readonly data: unknown
  readonly contextId: string | undefined
  readonly taskId: string | undefined
  readonly traceparent: string | undefined
}

const MAX_TEXT = 100_000

/** Whether the call is of one of the two tools. They stand beside those of all servers, and in no bundle. */
export function isAgentCall({ method, scope, envelope }: Call): boolean {
  if (method !== 'tools/call' || !isForAll(scope)) return false
  return envelope.is('name', FIND_AGENTS) || envelope.is('name', ASK_AGENT)
}

/** The tools, for callers who may ask an agent. */
export function agentTools({ agents }: GatewayTools, scope: Scope, principal: Principal): JsonObject[] {
  if (!agents || !isForAll(scope) || !agents.isOffered(principal)) return []
  return [
    {
      name: FIND_AGENTS,
      title: 'Find agents',
      description: `Finds agents by what they do. Ask one with ${ASK_AGENT}.`,
      inputSchema: agents.querySchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    {
      name: ASK_AGENT,
      title: 'Ask an agent',
      description:
        `Sends a message to an agent that ${FIND_AGENTS} has found, and waits for what comes of it: an answer, a task with ` +
        'its artifacts, or a question, which is answered with the same taskId.',
      inputSchema: ASK_SCHEMA,
    },
  ]
}

/** What the call comes to. A tool's own failure is a result (MCP, Tools: Error Handling). */
export async function answerAgentCall({ agents }: GatewayTools, call: Call): Promise<JsonObject> {
  if (!agents) return failed('There are no agents at this hub.')
  const args = call.envelope.value('arguments') ?? {}
  try {
    if (!isObject(args)) return failed('The arguments must be an object.')
    if (call.envelope.is('name', FIND_AGENTS)) return structured(agents.find(call.principal, args))
    const question = readQuestion(args, call.headers.traceparent)
    if (typeof question === 'string') return failed(question)
    return toResult(await agents.ask(call.principal, question))
  } catch (error) {
    if (error instanceof Error && error.name === 'ParleyError') return failed(error.message)
    throw error
  }
}

function readQuestion(args: JsonObject, traceparent: string | undefined): AgentQuestion | string {
  const { agent, message, data, contextId, taskId } = args
  if (typeof agent !== 'string') return `${ASK_AGENT} takes {"agent": "…", "message": "…"}.`
  if (message !== undefined && (typeof message !== 'string' || message.length > MAX_TEXT))
    return `The message is a text of at most ${MAX_TEXT} characters.`
  if (message === undefined && data === undefined) return 'Say something to the agent, in message or data.'
  if (contextId !== undefined && typeof contextId !== 'string') return 'The contextId is a text.'
  if (taskId !== undefined && typeof taskId !== 'string') return 'The taskId is a text.'
  return { agent, text: message, data, contextId, taskId, traceparent }
}

/** Texts as they are; the whole of the answer as structured content. */
function toResult(answer: JsonObject): JsonObject {
  const task = isObject(answer['task']) ? answer['task'] : undefined
  const message = isObject(answer['message']) ? answer['message'] : undefined
  const status = isObject(task?.['status']) ? task['status'] : undefined
  const artifacts = Array.isArray(task?.['artifacts']) ? task['artifacts'] : []
  const texts = [
    ...(task ? [`Task ${String(task['id'])}: ${String(status?.['state'])}`] : []),
    ...textsOf(message),
    ...textsOf(status?.['message']),
    ...artifacts.flatMap(textsOf),
  ]
  const isError = status?.['state'] === 'TASK_STATE_FAILED' || status?.['state'] === 'TASK_STATE_REJECTED'
  return {
    content: [{ type: 'text', text: texts.join('\n') }],
    structuredContent: answer,
    ...(isError && { isError }),
  }
}

function textsOf(holder: unknown): string[] {
  const parts = isObject(holder) && Array.isArray(holder['parts']) ? holder['parts'] : []
  return parts.flatMap((part) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
}

function structured(found: JsonObject): JsonObject {
  return { content: [{ type: 'text', text: JSON.stringify(found) }], structuredContent: found }
}

function failed(text: string): JsonObject {
  return { content: [{ type: 'text', text }], isError: true }
}

function isForAll(scope: Scope): boolean {
  return scope.kind === 'merged' && scope.bundle === undefined
}

const ASK_SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    agent: { type: 'string', maxLength: 40, description: `The agent's name as ${FIND_AGENTS} gave it.` },
    message: { type: 'string', maxLength: MAX_TEXT, description: 'What to say, in words.' },
    data: { description: 'What to say as data, where the agent takes it.' },
    contextId: { type: 'string', maxLength: 512, description: 'Goes on with a conversation.' },
    taskId: { type: 'string', maxLength: 512, description: 'Answers the question of a task.' },
  },
  required: ['agent'],
  additionalProperties: false,
}
