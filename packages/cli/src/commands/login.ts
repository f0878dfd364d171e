import { CliError } from '../cli-error.ts'
import type { Command, Given } from '../command.ts'
import { discoverIssuer, hasResource } from '../login/discover-issuer.ts'
import { signIn, type Wanted } from '../login/sign-in.ts'
import { findCredentials } from '../read-credentials.ts'
import { readHubUrl } from '../read-hub-url.ts'

const DEFAULT_HUB = 'http://localhost:4747'

export const login: Command = {
  usage: ['login [URL] [--no-browser]'],
  summary: 'Signs you in at a hub by your browser; from then on commands act in your name there.',
  about: [
    'You are asked in turn: for what your roles let you manage, for the tools you may use, for the agents you may ask. Tokens are kept in',
    '~/.config/parley/logins.json, which only you can read, and are renewed by themselves.',
  ],
  options: { 'no-browser': { type: 'boolean', about: 'Only prints the address to open.' } },
  async run(given) {
    const hub = chooseHub(given)
    const issuer = await discoverIssuer(hub)
    const wanted: Wanted[] = [{ resource: `${hub}/api`, scope: 'hub:read hub:manage' }]
    for (const name of ['mcp', 'a2a'] as const)
      if (await hasResource(hub, name)) wanted.push({ resource: `${hub}/${name}`, scope: name })
    const tokens = await signIn(issuer, wanted, (url) => {
      given.showAddress(url)
      if (given.values['no-browser'] !== true) given.openBrowser(url)
    })
    const { tokenEndpoint, revocationEndpoint } = issuer
    await given.logins.change(hub, async () => ({
      issuer: issuer.issuer,
      tokenEndpoint,
      revocationEndpoint,
      tokens,
    }))
    return { value: { hub, resources: Object.keys(tokens) }, text: `You are signed in at ${hub}.` }
  },
}

function chooseHub({ positionals, values, dataDir, logins }: Given): string {
  if (positionals.length > 1) throw new CliError('Name one hub.', { hint: `parley login ${DEFAULT_HUB}` })
  const named = positionals[0] ?? values['hub']
  if (typeof named === 'string') return readHubUrl(named)
  return findCredentials(dataDir)?.url ?? logins.current() ?? DEFAULT_HUB
}
