import { readFileSync } from 'node:fs'
import type { AgentCredential } from '@parley/sdk/agent'

export interface AgentSettings {
  readonly hub: string
  readonly port: number
  /** Where the agent is asked; tokens are for this address. */
  readonly url: string
  /** In its card; no two agents of a hub have the same. */
  readonly name: string
  /** Without one the agent can be asked, and asks nobody. */
  readonly credential?: AgentCredential
  /** The name at the hub of the agent that it asks in turn. */
  readonly ask: string | undefined
}

/** The only place where the examples of agents read the environment. */
export function readAgentSettings(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): AgentSettings {
  const port = Number(environment['PORT'] ?? 3000)
  const id = environment['AGENT_ID']
  const keyFile = environment['AGENT_KEY_FILE']
  return {
    hub: environment['HUB'] ?? 'http://localhost:4747',
    port,
    url: environment['AGENT_URL'] ?? `http://localhost:${port}/a2a`,
    name: environment['NAME'] ?? name,
    ask: environment['ASK'],
    ...(id !== undefined &&
      keyFile !== undefined && {
        credential: { id, privateKey: JSON.parse(readFileSync(keyFile, 'utf8')) },
      }),
  }
}
