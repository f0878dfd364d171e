import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { generateAgentCardSignature } from '@a2a-js/sdk'
import { createLegacyAwarePushNotificationSender } from '@a2a-js/sdk/compat/v0_3/server'
import { LegacyA2AService, legacyGrpcService } from '@a2a-js/sdk/compat/v0_3/server/grpc'
import {
  DefaultExecutionEventBusManager,
  DefaultRequestHandler,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
} from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import { A2AService, grpcService } from '@a2a-js/sdk/server/grpc'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import express from 'express'
import { agentCardOf, extendedCardOf, VARIANTS } from './agent/agent-cards.ts'
import type { Variant } from './agent/agent-cards.ts'
import { SINGLE_INTERFACES, singleInterfaceCard } from './agent/single-interface-cards.ts'
import { ScriptedExecutor } from './agent/scripted-executor.ts'

export interface SdkAgent extends AsyncDisposable {
  /** Each variant's card: `cardUrls.full`. */
  readonly cardUrls: Readonly<Record<Variant, string>>
  /** Cards of `full` with one interface alone, by the names of `SINGLE_INTERFACES`. */
  readonly singleCardUrls: Readonly<Record<string, string>>
}

const keyId = 'reference-agent-1'

/**
 * The reference: agents made with @a2a-js/sdk in three bindings at 1.0 and 0.3, on loopback, without authentication.
 * What they do is in `agent/scripts.ts`.
 */
export async function startSdkAgent({ port = 0 }: { port?: number } = {}): Promise<SdkAgent> {
  const app = express()
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const grpcServers = await Promise.all(VARIANTS.map((variant) => serveVariant(variant, { app, origin })))
  const cardUrls = Object.fromEntries(
    VARIANTS.map((variant) => [variant, `${origin}/${variant}/.well-known/agent-card.json`]),
  ) as Record<Variant, string>
  const singleCardUrls = Object.fromEntries(
    SINGLE_INTERFACES.map(({ name }) => [name, `${origin}/only/${name}/.well-known/agent-card.json`]),
  )
  return {
    cardUrls,
    singleCardUrls,
    async [Symbol.asyncDispose]() {
      for (const each of grpcServers) each.forceShutdown()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serveVariant(
  variant: Variant,
  { app, origin }: { app: express.Express; origin: string },
): Promise<Server> {
  const grpcServer = new Server()
  const grpcPort = await new Promise<number>((resolve, reject) =>
    grpcServer.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  )
  const url = `${origin}/${variant}`
  const requestHandler = createRequestHandler(variant, { url, grpcAddress: `127.0.0.1:${grpcPort}` }, (jwk) =>
    app.get(`/${variant}/jwks.json`, (_request, response) => void response.json({ keys: [jwk] })),
  )
  const common = { requestHandler, userBuilder: UserBuilder.noAuthentication }
  const legacyCompat = { enabled: true }
  if (variant === 'full') {
    const card = await requestHandler.getAgentCard()
    for (const single of SINGLE_INTERFACES)
      app.get(
        `/only/${single.name}/.well-known/agent-card.json`,
        (_request, response) => void response.json(singleInterfaceCard(card, single)),
      )
  }
  app.use(
    `/${variant}/.well-known/agent-card.json`,
    agentCardHandler({ agentCardProvider: requestHandler, legacyCompat }),
  )
  app.use(`/${variant}/rpc`, jsonRpcHandler({ ...common, legacyCompat }))
  app.use(`/${variant}/rest`, restHandler({ ...common, legacyCompat }))
  grpcServer.addService(A2AService, grpcService(common))
  grpcServer.addService(LegacyA2AService, legacyGrpcService(common))
  return grpcServer
}

function createRequestHandler(
  variant: Variant,
  addresses: { url: string; grpcAddress: string },
  publishKey: (jwk: object) => void,
): DefaultRequestHandler {
  const card = agentCardOf(variant, addresses)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  publishKey({ ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'ES256', use: 'sig' })
  const sign = generateAgentCardSignature(privateKey, {
    alg: 'ES256',
    typ: 'JOSE',
    kid: keyId,
    jku: `${addresses.url}/jwks.json`,
  })
  const pushes = new InMemoryPushNotificationStore()
  const canPush = card.capabilities?.pushNotifications === true
  return new DefaultRequestHandler(
    card,
    new InMemoryTaskStore(),
    new ScriptedExecutor(),
    new DefaultExecutionEventBusManager(),
    canPush ? pushes : undefined,
    canPush ? createLegacyAwarePushNotificationSender(pushes) : undefined,
    variant === 'full' ? extendedCardOf(card) : undefined,
    sign,
    { validateInputModes: variant === 'demanding' },
  )
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
  const agent = await startSdkAgent({ port: Number(values.port) })
  console.log(JSON.stringify({ event: 'ready', ...agent.cardUrls, singleCardUrls: agent.singleCardUrls }))
  process.once('SIGTERM', () => process.exit(0))
}
