import { createMCPClient, ElicitationRequestSchema } from '@ai-sdk/mcp'
import { answerElicitation } from './answers.ts'
import type { Driver, ListedTool, ResourceContent, Target, ToolResult } from './driver.ts'

/** `@ai-sdk/mcp`, an implementation of its own. */
export async function driveAiSdk(target: Target): Promise<Driver> {
  const headers: Record<string, string> =
    target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }
  const client = await createMCPClient({
    transport: { type: 'http', url: target.url, headers },
    clientName: 'matrix-ai-sdk',
    capabilities: { elicitation: {} },
  })
  client.onElicitationRequest(ElicitationRequestSchema, ({ params }) => answerElicitation(params))

  return {
    revision: () => client.initializeResult.protocolVersion,
    listTools: async () => {
      const all: ListedTool[] = []
      let cursor: string | undefined
      do {
        const page = await client.listTools(cursor === undefined ? {} : { params: { cursor } })
        all.push(...(page.tools as ListedTool[]))
        cursor = page.nextCursor
      } while (cursor !== undefined)
      return all
    },
    callTool: async ({ name, args = {} }) => (await client.callTool({ name, arguments: args })) as ToolResult,
    listResources: async () => (await client.listResources()).resources,
    readResource: async (uri) => (await client.readResource({ uri })).contents as ResourceContent[],
    listTemplates: async () => (await client.listResourceTemplates()).resourceTemplates,
    listPrompts: async () => (await client.listPrompts()).prompts,
    getPrompt: (name, args) => client.getPrompt({ name, arguments: args }),
    complete: async (completion) =>
      (await client.complete({ ...completion, ref: { ...completion.ref } })).completion.values,
    close: () => client.close(),
  }
}
