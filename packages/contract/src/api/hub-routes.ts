import { z } from 'zod'
import type { ApiRoute } from './api-route.ts'

export const statusView = z.object({
  name: z.literal('parley'),
  version: z.string(),
  uptimeSeconds: z.number(),
  store: z.object({
    journalMode: z.string(),
    synchronous: z.string(),
    sqliteVersion: z.string(),
    writable: z.boolean(),
  }),
  servers: z.object({ total: z.number(), ready: z.number(), quarantinedDefinitions: z.number() }),
  activity: z.object({ queued: z.number(), dropped: z.number(), lastSeq: z.number() }),
})

export type StatusView = z.infer<typeof statusView>

const activityQuery = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Only records before this `seq`; `next` of the last page.'),
})

/** The hub itself: its state, its record, its description, its backup. */
export const hubRoutes = {
  status: {
    method: 'GET',
    path: '/api/status',
    summary: 'State of the hub',
    action: 'hub.read',
    response: statusView,
  },
  listActivity: {
    method: 'GET',
    path: '/api/activity',
    summary: 'The newest activity records, newest first, at most 100',
    action: 'activity.read',
    query: activityQuery,
    response: z.object({
      /** As they were recorded. */
      records: z.array(z.record(z.string(), z.unknown())),
      /** What the people, apps, agents and grants in them are called now, by id. */
      names: z.record(z.string(), z.string()),
      next: z.number().nullable(),
    }),
  },
  openapi: {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description, as OpenAPI 3.1',
    action: 'hub.read',
    response: z.record(z.string(), z.unknown()),
  },
  backup: {
    method: 'POST',
    path: '/api/backup',
    summary: 'Write an online backup into the data directory and name the file',
    action: 'hub.backup',
    response: z.object({ file: z.string(), bytes: z.number() }),
  },
} as const satisfies Record<string, ApiRoute>
