import { z } from 'zod'
import { OWNER_NAME, OWNER_NAME_MAX_LENGTH, parseCapabilityName } from './capability.ts'
import { capabilityPattern } from './grant.ts'

/** The two tools that stand for a large catalog: one finds tools by what they do, the other calls one by its name. */
export const FIND_TOOLS = 'find_tools'
export const CALL_TOOL = 'call_tool'
/** The two tools by which agents are reached over MCP. */
export const FIND_AGENTS = 'find_agents'
export const ASK_AGENT = 'ask_agent'

const OWN_TOOLS: readonly string[] = [FIND_TOOLS, CALL_TOOL, FIND_AGENTS, ASK_AGENT]

/** A bundle's name, as it stands in its address. */
export const bundleName = z
  .string()
  .max(OWNER_NAME_MAX_LENGTH)
  .regex(OWNER_NAME, 'a bundle name is lower-case letters, digits and single hyphens, such as "support-desk"')

/** What a tool is called in a bundle; `__` is left to names that begin with their server. */
export const toolAlias = z
  .string()
  .max(64)
  .regex(
    /^[A-Za-z](?:_?[A-Za-z0-9.-])*$/,
    'letters, digits, ".", "-" and single "_", beginning with a letter',
  )
  .refine((alias) => !OWN_TOOLS.includes(alias), 'is a tool of the hub itself')

/** How an endpoint with many tools shows them. */
export const toolSearchSettings = z.strictObject({
  mode: z
    .enum(['off', 'on', 'auto'])
    .default('off')
    .describe(
      `on: clients see ${FIND_TOOLS} and ${CALL_TOOL} in place of the tools. auto: from aboveTools on.`,
    ),
  aboveTools: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('With auto: a caller who may use more tools than this searches them.'),
  pinned: z
    .array(capabilityPattern)
    .max(100)
    .default([])
    .describe('Tools that are listed all the same, such as tool:files/read_text_file.'),
})

/** A named selection of capabilities over several servers, with an endpoint of its own. */
export const bundleTerms = z.strictObject({
  title: z.string().min(1).max(100).optional().describe('What people are shown; the name when absent.'),
  description: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('What it is for, told to clients as instructions.'),
  capabilities: z
    .array(capabilityPattern)
    .min(1)
    .max(1000)
    .describe('Capabilities by name or beginning, such as tool:github/* or prompt:tickets/triage.'),
  rename: z
    .record(capabilityPattern, toolAlias)
    .default({})
    .describe('Other names for single tools: tool:tickets/create_ticket: new_ticket.'),
  toolSearch: toolSearchSettings.prefault({}),
})

export type ToolSearchSettings = z.output<typeof toolSearchSettings>
export type BundleTerms = z.output<typeof bundleTerms>

const NAMES = /^(?:(?:tool|prompt|resource|template):(?:\*|[a-z][a-z0-9-]*(?:\*|\/.+))|\*)$/su

/** What is wrong with the terms beyond their form, for people; undefined when nothing is. */
export function findBundleFault(terms: Pick<BundleTerms, 'capabilities' | 'rename'>): string | undefined {
  const unknown = terms.capabilities.find((pattern) => !NAMES.test(pattern))
  if (unknown !== undefined)
    return `"${unknown}" names no capability; write tool:SERVER/NAME, or its beginning with * at the end.`
  const seen = new Set<string>()
  for (const [capability, alias] of Object.entries(terms.rename)) {
    if (parseCapabilityName(capability)?.kind !== 'tool' || capability.endsWith('*'))
      return `"${capability}" is no tool's name; single tools are renamed, as tool:SERVER/NAME.`
    if (!terms.capabilities.some((pattern) => isNamedBy(pattern, capability)))
      return `"${capability}" is renamed, but the bundle does not include it.`
    if (seen.has(alias)) return `Two tools are renamed to "${alias}".`
    seen.add(alias)
  }
  return undefined
}

function isNamedBy(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name
}
