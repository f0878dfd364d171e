import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { AgentCard } from '@a2a-js/sdk'
import { duplicateInterfacesForLegacy } from '@a2a-js/sdk/compat/v0_3'
import { createLegacyAwarePushNotificationSender } from '@a2a-js/sdk/compat/v0_3/server'
import { LegacyA2AService, legacyGrpcService } from '@a2a-js/sdk/compat/v0_3/server/grpc'
import { DefaultRequestHandler, InMemoryPushNotificationStore, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express'
import { A2AService, grpcService } from '@a2a-js/sdk/server/grpc'
import express from 'express'
import { SdkAgentExecutor } from './sdk-agent-executor.ts'

export interface SdkAgent extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`; the card is at its well-known place. */
  readonly origin: string
  readonly cardUrl: string
  readonly executor: SdkAgentExecutor
  /** As JSON of 1.0. */
  readonly card: Record<string, any>
  /** The address of one binding, in either version. */
  url(binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC'): string
}

export interface SdkAgentOptions {
  readonly name?: string
  readonly skills?: readonly Record<string, unknown>[]
  /** Members of the card besides; those here win. */
  readonly card?: Readonly<Record<string, unknown>>
  /** Without them the agent listens for HTTP alone, and says so. */
  readonly bindings?: readonly ('JSONRPC' | 'HTTP+JSON' | 'GRPC')[]
  /** The card names the versions; the agent speaks both whatever it says. */
  readonly versions?: readonly ('1.0' | '0.3')[]
}

const SKILL = {
  id: 'work',
  name: 'Work',
  description: 'Does what the first word of the message says.',
  tags: ['test'],
}

/**
 * An agent made with the reference SDK, on loopback: three bindings, both versions, one executor (see there for what a
 * message makes it do).
 */
export async function startSdkAgent(options: SdkAgentOptions = {}): Promise<SdkAgent> {
  const { bindings = ['JSONRPC', 'HTTP+JSON', 'GRPC'], versions = ['1.0', '0.3'] } = options
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const grpc = new Server()
  const grpcPort = await bind(grpc)
  const urls = {
    JSONRPC: `${origin}/jsonrpc`,
    'HTTP+JSON': `${origin}/rest`,
    GRPC: `http://127.0.0.1:${grpcPort}`,
  }
  const interfaces = bindings.map((protocolBinding) => ({
    url: urls[protocolBinding],
    protocolBinding,
    tenant: '',
    protocolVersion: '1.0',
  }))
  const card = AgentCard.fromJSON({
    name: options.name ?? 'SDK agent',
    description: 'An agent of the reference SDK.',
    version: '1.0.0',
    capabilities: {
      streaming: true,
      pushNotifications: true,
      extendedAgentCard: true,
      extensions: [{ uri: 'https://example.com/one' }, { uri: 'https://example.com/two' }],
    },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'application/json'],
    skills: options.skills ?? [SKILL],
    supportedInterfaces: duplicateInterfacesForLegacy(interfaces, [...bindings]).filter(
      ({ protocolVersion }) => versions.includes(protocolVersion as '1.0'),
    ),
    ...options.card,
  })
  const executor = new SdkAgentExecutor()
  const pushStore = new InMemoryPushNotificationStore()
  const requestHandler = new DefaultRequestHandler(
    card,
    new InMemoryTaskStore(),
    executor,
    undefined,
    pushStore,
    createLegacyAwarePushNotificationSender(pushStore, { timeout: 5000 }),
    { ...card, description: 'The extended card.' },
  )
  const common = {
    requestHandler,
    // The extended card is for those who are known; who they are is nobody's concern here.
    userBuilder: async () => ({ isAuthenticated: true, userName: 'caller' }),
    legacyCompat: { enabled: true },
  }
  app.use(
    '/.well-known/agent-card.json',
    agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }),
  )
  app.use('/jsonrpc', jsonRpcHandler(common))
  app.use('/rest', restHandler(common))
  grpc.addService(A2AService, grpcService(common))
  grpc.addService(LegacyA2AService, legacyGrpcService(common))
  return {
    origin,
    cardUrl: `${origin}/.well-known/agent-card.json`,
    executor,
    card: AgentCard.toJSON(card) as Record<string, any>,
    url: (binding) => urls[binding],
    async [Symbol.asyncDispose]() {
      grpc.forceShutdown()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function bind(grpc: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  )
}
