import { sendRaw } from './raw-mcp.ts'
import { modernRequest } from './scripted-upstream.ts'
import { until, type TestHub } from './start-test-hub.ts'

type Json = Record<string, any>

/** What a client of 2026-07-28 declares that can be answered with a task. */
export const TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

export const text = (words: string) => ({ content: [{ type: 'text', text: words }] })

/** A tool that takes its time by its own word, one that nobody may wait for, and one that says nothing. */
export const TASK_TOOLS = [
  { name: 'slow', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } },
  { name: 'required', inputSchema: { type: 'object' }, execution: { taskSupport: 'required' } },
  { name: 'plain', inputSchema: { type: 'object' } },
]

/** A client of the tasks extension at one endpoint. */
export function taskClient(hub: TestHub, path = '/mcp/servers/one', capabilities: Json = TASKS) {
  const ask = (method: string, params: Json) => {
    const request = modernRequest(method, params, capabilities)
    if (params['taskId'] !== undefined) request.headers['mcp-name'] = params['taskId']
    return sendRaw(hub, { path, headers: request.headers, body: request.body })
  }
  const get = async (taskId: string): Promise<Json> => (await ask('tasks/get', { taskId })).body.result
  return {
    ask,
    get,
    call: async (name: string, more: Json = {}): Promise<Json> =>
      (await ask('tools/call', { name, arguments: {}, ...more })).body.result,
    /** The task once it stands like this. */
    async when(taskId: string, status: string): Promise<Json> {
      let task: Json = {}
      await until(async () => (task = await get(taskId))['status'] === status)
      return task
    },
  }
}
