import type { ScopeTree } from './scope-tree.ts'
import { RuleTable, type MessageGate, type ToolNeeds, type ToolRules } from './tool-rules.ts'

/** Reads which skill a message of A2A is for; the message is unchecked input. */
export type SkillOf = (message: Readonly<Record<string, unknown>>) => string | undefined

/** What has an agent do something, in A2A 1.0 and 0.3. */
const SENDS: readonly unknown[] = ['SendMessage', 'SendStreamingMessage', 'message/send', 'message/stream']

/**
 * What messages to an agent need. A message names no skill of its own accord, and may set off any: unless the agent can tell,
 * it needs what all of them need.
 */
export class SkillGate implements MessageGate {
  readonly #rules: RuleTable
  readonly #skillOf: SkillOf

  constructor(
    options: { readonly rules: ToolRules; readonly skillOf: SkillOf | undefined },
    scopes: ScopeTree,
  ) {
    this.#rules = new RuleTable(options.rules, scopes, 'The skill')
    this.#skillOf = options.skillOf ?? (() => undefined)
  }

  isFor(capability: string, body: unknown): boolean {
    const messages = messagesOf(body)
    // `skill:`, the hub's name of the agent, a slash, and the agent's own id of the skill.
    const own = /^skill:[^/]*\/(.*)$/s.exec(capability)?.[1]
    return messages.every((message) => own !== undefined && this.#skillOf(message) === own)
  }

  needsOf(body: unknown): readonly ToolNeeds[] {
    return messagesOf(body).flatMap((message) => {
      const skill = this.#skillOf(message)
      const skills = skill === undefined ? this.#rules.names : [skill]
      return skills.map((name) => this.#rules.needsOf(name, message))
    })
  }
}

/** The messages in a body: of JSON-RPC, or of HTTP+JSON, which has them bare (§11.3.1). */
function messagesOf(body: unknown): readonly Record<string, unknown>[] {
  if (Array.isArray(body)) return body.flatMap(messagesOf)
  if (typeof body !== 'object' || body === null) return []
  const { method, params, message } = body as { method?: unknown; params?: unknown; message?: unknown }
  if (SENDS.includes(method)) return [recordOf(recordOf(params)['message'])]
  return method === undefined && message !== undefined ? [recordOf(message)] : []
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
