export { accountRoutes } from './account-route.ts'
export { createPeople } from './create-people.ts'
export type {
  Actor,
  BrowserSession,
  Demand,
  Group,
  Invitation,
  OneTimeLink,
  People,
  PeopleDirectory,
  PeopleLimits,
  PeopleManagement,
  PeopleOptions,
  PeoplePresentation,
  Person,
} from './people.ts'
export { SEALED_PRESENTATION_NEEDS } from './presentation-store.ts'
export { SEALED_TOTP_SECRETS } from './factor-store.ts'
