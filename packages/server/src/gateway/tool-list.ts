import { CALL_TOOL, FIND_TOOLS, capabilityName, type ToolSearchSettings } from '@parley/contract'
import type { Bundle } from '../bundles/index.ts'
import { matchesPattern } from '../grants/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'
import { bundleOf, type GatewayTools, type Scope } from './call.ts'
import type { FoundTool } from './search-catalog.ts'

/** How the endpoint shows its tools: as it is set, unless its address says otherwise. */
export function searchSettings(
  tools: Pick<GatewayTools, 'bundles' | 'toolSearch'>,
  scope: Scope,
): ToolSearchSettings {
  const settings = bundleOf(tools, scope)?.terms.toolSearch ?? tools.toolSearch
  const asked = scope.kind === 'merged' ? scope.search : undefined
  return asked === undefined ? settings : { ...settings, mode: asked }
}

/** Whether a caller who may use so many tools searches them in place of seeing them. */
export function searches({ mode, aboveTools }: ToolSearchSettings, count: number): boolean {
  return mode === 'on' || (mode === 'auto' && count > aboveTools)
}

export function isPinned({ pinned }: ToolSearchSettings, { entry, definition }: FoundTool): boolean {
  const capability = capabilityName({ kind: 'tool', owner: entry.name, name: definition.name })
  return pinned.some((pattern) => matchesPattern(pattern, capability))
}

const MAX_SERVERS_NAMED = 40

/** The two tools that stand for all others. */
export function searchTools(
  bundle: Bundle | undefined,
  servers: readonly string[],
  count: number,
): JsonObject[] {
  const named = servers.slice(0, MAX_SERVERS_NAMED).join(', ')
  const more = servers.length > MAX_SERVERS_NAMED ? ` and ${servers.length - MAX_SERVERS_NAMED} more` : ''
  const where = bundle ? `${bundle.terms.title ?? bundle.name} (${named}${more})` : `${named}${more}`
  return [
    {
      name: FIND_TOOLS,
      title: 'Find tools',
      description:
        `Finds tools by what they do, among ${count} tools of: ${where}. Say in a few words what is to be done. ` +
        `The answer has each tool's name, description and input schema; call one with ${CALL_TOOL}.`,
      inputSchema: {
        type: 'object',
        properties: {
          query: {
            type: 'string',
            maxLength: 1000,
            description: 'What is to be done, such as "open an issue".',
          },
          limit: { type: 'integer', minimum: 1, maximum: 20, default: 5 },
          server: { type: 'string', maxLength: 40, description: 'Only tools of this server.' },
        },
        required: ['query'],
        additionalProperties: false,
      },
      outputSchema: {
        type: 'object',
        properties: { tools: { type: 'array', items: { type: 'object' } } },
        required: ['tools'],
      },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    {
      name: CALL_TOOL,
      title: 'Call a tool',
      description: `Calls a tool that ${FIND_TOOLS} has found, with arguments that its input schema asks for.`,
      inputSchema: {
        type: 'object',
        properties: {
          name: { type: 'string', maxLength: 200, description: `The tool's name as ${FIND_TOOLS} gave it.` },
          arguments: { type: 'object', description: "By the tool's own input schema." },
        },
        required: ['name'],
        additionalProperties: false,
      },
    },
  ]
}
