import { agentConnectionHandlers, type AgentConnectionTools } from './agent-connection-handlers.ts'
import { agentHandlers, type AgentTools } from './agent-handlers.ts'
import { appHandlers, type AppTools } from './app-handlers.ts'
import type { ConnectionTools } from './connection-desk.ts'
import { connectionHandlers } from './connection-handlers.ts'
import { bundleHandlers, type BundleTools } from './bundle-handlers.ts'
import { grantHandlers, type GrantTools } from './grant-handlers.ts'
import { groupHandlers } from './group-handlers.ts'
import { cardHandlers, type CardTools } from './card-handlers.ts'
import type { ApiHandlers } from './handlers.ts'
import { hubHandlers, type HubTools } from './hub-handlers.ts'
import { keyHandlers, type KeyTools } from './key-handlers.ts'
import { meHandlers } from './me-handlers.ts'
import { myConnectionHandlers } from './my-connection-handlers.ts'
import { peopleHandlers, type PeopleTools } from './people-handlers.ts'
import { resourceHandlers, type ResourceTools } from './resource-handlers.ts'
import { serverHandlers, type ServerTools } from './server-handlers.ts'
import { taskHandlers, type TaskTools } from './task-handlers.ts'
import { webhookHandlers, type WebhookTools } from './webhook-handlers.ts'

export type RouteTools = HubTools &
  ServerTools &
  BundleTools &
  PeopleTools &
  AppTools &
  AgentTools &
  CardTools &
  AgentConnectionTools &
  GrantTools &
  ResourceTools &
  ConnectionTools &
  KeyTools &
  TaskTools &
  WebhookTools

/** What each route of the contract does. */
export function createRoutes(tools: RouteTools): ApiHandlers {
  return {
    ...hubHandlers(tools),
    ...serverHandlers(tools),
    ...bundleHandlers(tools),
    ...peopleHandlers(tools),
    ...groupHandlers(tools),
    ...appHandlers(tools),
    ...agentHandlers(tools),
    ...cardHandlers(tools),
    ...agentConnectionHandlers(tools),
    ...grantHandlers(tools),
    ...resourceHandlers(tools),
    ...connectionHandlers(tools),
    ...keyHandlers(tools),
    ...taskHandlers(tools),
    ...webhookHandlers(tools),
    ...meHandlers(tools),
    ...myConnectionHandlers(tools),
  }
}
