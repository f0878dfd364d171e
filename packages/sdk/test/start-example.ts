import type { ResourceServer } from './resource-server.contract.ts'
import { countNotes, NOTES, runExample } from './run-example.ts'
import { startTestIssuer } from './test-issuer.ts'

/** An example with an issuer beside it. */
export async function startExample(main: string): Promise<ResourceServer> {
  const issuer = await startTestIssuer()
  const example = await runExample(main, { issuer: issuer.url })
  const { url } = example
  const mint: ResourceServer['mint'] = (claims = {}, header = {}) =>
    issuer.mint({ aud: url, scope: 'notes:read', ...claims }, header)
  return {
    url,
    issuer: issuer.url,
    mint,
    publicKey: issuer.publicKey,
    changes: async () => countNotes(url, await mint()),
    revokeGrant: (id) => issuer.revoke('grant', id),
    ...NOTES,
    async [Symbol.asyncDispose]() {
      example.stop()
      await issuer[Symbol.asyncDispose]()
    },
  }
}
