export { ID_PREFIXES, isId } from './ids.ts'
export type {
  AgentId,
  AppId,
  ConsentId,
  GrantId,
  GroupId,
  Id,
  IdKind,
  InvitationId,
  KeyId,
  PersonId,
  RequestId,
  ResourceId,
  ServerId,
  SessionId,
} from './ids.ts'
export { ACR_VALUES } from './principal.ts'
export type { Acr, Assurance, ChainLink, Principal, Role } from './principal.ts'
export {
  argumentConstraint,
  capabilityPattern,
  capabilityRule,
  grantLimits,
  grantTerms,
  parleyCapabilityDetail,
} from './grant.ts'
export type {
  ArgumentConstraint,
  CapabilityRule,
  Grant,
  GrantHolder,
  GrantLimits,
  GrantTerms,
  ParleyCapabilityDetail,
} from './grant.ts'
export {
  CAPABILITY_KINDS,
  MERGED_NAME_SEPARATOR,
  OWNER_NAME,
  OWNER_NAME_MAX_LENGTH,
  capabilityName,
  parseCapabilityName,
} from './capability.ts'
export type { Capability, CapabilityKind, CapabilityName } from './capability.ts'
export { MANAGEMENT_ACTIONS } from './management-action.ts'
export type { ManagementAction } from './management-action.ts'
export type { Decision, DecisionKind, Obligations } from './decision.ts'
export { ERRORS, ParleyError, toParleyError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type { ActivityFace, ActivityRecord } from './activity.ts'
export {
  addServerBody,
  apiRoutes,
  definitionView,
  definitionDiff,
  reviewBody,
  serverView,
  serverTestView,
  statusView,
} from './api.ts'
export type {
  AddServerBody,
  ApiRoute,
  DefinitionView,
  ReviewBody,
  ServerView,
  ServerTestView,
  StatusView,
} from './api.ts'
