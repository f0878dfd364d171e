import { knows, type Revision } from '@parley/contract'
import { isObject, type JsonObject, type Outcome } from '../lib/json-rpc.ts'

/** Parameters as the server's revision knows them. */
export function toUpstreamParams(
  revision: Revision,
  method: string,
  params: JsonObject | undefined,
): JsonObject | undefined {
  if (method !== 'completion/complete' || !params || knows(revision, 'completionContext')) return params
  const { context: _context, ...rest } = params
  return rest
}

/** A client's answer to a server's question as the server's revision knows it. */
export function toUpstreamAnswer(revision: Revision, method: string, outcome: Outcome): Outcome {
  if (method !== 'sampling/createMessage' || !('result' in outcome)) return outcome
  if (knows(revision, 'samplingTools')) return outcome
  const { content } = outcome.result
  return Array.isArray(content) ? { result: { ...outcome.result, content: oneOf(content) } } : outcome
}

/** Before 2025-11-25 a sampled message is one block: its text, or else the first there is. */
function oneOf(blocks: readonly unknown[]): unknown {
  const texts = blocks.filter(isObject).filter((block) => block['type'] === 'text')
  if (texts.length === 0) return blocks[0] ?? { type: 'text', text: '' }
  return { type: 'text', text: texts.map((block) => String(block['text'])).join('\n') }
}
