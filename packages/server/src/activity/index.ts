export type { CallRecord } from './call-record.ts'
export { createActivity } from './create-activity.ts'
export type { Activity } from './create-activity.ts'
