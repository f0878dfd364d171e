import { randomUUID } from 'node:crypto'
import type { Access } from '../access/index.ts'
import { AGENT_QUERY_SCHEMA, describeAgents, readAgentQuery, type Directory } from '../directory/index.ts'
import type { AgentDesk } from '../gateway/index.ts'
import type { A2aHub } from '../hub/index.ts'
import type { JsonObject } from '../lib/json-rpc.ts'

/** The agents for the tools of the gateway: found in the directory, asked through the hub like by any other client. */
export function createAgentDesk(rooms: {
  readonly directory: Directory
  readonly access: Pick<Access, 'visible'>
  readonly origin: () => string
  /** Opened after the gateway. */
  readonly hub: () => Pick<A2aHub, 'ask'>
}): AgentDesk {
  const { directory, access, origin, hub } = rooms
  return {
    querySchema: AGENT_QUERY_SCHEMA,
    isOffered(principal) {
      const visible = access.visible(principal)
      return directory
        .entries()
        .some(({ name, skills }) => skills.some(({ id }) => visible(`skill:${name}/${id}`)))
    },
    find(principal, query) {
      const { found, next } = directory.search(readAgentQuery(query), access.visible(principal))
      return { agents: describeAgents(found, origin()), next }
    },
    ask(principal, { agent, text, data, contextId, taskId, traceparent }) {
      const parts = [
        ...(text === undefined ? [] : [{ text }]),
        ...(data === undefined ? [] : [{ data, mediaType: 'application/json' }]),
      ]
      const message: JsonObject = {
        messageId: randomUUID(),
        role: 'ROLE_USER',
        parts,
        ...(contextId !== undefined && { contextId }),
        ...(taskId !== undefined && { taskId }),
      }
      return hub().ask(principal, agent, { request: { message }, traceparent })
    },
  }
}
