import { AgentCard } from '@a2a-js/sdk'
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client'
import type { Client, RequestOptions } from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'
import { interfaceOf } from './subject.ts'
import type { Subject } from './subject.ts'
import type { Binding } from './wire/operations.ts'

/** A client of @a2a-js/sdk at one interface of a card. */
export interface SdkClient {
  readonly client: Client
  /** With every call: the credential. */
  readonly options: RequestOptions
  readonly version: string
}

/** Which clients of @a2a-js/sdk there are: each transport at 1.0, and at 0.3 with its compatibility layer. */
export const SDK_CLIENTS: readonly {
  readonly title: string
  readonly binding: Binding
  readonly version: string
}[] = [
  { title: 'JSON-RPC 1.0', binding: 'JSONRPC', version: '1.0' },
  { title: 'HTTP+JSON 1.0', binding: 'HTTP+JSON', version: '1.0' },
  { title: 'gRPC 1.0', binding: 'GRPC', version: '1.0' },
  { title: 'JSON-RPC 0.3', binding: 'JSONRPC', version: '0.3' },
  { title: 'HTTP+JSON 0.3', binding: 'HTTP+JSON', version: '0.3' },
]

/** Undefined where the card has no such interface. */
export async function createSdkClient(
  subject: Subject,
  { binding, version }: { binding: Binding; version: string },
): Promise<SdkClient | undefined> {
  const own = interfaceOf(subject, binding, version)
  if (own === undefined) return undefined
  const legacyCompat = { enabled: true }
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ legacyCompat }),
      new RestTransportFactory({ legacyCompat }),
      new GrpcTransportFactory({ legacyCompat }),
    ],
  })
  // The factory takes the first interface that it speaks: a card with one leaves no choice.
  const { url, tenant = '' } = own
  const card = AgentCard.fromJSON({
    ...subject.card,
    supportedInterfaces: [{ url, tenant, protocolBinding: binding, protocolVersion: version }],
  })
  const client = await factory.createFromAgentCard(card)
  const serviceParameters: Record<string, string> =
    subject.token === undefined ? {} : { Authorization: `Bearer ${subject.token}` }
  return { client, options: { serviceParameters }, version }
}
