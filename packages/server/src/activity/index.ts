export { CallTemplate } from './call-template.ts'
export type { CallDetails, CallFacts } from './call-template.ts'
export { createActivity } from './create-activity.ts'
export type { Activity } from './create-activity.ts'
