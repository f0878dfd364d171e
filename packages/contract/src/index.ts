export { ID_PREFIXES, isId } from './ids.ts'
export type {
  AgentId,
  AppId,
  ConnectionId,
  ConsentId,
  EventId,
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
  TaskId,
  WebhookId,
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
  ASK_AGENT,
  CALL_TOOL,
  FIND_AGENTS,
  FIND_TOOLS,
  bundleName,
  bundleTerms,
  findBundleFault,
  toolAlias,
  toolSearchSettings,
} from './bundle.ts'
export type { BundleTerms, ToolSearchSettings } from './bundle.ts'
export { DEFAULT_CONTENT, contentSettings, mergeContent, readsResults } from './content.ts'
export type { ContentSettings } from './content.ts'
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
export { ACCESS_NEEDS, PRESENTATION_EXTENSION, READING_LEVELS, presentationNeeds } from './presentation.ts'
export type { PresentationNeeds } from './presentation.ts'
export { TASK_STATES } from './task-state.ts'
export type { TaskState } from './task-state.ts'
export { PAGE_SIZE, PATH_PARAMETERS } from './api/api-route.ts'
export type { ApiRoute, PathParameterName } from './api/api-route.ts'
export { apiRoutes } from './api/api-routes.ts'
export type { ApiBody, ApiExchange, ApiReply, ApiRouteName } from './api/api-routes.ts'
export type { AgentDetail, AgentView, ShownOnceView } from './api/agent-routes.ts'
export type { AddAppBody, AppView } from './api/app-routes.ts'
export type { AddCardBody, CardDetail, CardView, FoundAgentView } from './api/card-routes.ts'
export type { AgentConnections, AgentConnectionView } from './api/agent-connection-routes.ts'
export type { ConnectionView } from './api/connection-routes.ts'
export type { BundleDetail, BundleView } from './api/bundle-routes.ts'
export type { GrantDetail, GrantView } from './api/grant-routes.ts'
export type { GroupView } from './api/group-routes.ts'
export type { StatusView } from './api/hub-routes.ts'
export type { KeysView } from './api/key-routes.ts'
export type { CallerView } from './api/me-routes.ts'
export type { InvitationView, OneTimeLinkView, PersonView, SessionView } from './api/people-routes.ts'
export type { ResourceView } from './api/resource-routes.ts'
export { operationSelection } from './api/server-routes.ts'
export type { TaskDetail, TaskView } from './api/task-routes.ts'
export type { WebhookView } from './api/webhook-routes.ts'
export type {
  AddServerBody,
  DefinitionView,
  ReviewBody,
  ServerTestView,
  ServerView,
} from './api/server-routes.ts'
export { REVISIONS, REVISION_FEATURES, SESSION_REVISIONS, isSessionRevision, knows } from './revisions.ts'
export type { Revision, RevisionFeatureName, SessionRevision } from './revisions.ts'
