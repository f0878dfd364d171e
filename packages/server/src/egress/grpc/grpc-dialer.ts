import { isIPv4 } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ChannelCredentials, ChannelOptions, Client, Metadata } from '@grpc/grpc-js'
import type * as grpcJs from '@grpc/grpc-js'
import { ParleyError } from '@parley/contract'
import type { Target, TargetRules } from '../admit-target.ts'
import { ConnectFailed } from '../connect-failed.ts'
import { resolveAddresses, type Resolve } from '../guard-connect.ts'
import type { PurposeLimits } from '../purpose-limits.ts'
import { toEgressError } from '../to-egress-error.ts'

type Grpc = typeof grpcJs

export interface DialOptions {
  readonly target: Target
  readonly rules: TargetRules
  readonly limits: PurposeLimits
  readonly resolve: Resolve
  readonly secureContext: SecureContext | undefined
  /** Loads the library with the first connection: it is large, and most hubs need it never. */
  readonly load: () => Promise<Grpc>
}

const SESSION_MEGABYTES = 32
const USER_AGENT = 'parley'

/**
 * Makes the connections of one gRPC outlet. The library's own look-ups, proxies, retries and reconnections are not
 * used: a name is looked up and its addresses are judged here, then one literal address is dialled, with the name as
 * authority and as the name that TLS checks. A connection that is lost is made anew in the same way.
 */
export class GrpcDialer {
  readonly #options: DialOptions
  #grpc: Grpc | undefined
  #client: Client | undefined
  #connecting: Promise<Client> | undefined
  #isDestroyed = false

  constructor(options: DialOptions) {
    this.#options = options
  }

  /** The connection that stands. */
  current(): Client | undefined {
    const client = this.#client
    if (!client || !this.#grpc) return undefined
    if (client.getChannel().getConnectivityState(false) === this.#grpc.connectivityState.READY) return client
    this.#client = undefined
    // What is under way on it ends by itself.
    client.close()
    return undefined
  }

  connect(): Promise<Client> {
    this.#connecting ??= this.#dial().finally(() => (this.#connecting = undefined))
    return this.#connecting
  }

  metadata(values: Readonly<Record<string, string>>): Metadata {
    if (!this.#grpc) throw disconnected()
    const metadata = new this.#grpc.Metadata()
    try {
      for (const name in values) metadata.set(name, values[name]!)
    } catch (error) {
      throw new ParleyError('internal', 'A request could not be written.', { cause: error })
    }
    return metadata
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#client?.close()
    this.#client = undefined
  }

  async #dial(): Promise<Client> {
    if (this.#isDestroyed) throw disconnected()
    const { target, rules, resolve, load } = this.#options
    const grpc = await load()
    this.#grpc = grpc
    const host = bareHost(target.host)
    const addresses = await resolveAddresses(host, { target, rules, resolve }).catch((error: unknown) => {
      throw toEgressError(error)
    })
    let lastError: unknown
    for (const address of addresses) {
      if (this.#isDestroyed) throw disconnected()
      const dialled = `${isIPv4(address) ? 'ipv4' : 'ipv6'}:${isIPv4(address) ? address : `[${address}]`}:${target.port}`
      const client = new grpc.Client(dialled, this.#credentials(grpc), this.#channelOptions())
      try {
        await this.#becomeReady(client, grpc)
        return this.#keep(client)
      } catch (error) {
        client.close()
        lastError = error
      }
    }
    throw lastError
  }

  #keep(client: Client): Client {
    if (this.#isDestroyed) {
      client.close()
      throw disconnected()
    }
    this.#client = client
    return client
  }

  /** The first connection alone: a failure is told at once, not after retries of the library's own. */
  #becomeReady(client: Client, grpc: Grpc): Promise<void> {
    const { READY, CONNECTING, IDLE } = grpc.connectivityState
    const channel = client.getChannel()
    const deadline = Date.now() + this.#options.limits.connectTimeoutMs
    return new Promise((resolve, reject) => {
      const look = (late?: Error) => {
        if (late) return reject(new ParleyError('upstream_timeout', 'The server did not answer in time.'))
        const state = channel.getConnectivityState(true)
        if (state === READY) return resolve()
        if (state === CONNECTING || state === IDLE)
          return channel.watchConnectivityState(state, deadline, look)
        reject(new ConnectFailed('gRPC: no connection'))
      }
      look()
    })
  }

  #credentials(grpc: Grpc): ChannelCredentials {
    const { target, secureContext } = this.#options
    if (target.origin.startsWith('http:')) return grpc.credentials.createInsecure()
    return grpc.ChannelCredentials.createFromSecureContext(secureContext ?? createSecureContext())
  }

  #channelOptions(): ChannelOptions {
    const { target, limits } = this.#options
    return {
      'grpc.default_authority': new URL(target.origin).host,
      'grpc.ssl_target_name_override': bareHost(target.host),
      'grpc.primary_user_agent': USER_AGENT,
      'grpc.enable_http_proxy': 0,
      'grpc.enable_retries': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_channelz': 0,
      'grpc.max_receive_message_length': limits.responseBytes,
      'grpc-node.max_session_memory': SESSION_MEGABYTES,
    }
  }
}

function bareHost(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

export function disconnected(): ParleyError {
  return new ParleyError('upstream_unavailable', 'The server was disconnected.')
}
