import { OWNER_NAME, OWNER_NAME_MAX_LENGTH } from '@parley/contract'
import { z } from 'zod'

export const agentName = z
  .string()
  .max(OWNER_NAME_MAX_LENGTH)
  .regex(OWNER_NAME, 'an agent name is lower-case letters, digits and single hyphens, such as "weather"')

/** An agent that can be asked. Its card is approved with it; what changes later waits for a review. */
export const agent = z.strictObject({
  card: z
    .string()
    .min(1)
    .max(4096)
    .describe('Where its card is, or where the agent is; or a file with the card, relative to this one.'),
  allowHosts: z
    .array(
      z
        .string()
        .max(262)
        .regex(
          /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/,
          'host:port, such as localhost:50051; a host alone means port 443',
        ),
    )
    .max(20)
    .default([])
    .describe('Hosts where its interfaces may be, beside the origin of its card.'),
  binding: z
    .enum(['JSONRPC', 'HTTP+JSON', 'GRPC'])
    .optional()
    .describe('Which of its interfaces is used; the first that is spoken here when absent.'),
  version: z.enum(['1.0', '0.3']).optional().describe('Which version of A2A is used.'),
  public: z
    .boolean()
    .default(false)
    .describe('Its card at the hub is shown to those without a credential too.'),
  keys: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      'JWK Set file of public keys, relative to this file: its card must be signed with one of them.',
    ),
})

export type FileAgent = z.output<typeof agent>
