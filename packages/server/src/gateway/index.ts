export type { GatewayLimits, GatewayTools } from './call.ts'
export { createGateway } from './create-gateway.ts'
export type { Gateway, ReadBody } from './create-gateway.ts'
export { RequestStates } from './request-state.ts'
