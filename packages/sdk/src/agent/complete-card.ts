/** An agent card as JSON of A2A 1.0 (specification §4.4.1). */
export type AgentCard = Readonly<Record<string, unknown>>

const SCHEME = 'hub'

/** The card with the interface and how callers prove themselves, as far as it does not say so itself (§4.5). */
export function completeCard(card: AgentCard, { hub, url }: { hub: string; url: string }): AgentCard {
  const declared = card['securitySchemes'] !== undefined || card['securityRequirements'] !== undefined
  return Object.freeze({
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: {},
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    ...card,
    ...(!declared && {
      securitySchemes: {
        [SCHEME]: {
          httpAuthSecurityScheme: {
            scheme: 'Bearer',
            bearerFormat: 'JWT',
            description: `An access token of ${hub} for this agent: ask it there.`,
          },
        },
      },
      securityRequirements: [{ schemes: { [SCHEME]: { list: [] } } }],
    }),
  })
}
