import { z } from 'zod'
import { OWNER_NAME, OWNER_NAME_MAX_LENGTH } from '../capability.ts'
import { idOf, instant, type ApiRoute } from './api-route.ts'

/** How an agent proves itself: a key pair made here, its own public keys (a JWK Set), or a secret. */
const proof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('new-key') }),
  z.strictObject({ kind: z.literal('own-keys'), jwks: z.record(z.string(), z.unknown()) }),
  z.strictObject({ kind: z.literal('secret') }),
])

/** Told once: the hub keeps only the public key, or a hash. */
const shownOnce = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('private-key'), privateKey: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal('secret'), secret: z.string() }),
  z.object({ kind: z.literal('nothing') }),
])

export const agentView = z.object({
  id: idOf('agent'),
  name: z.string(),
  owner: idOf('person').nullable(),
  /** `retired` is final. */
  state: z.enum(['active', 'suspended', 'retired']),
  authMethod: z.enum(['private_key_jwt', 'client_secret_basic']),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
})

const proofView = z.object({
  id: z.string(),
  kind: z.enum(['key', 'secret']),
  publicKey: z.record(z.string(), z.string()).nullable(),
  createdAt: instant,
  expiresAt: instant.nullable(),
})

const agentDetail = agentView.extend({ proofs: z.array(proofView) })

export type AgentView = z.infer<typeof agentView>
export type AgentDetail = z.infer<typeof agentDetail>
export type ShownOnceView = z.infer<typeof shownOnce>

const AGENT = '/api/agents/{agent}'
const MAX_GRACE_SECONDS = 7 * 24 * 3600

/** Workloads with an identity, keys and an owner. */
export const agentRoutes = {
  listAgents: {
    method: 'GET',
    path: '/api/agents',
    summary: 'All agents; `limits.agents` says how many there may be',
    action: 'clients.read',
    response: z.object({ agents: z.array(agentView) }),
  },
  showAgent: {
    method: 'GET',
    path: AGENT,
    summary: 'One agent, and what it can prove itself with',
    action: 'clients.read',
    response: agentDetail,
  },
  addAgent: {
    method: 'POST',
    path: '/api/agents',
    summary: 'Add an agent; its private key or secret is told once',
    action: 'clients.manage',
    body: z.strictObject({
      name: z
        .string()
        .max(OWNER_NAME_MAX_LENGTH)
        .regex(OWNER_NAME, 'lower-case letters, digits and single hyphens'),
      owner: idOf('person').nullable().default(null),
      proof: proof.default({ kind: 'new-key' }),
    }),
    response: z.object({ agent: agentView, shownOnce }),
  },
  rotateAgentKeys: {
    method: 'POST',
    path: `${AGENT}/keys`,
    summary: 'New keys or a new secret, told once; the old ones go on for a while',
    action: 'clients.rotate',
    body: z.strictObject({
      proof: proof.default({ kind: 'new-key' }),
      graceSeconds: z.number().int().min(0).max(MAX_GRACE_SECONDS).default(3600),
    }),
    response: z.object({ agent: agentView, shownOnce }),
  },
  suspendAgent: {
    method: 'POST',
    path: `${AGENT}/suspend`,
    summary: 'It gets no tokens, and those it has end at once',
    action: 'clients.manage',
    response: agentView,
  },
  reactivateAgent: {
    method: 'POST',
    path: `${AGENT}/reactivate`,
    summary: 'Let it get tokens again',
    action: 'clients.manage',
    response: agentView,
  },
  retireAgent: {
    method: 'POST',
    path: `${AGENT}/retire`,
    summary: 'End it for good; its name is never given again',
    action: 'clients.manage',
    response: agentView,
  },
} as const satisfies Record<string, ApiRoute>
