import type { z } from 'zod'
import { agentRoutes } from './agent-routes.ts'
import type { ApiRoute, RouteParameters } from './api-route.ts'
import { appRoutes } from './app-routes.ts'
import { connectionRoutes } from './connection-routes.ts'
import { agentConnectionRoutes } from './agent-connection-routes.ts'
import { cardRoutes } from './card-routes.ts'
import { bundleRoutes } from './bundle-routes.ts'
import { grantRoutes } from './grant-routes.ts'
import { groupRoutes } from './group-routes.ts'
import { hubRoutes } from './hub-routes.ts'
import { keyRoutes } from './key-routes.ts'
import { meRoutes } from './me-routes.ts'
import { peopleRoutes } from './people-routes.ts'
import { resourceRoutes } from './resource-routes.ts'
import { serverRoutes } from './server-routes.ts'
import { taskRoutes } from './task-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** Every management route: validation, authorization, types and the OpenAPI document all come from this one table. */
export const apiRoutes = {
  ...hubRoutes,
  ...serverRoutes,
  ...bundleRoutes,
  ...peopleRoutes,
  ...groupRoutes,
  ...appRoutes,
  ...agentRoutes,
  ...cardRoutes,
  ...agentConnectionRoutes,
  ...grantRoutes,
  ...resourceRoutes,
  ...connectionRoutes,
  ...keyRoutes,
  ...taskRoutes,
  ...webhookRoutes,
  ...meRoutes,
} as const satisfies Record<string, ApiRoute>

export type ApiRouteName = keyof typeof apiRoutes
type Route<name extends ApiRouteName> = (typeof apiRoutes)[name]

/** What a caller sends, defaults left out. */
export type ApiBody<name extends ApiRouteName> =
  Route<name> extends { body: infer body extends z.ZodType } ? z.input<body> : undefined

/** What a caller gets. */
export type ApiReply<name extends ApiRouteName> = z.output<Route<name>['response']>

/** What a handler is given, checked, and what it must answer. */
export interface ApiExchange<name extends ApiRouteName> {
  readonly parameters: RouteParameters<Route<name>['path']>
  readonly query: Route<name> extends { query: infer query extends z.ZodType } ? z.output<query> : undefined
  readonly body: Route<name> extends { body: infer body extends z.ZodType } ? z.output<body> : undefined
  readonly reply: Readable<z.input<Route<name>['response']>>
}

/** The same value, promised not to be changed. */
type Readable<value> = value extends readonly (infer item)[]
  ? readonly Readable<item>[]
  : value extends object
    ? { readonly [key in keyof value]: Readable<value[key]> }
    : value
