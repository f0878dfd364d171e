import { z } from 'zod'
import { limit } from './limit.ts'
import { webhookLimits } from './webhook-settings.ts'

const MEBIBYTE = 1_048_576
const HOUR_MS = 3_600_000

/** Everything that grows, with its bound. */
export const limitsSchema = z.strictObject({
  requestsPerSecond: limit(
    1000,
    { min: 1, max: 1_000_000 },
    'Requests per second of one principal; bursts up to twice as many.',
  ),
  headerBytes: limit(16_384, { min: 1024, max: 65_536 }, 'Largest block of request headers.'),
  bodyBytes: limit(MEBIBYTE, { min: 1024, max: 64 * MEBIBYTE }, 'Largest request body.'),
  headerTimeoutMs: limit(10_000, { min: 100, max: 60_000 }, 'Time for all request headers to arrive.'),
  bodyTimeoutMs: limit(
    30_000,
    { min: 100, max: HOUR_MS },
    'Time for the whole request to arrive, headers included.',
  ),
  keepAliveMs: limit(65_000, { min: 100, max: HOUR_MS }, 'Time an idle connection is kept.'),
  connections: limit(20_000, { min: 1, max: 1_000_000 }, 'Open client connections.'),
  connectionsPerAddress: limit(
    10_000,
    { min: 1, max: 1_000_000 },
    'Open connections of one client address; not counted behind a trusted proxy.',
  ),
  streams: limit(10_000, { min: 1, max: 1_000_000 }, 'Open event streams to clients.'),
  streamsPerPrincipal: limit(1000, { min: 1, max: 1_000_000 }, 'Open event streams of one principal.'),
  streamBufferBytes: limit(
    MEBIBYTE,
    { min: 1024, max: 64 * MEBIBYTE },
    'Bytes a slow reader may leave unread before its stream is cut.',
  ),
  heartbeatMs: limit(25_000, { min: 100, max: 60_000 }, 'Time between comments on an idle event stream.'),
  upstreamConnectTimeoutMs: limit(
    10_000,
    { min: 100, max: 120_000 },
    'Time to connect to a server, TLS included.',
  ),
  upstreamTimeoutMs: limit(
    60_000,
    { min: 100, max: HOUR_MS },
    'Time for a server to begin its answer, and between parts of it.',
  ),
  upstreamResponseBytes: limit(
    16 * MEBIBYTE,
    { min: 1024, max: 1024 * MEBIBYTE },
    'Largest answer of a server that is not an event stream.',
  ),
  upstreamConnections: limit(256, { min: 1, max: 10_000 }, 'Open connections to one server.'),
  sessionsPerServer: limit(
    100,
    { min: 1, max: 100_000 },
    'Open sessions with one server of the session era; each is a process for stdio.',
  ),
  tasks: limit(20_000, { min: 1, max: 1_000_000 }, 'Tasks that are kept, ended ones included.'),
  tasksPerOwner: limit(
    2000,
    { min: 1, max: 1_000_000 },
    'Tasks that are kept of one app or agent of one person, ended ones included.',
  ),
  agentSendTimeoutMs: limit(
    5 * 60_000,
    { min: 1000, max: 24 * HOUR_MS },
    'Time that a message to an agent may take to be answered; a task that it begins goes on.',
  ),
  agentTaskBytes: limit(
    16 * MEBIBYTE,
    { min: 4096, max: 1024 * MEBIBYTE },
    'What one task of an agent may hold: its messages and artifacts.',
  ),
  followedPerAgent: limit(
    1000,
    { min: 1, max: 100_000 },
    'Tasks of one agent that are followed over a stream each; further ones are asked for now and then.',
  ),
  delegationDepth: limit(
    8,
    { min: 1, max: 32 },
    'Apps and agents one after the other that may act for somebody.',
  ),
  delegationTasks: limit(
    100,
    { min: 1, max: 100_000 },
    'Tasks that agents may begin at other agents for one task of their own.',
  ),
  agentTasks: limit(
    1_000_000,
    { min: 1, max: 100_000_000 },
    'Tasks of agents that are kept, ended ones included.',
  ),
  agentTasksPerOwner: limit(
    100_000,
    { min: 1, max: 100_000_000 },
    'Tasks of agents that are kept of one app or agent of one person.',
  ),
  agentTaskTtlMs: limit(
    7 * 24 * HOUR_MS,
    { min: 60_000, max: 366 * 24 * HOUR_MS },
    'Time from its last change that a task of an agent is kept; one that goes on for as long without a word has failed.',
  ),
  taskTtlMs: limit(
    HOUR_MS,
    { min: 1000, max: 24 * HOUR_MS },
    'Time from its creation that a task is kept; a client may ask for up to a day.',
  ),
  taskResultBytes: limit(
    4 * MEBIBYTE,
    { min: 1024, max: 64 * MEBIBYTE },
    'Largest result of a task; all together may take 256 times as much.',
  ),
  ...webhookLimits,
  clientMetadataBytes: limit(
    10_240,
    { min: 1024, max: MEBIBYTE },
    'Largest client ID metadata document, and largest body of a client registration.',
  ),
  registrationsPerHour: limit(
    15,
    { min: 1, max: 1_000_000 },
    'Apps that one client address may register within an hour.',
  ),
  registeredApps: limit(
    10_000,
    { min: 1, max: 1_000_000 },
    'Apps that registered themselves; a tenth as many may wait for their first grant.',
  ),
  waitingAuthorizations: limit(
    20_000,
    { min: 10, max: 1_000_000 },
    'Authorization requests that wait for a person; beyond it the address with most of them loses its oldest.',
  ),
  tokensPerSecond: limit(
    5000,
    { min: 1, max: 1_000_000 },
    'Tokens per second that one client may get; bursts up to twice as many.',
  ),
  tokenFailuresPerMinute: limit(
    3000,
    { min: 5, max: 1_000_000 },
    'Token requests per minute of one client address that may fail; a fifth of them for one client there.',
  ),
  agents: limit(
    10_000,
    { min: 1, max: 1_000_000 },
    'Agents with an identity, retired ones included; and as many that can be asked.',
  ),
  people: limit(10_000, { min: 1, max: 1_000_000 }, 'Accounts, together with invitations that are open.'),
  groups: limit(1000, { min: 1, max: 100_000 }, 'Groups of people.'),
  invitations: limit(1000, { min: 1, max: 100_000 }, 'Invitations that are open.'),
  endedGrantDays: limit(
    90,
    { min: 1, max: 3650 },
    'Days that a grant which has ended is kept to be looked up; the activity record stays.',
  ),
  backups: limit(10, { min: 1, max: 10_000 }, 'Backups in the data directory; more are refused.'),
  drainMs: limit(15_000, { min: 0, max: HOUR_MS }, 'Time that calls in flight get to finish at shutdown.'),
})
