import type { AgentCard, AgentInterface } from '../a2a/index.ts'
import type { AgentEntry } from '../directory/index.ts'
import { withPresentation } from './presentation/index.ts'
import { ServedCard } from './served-card.ts'

export interface CardOptions {
  readonly origin: () => string
  /** `host:port` of the gRPC listener; undefined where there is none. */
  readonly grpcAddress: () => string | undefined
  /** Adds the hub's signature (specification §8.4). */
  readonly sign: (card: AgentCard) => AgentCard
  /** Which key signs now: a card is made anew for another one. */
  readonly keyId: () => string
}

const SCHEME = 'parley'
const MAX_CARDS = 2000

/**
 * Parley's own card for each agent: what the agent says of itself, at the hub's addresses, under the hub's terms and
 * signature. The agent's own card, signatures included, is not shown on.
 */
export class CardDesk {
  readonly #options: CardOptions
  readonly #served = new Map<AgentEntry, { readonly card: ServedCard; readonly keyId: string }>()

  constructor(options: CardOptions) {
    this.#options = options
  }

  /** The card for everyone. */
  of(agent: AgentEntry): ServedCard {
    const keyId = `${this.#options.keyId()} ${this.#options.grpcAddress()}`
    const known = this.#served.get(agent)
    if (known?.keyId === keyId) return known.card
    if (this.#served.size >= MAX_CARDS) this.#served.clear()
    const card = this.make(agent, agent.skills)
    this.#served.set(agent, { card, keyId })
    return card
  }

  /** A card with other skills than the public one has. */
  make(agent: AgentEntry, skills: AgentCard['skills']): ServedCard {
    // Who looks for an agent of 0.3 says nothing and expects a card of 0.3; a card of 1.0 is held against its schema.
    const speaksOld = agent.card.supportedInterfaces.some(({ protocolVersion }) => protocolVersion === '0.3')
    const { changedAt } = agent
    const usual = speaksOld ? '0.3' : '1.0'
    return new ServedCard(this.#options.sign(this.#rewrite(agent, skills)), { changedAt, usual })
  }

  #rewrite(agent: AgentEntry, skills: AgentCard['skills']): AgentCard {
    const { origin } = this.#options
    const {
      securitySchemes: _schemes,
      securityRequirements: _required,
      signatures: _signatures,
      ...card
    } = agent.card
    const path = `/a2a/agents/${agent.name}`
    return {
      ...card,
      supportedInterfaces: this.#interfaces(origin() + path, agent.name),
      capabilities: {
        ...card.capabilities,
        extensions: withPresentation(agent.extensions),
        // What an agent lacks of these the hub does for it.
        streaming: true,
        pushNotifications: true,
        extendedAgentCard: true,
      },
      securitySchemes: {
        [SCHEME]: {
          oauth2SecurityScheme: {
            description: `Access tokens of this hub for ${origin()}${path}`,
            flows: {
              authorizationCode: {
                authorizationUrl: `${origin()}/oauth/authorize`,
                tokenUrl: `${origin()}/oauth/token`,
                refreshUrl: `${origin()}/oauth/token`,
                scopes: { a2a: 'Ask the agents that you allow' },
                pkceRequired: true,
              },
            },
            oauth2MetadataUrl: `${origin()}/.well-known/oauth-authorization-server`,
          },
        },
      },
      securityRequirements: [{ schemes: { [SCHEME]: { list: ['a2a'] } } }],
      // Requirements of single skills are the agent's towards the hub.
      skills: skills.map(({ securityRequirements: _skillRequired, ...skill }) => skill),
    }
  }

  #interfaces(url: string, tenant: string): AgentInterface[] {
    const grpc = this.#options.grpcAddress()
    return [
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: `${url}/v1`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      ...(grpc === undefined
        ? []
        : [{ url: grpc, protocolBinding: 'GRPC', tenant, protocolVersion: '1.0' } as const]),
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
    ]
  }
}
