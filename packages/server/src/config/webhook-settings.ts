import { z } from 'zod'
import { limit } from './limit.ts'

/** Of push notifications; among the other limits. */
export const webhookLimits = {
  webhooks: limit(
    20_000,
    { min: 1, max: 1_000_000 },
    'Addresses that want to be told of tasks (push notifications); a tenth as many of one app or agent of one person.',
  ),
  webhooksPerTask: limit(10, { min: 1, max: 1000 }, 'Addresses that want to be told of one task.'),
  webhookEvents: limit(
    1000,
    { min: 1, max: 100_000 },
    'Notifications that wait for one address; beyond it they become one that tells how the task stands.',
  ),
  webhookTimeoutMs: limit(
    15_000,
    { min: 100, max: 60_000 },
    'Time for an address to take a notification, connecting included.',
  ),
  webhookRetryMs: limit(
    1000,
    { min: 1, max: 300_000 },
    'Time before a notification that failed is sent again; doubles with each failure up to 5 minutes.',
  ),
  webhookFailures: limit(
    20,
    { min: 1, max: 1000 },
    'Failures in a row after which an address is told nothing more; a day of failures does so too.',
  ),
}

/** Where notifications may go beside addresses on the public internet. */
export const webhooks = z.strictObject({
  allow: z
    .array(
      z
        .string()
        .max(300)
        .regex(
          /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?:[0-9]{1,5}|\*))?$/,
          'scheme, host in lower case and port, such as http://localhost:9999, or http://localhost:* for every port',
        ),
    )
    .max(100)
    .default([])
    .describe(
      'Origins, not on the public internet or on an unusual port, that may be told of tasks: http://localhost:9999.',
    ),
})
