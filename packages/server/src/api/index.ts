export { createApi } from './create-api.ts'
export type { ApiHandlers, ApiRequest, RouteName } from './create-api.ts'
export { createRoutes } from './server-routes.ts'
export type { RouteTools } from './server-routes.ts'
