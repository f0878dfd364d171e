import { startSdkAgent, type SdkAgent, type SdkAgentOptions } from './sdk-agent.ts'
import { startTestHub, type TestHub } from './start-test-hub.ts'

export interface AgentHub extends AsyncDisposable {
  readonly hub: TestHub
  readonly agent: SdkAgent
  /** Where clients reach the agent: its card is below it. */
  readonly url: string
  /** One JSON-RPC request as the key's holder. */
  rpc(method: string, params: unknown, headers?: Readonly<Record<string, string>>): Promise<RpcAnswer>
  /** A stream's results, until it ends or `until` says so. */
  stream(method: string, params: unknown, until?: (result: any) => boolean): Promise<any[]>
}

export interface RpcAnswer {
  readonly status: number
  readonly headers: Headers
  readonly result: any
  readonly error: any
}

/** The hub with one agent of the reference SDK behind it, called `helper`. */
export async function startAgentHub(
  options: { yaml?: string; agent?: SdkAgentOptions; dataDir?: string; running?: SdkAgent } = {},
): Promise<AgentHub> {
  const agent = options.running ?? (await startSdkAgent(options.agent))
  const hub = await startTestHub(
    options.yaml,
    options.dataDir === undefined ? {} : { dataDir: options.dataDir },
  )
  const known = await hub.api('GET', '/api/cards')
  if (!JSON.stringify(known.body).includes('"helper"')) {
    const added = await hub.api('POST', '/api/cards', {
      name: 'helper',
      url: agent.cardUrl,
      allowHosts: [new URL(agent.url('GRPC')).host],
      public: true,
    })
    if (added.status >= 300) throw new Error(`the agent was not taken: ${JSON.stringify(added.body)}`)
  }
  const url = `${hub.url}/a2a/agents/helper`
  const post = (method: string, params: unknown, headers: Readonly<Record<string, string>>) =>
    fetch(url, {
      method: 'POST',
      headers: {
        authorization: hub.headers.Authorization,
        'content-type': 'application/json',
        'a2a-version': '1.0',
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
  return {
    hub,
    agent,
    url,
    async rpc(method, params, headers = {}) {
      const response = await post(method, params, headers)
      const body = (await response.json()) as { result?: unknown; error?: unknown }
      return { status: response.status, headers: response.headers, result: body.result, error: body.error }
    },
    async stream(method, params, until = () => false) {
      const response = await post(method, params, { accept: 'text/event-stream' })
      const results: any[] = []
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        const events = text.split('\n\n')
        text = events.pop()!
        for (const event of events) {
          if (!event.startsWith('data: ')) continue
          const { result, error } = JSON.parse(event.slice(6))
          results.push(result ?? { error })
          if (until(result)) return results
        }
      }
      if (!response.headers.get('content-type')?.includes('event-stream')) results.push(JSON.parse(text))
      return results
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      if (!options.running) await agent[Symbol.asyncDispose]()
    },
  }
}

let count = 0

/** A message of a user whose first word tells the agent what to do. */
export function say(text: string, more: object = {}): { readonly message: Record<string, unknown> } {
  return {
    message: { messageId: `m-${++count}-${process.pid}`, role: 'ROLE_USER', parts: [{ text }], ...more },
  }
}
