import { knows, type RevisionFeatureName, type SessionRevision } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'
import { LIST_FIELDS, isListMethod } from './protocol.ts'
import { toClientContent } from './to-client-content.ts'

/**
 * An answer as the client's revision knows it. What is not ours to judge, `_meta` above all, stays: results are open to
 * fields that a client does not know.
 */
export function toClientOutcome(revision: SessionRevision, method: string, outcome: Outcome): Outcome {
  if ('error' in outcome) return outcome
  const { result } = outcome
  if (isListMethod(method)) return { result: withItems(revision, LIST_FIELDS[method].items, result) }
  if (method === 'tools/call') return { result: toToolResult(revision, result) }
  if (method === 'prompts/get') return { result: toPrompt(revision, result) }
  return outcome
}

const NEWER_FIELDS: Readonly<Record<string, RevisionFeatureName>> = {
  annotations: 'toolAnnotations',
  outputSchema: 'structuredContent',
  title: 'titles',
  icons: 'icons',
  websiteUrl: 'icons',
  execution: 'sessionTasks',
}

/** A definition, or who the server is, without the fields that are newer than the client. */
export function toClientDefinition(revision: SessionRevision, item: JsonObject, isTool = false): JsonObject {
  const isNewer = (field: string) => {
    // The annotations of anything but a tool are as old as resources.
    const feature = field === 'annotations' && !isTool ? undefined : own(NEWER_FIELDS, field)
    return feature !== undefined && !knows(revision, feature)
  }
  const known = Object.fromEntries(Object.entries(item).filter(([field]) => !isNewer(field)))
  if (!isTool) return known
  if (isObject(known['outputSchema']) && known['outputSchema']['type'] !== 'object')
    delete known['outputSchema']
  const { title } = item
  const annotations = isObject(item['annotations']) ? item['annotations'] : {}
  if (typeof title !== 'string' || knows(revision, 'titles') || !knows(revision, 'toolAnnotations'))
    return known
  return { ...known, annotations: { title, ...annotations } }
}

function withItems(revision: SessionRevision, field: string, result: JsonObject): JsonObject {
  const items = result[field]
  if (!Array.isArray(items)) return result
  return {
    ...result,
    [field]: items.map((item: unknown) =>
      isObject(item) ? toClientDefinition(revision, item, field === 'tools') : item,
    ),
  }
}

function toToolResult(revision: SessionRevision, result: JsonObject): JsonObject {
  const { structuredContent, content, ...rest } = result
  const blocks = Array.isArray(content) ? content.map((block) => toClientContent(revision, block)) : content
  if (structuredContent === undefined) return blocks === undefined ? rest : { ...rest, content: blocks }
  if (knows(revision, 'structuredContent') && isObject(structuredContent))
    return { ...rest, content: blocks, structuredContent }
  // MCP 2025-06-18, Structured Content: the same as text is for clients that know no other; not every server sends it.
  const isEmpty = !Array.isArray(blocks) || blocks.length === 0
  const text = { type: 'text', text: JSON.stringify(structuredContent) }
  return { ...rest, content: isEmpty ? [text] : blocks }
}

function toPrompt(revision: SessionRevision, result: JsonObject): JsonObject {
  const { messages } = result
  if (!Array.isArray(messages)) return result
  return {
    ...result,
    messages: messages.map((message: unknown) =>
      isObject(message) ? { ...message, content: toClientContent(revision, message['content']) } : message,
    ),
  }
}

const NEWER_CAPABILITIES: Readonly<Record<string, RevisionFeatureName>> = {
  completions: 'completions',
  tasks: 'sessionTasks',
}

/** What a server offers, or a client declares, without what its revision has no word for. */
export function toClientCapabilities(revision: SessionRevision, capabilities: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(capabilities).filter(([name]) => {
      const feature = own(NEWER_CAPABILITIES, name)
      return feature === undefined || knows(revision, feature)
    }),
  )
}

/** What a client can be asked: what it declares counts only as far as its revision defines it. */
export function readClientCapabilities(revision: SessionRevision, declared: JsonObject): JsonObject {
  const { elicitation, sampling, ...rest } = toClientCapabilities(revision, declared)
  const { url: _url, ...form } = isObject(elicitation) ? elicitation : {}
  const { tools: _tools, ...plain } = isObject(sampling) ? sampling : {}
  const asks = knows(revision, 'urlElicitation') ? elicitation : form
  return {
    ...rest,
    ...(isObject(elicitation) && knows(revision, 'elicitation') ? { elicitation: asks } : {}),
    ...(isObject(sampling) ? { sampling: knows(revision, 'samplingTools') ? sampling : plain } : {}),
  }
}

interface Notification {
  readonly method: string
  readonly params?: JsonObject
}

const NEWER_NOTIFICATIONS: Readonly<Record<string, RevisionFeatureName>> = {
  'notifications/elicitation/complete': 'urlElicitation',
  'notifications/tasks/status': 'sessionTasks',
}

/** A notification as the client's revision knows it; undefined when it does not. */
export function toClientNotification<kind extends Notification>(
  revision: SessionRevision,
  notification: kind,
): kind | undefined {
  const feature = own(NEWER_NOTIFICATIONS, notification.method)
  if (feature !== undefined && !knows(revision, feature)) return undefined
  if (notification.method !== 'notifications/progress' || knows(revision, 'progressMessage'))
    return notification
  const { message: _message, ...params } = notification.params ?? {}
  return { ...notification, params }
}

function own<value>(table: Readonly<Record<string, value>>, key: string): value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}
