import { ask } from '../ask.ts'
import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import type { Login } from '../login/login-store.ts'
import { CLIENT_ID } from '../login/request-tokens.ts'
import { readHubUrl } from '../read-hub-url.ts'

export const logout: Command = {
  usage: ['logout [URL]'],
  summary: 'Ends your sign-in at a hub: its tokens are revoked and forgotten.',
  async run({ positionals, values, logins }) {
    const named = positionals[0] ?? values['hub']
    const hub = typeof named === 'string' ? readHubUrl(named) : logins.current()
    if (positionals.length > 1 || hub === undefined)
      throw new CliError('Which hub?', { hint: 'parley logout http://localhost:4747' })
    let login: Login | undefined
    await logins.change(hub, async (known) => {
      login = known
      return undefined
    })
    if (!login) return { value: { hub, revoked: false }, text: `You were not signed in at ${hub}.` }
    const revoked = await revoke(login)
    const text = revoked
      ? `You are signed out at ${hub}.`
      : `Your sign-in at ${hub} is forgotten here. The hub could not be told; end it on its account page.`
    return { value: { hub, revoked }, text }
  },
}

/** RFC 7009, for each refresh token; false when one could not be ended. */
async function revoke({ revocationEndpoint, tokens }: Login): Promise<boolean> {
  if (revocationEndpoint === null) return false
  let all = true
  for (const { refreshToken, accessToken } of Object.values(tokens)) {
    const reply = await ask(new URL(revocationEndpoint), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: refreshToken ?? accessToken, client_id: CLIENT_ID }),
    })
    all &&= reply.kind === 'http' && reply.status === 200
  }
  return all
}
