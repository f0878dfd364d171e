import { proveAgent, type AgentCredential } from '../../sdk/src/agent/agent-credential.ts'
import { ACCESS_TOKEN, EXCHANGE } from './start-exchange-hub.ts'

/** Token exchange (RFC 8693) by hand, as an agent that tries what the SDK would not. */
export async function exchangeAs(
  { credential }: { readonly credential: AgentCredential },
  subjectToken: string,
  hub: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: any }> {
  const { parameters } = await proveAgent(credential, { issuer: hub, nowMs: Date.now() })
  const response = await fetch(`${hub}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: EXCHANGE,
      subject_token: subjectToken,
      subject_token_type: ACCESS_TOKEN,
      ...parameters,
      ...more,
    }),
  })
  return { status: response.status, body: await response.json() }
}
