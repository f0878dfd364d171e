/** What a tool of the suite's tasks scenarios does, whatever protocol it is called over. */
export interface TaskTool {
  readonly definition: {
    readonly name: string
    readonly inputSchema: { readonly type: 'object' }
    readonly execution?: { readonly taskSupport: 'optional' | 'required' }
  }
  run(args: Record<string, unknown>, way: Way): Promise<ToolResult>
}

export interface Way {
  sleep(milliseconds: number): Promise<void>
  /** Puts a form to the person, and answers what they entered. */
  ask(message: string): Promise<Record<string, unknown>>
}

export interface ToolResult {
  [key: string]: unknown
  content: { type: 'text'; text: string }[]
  isError?: boolean
}

/** A JSON-RPC error instead of a result. */
export class ProtocolError extends Error {
  readonly code = -32603
}

const inputSchema = { type: 'object' } as const
const optional = { taskSupport: 'optional' } as const
const required = { taskSupport: 'required' } as const

/** The tools that the suite's tasks scenarios call, as their descriptions demand. */
export const taskTools: TaskTool[] = [
  {
    definition: { name: 'greet', inputSchema },
    run: async ({ name }) => text(`Hello, ${String(name)}!`),
  },
  {
    definition: { name: 'slow_compute', inputSchema, execution: optional },
    async run({ seconds, label }, way) {
      await way.sleep(Number(seconds) * 1000)
      return text(`computed ${String(label)}`)
    },
  },
  {
    definition: { name: 'failing_job', inputSchema, execution: required },
    async run(_args, way) {
      await way.sleep(1000)
      return { ...text('the job failed'), isError: true }
    },
  },
  {
    definition: { name: 'protocol_error_job', inputSchema, execution: optional },
    async run(_args, way) {
      await way.sleep(1000)
      throw new ProtocolError('the job broke')
    },
  },
  {
    definition: { name: 'confirm_delete', inputSchema, execution: optional },
    async run({ filename }, way) {
      await way.sleep(1000)
      const { confirm } = await way.ask(`Delete ${String(filename)}?`)
      return text(confirm === true ? 'deleted' : 'kept')
    },
  },
  {
    definition: { name: 'multi_input', inputSchema, execution: optional },
    async run(_args, way) {
      await way.sleep(1000)
      const answers = await Promise.all([way.ask('First?'), way.ask('Second?')])
      return text(JSON.stringify(answers))
    },
  },
  {
    definition: { name: 'test_tool_with_task', inputSchema, execution: required },
    async run(_args, way) {
      const { name } = await way.ask('Your name?')
      await way.sleep(1000)
      return text(`Hello, ${String(name)}`)
    },
  },
]

export const questionSchema = {
  type: 'object',
  properties: { confirm: { type: 'boolean' }, name: { type: 'string' } },
} as const

function text(words: string): ToolResult {
  return { content: [{ type: 'text', text: words }] }
}
