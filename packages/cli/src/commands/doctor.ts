import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { examineAgent, findAgentCard, type AgentExamination } from '../doctor/agent/examine-agent.ts'
import { examineClientDocument } from '../doctor/client-document/examine-client-document.ts'
import { examine, type Examination } from '../doctor/examine.ts'
import type { Finding } from '../doctor/finding.ts'

const MARKS = { good: 'ok  ', doubtful: 'HMM ', bad: 'FAIL' } as const

export const doctor: Command = {
  usage: [
    "doctor URL [--header 'NAME: VALUE']… [--register]",
    "doctor https://agent.example [--agent] [--header 'NAME: VALUE']…",
    'doctor https://app.example/client.json [--client]',
  ],
  about: [
    'The exit code is 0 when Parley can use the server, also where it departs from the specification (marked HMM), or',
    'when the server wants a sign-in that apps can do. Headers are shown to nobody but the server.',
    'An address with an agent card, or with one in its well-known places, is looked at as an A2A agent; any other that ends',
    'in .json as the metadata document of an app.',
  ],
  summary:
    'Speaks to an MCP server or an A2A agent as a client would, and says what is wrong and how to mend it. Needs no hub.',
  options: {
    header: { type: 'string', multiple: true, value: "'NAME: VALUE'", about: 'Sent with every request.' },
    register: {
      type: 'boolean',
      about: 'Where apps may register themselves: register a throw-away one, and see what comes.',
    },
    agent: { type: 'boolean', about: 'The URL is that of an A2A agent or its card.' },
    client: { type: 'boolean', about: 'The URL is the client ID metadata document of an app.' },
  },
  async run({ values, positionals }) {
    const [text, ...others] = positionals
    const url = text === undefined || others.length > 0 ? null : URL.parse(text)
    if (!url || !/^https?:$/.test(url.protocol))
      throw new CliError('Name one URL, http:// or https://.', {
        hint: explainTarget(text),
      })
    if (url.username !== '' || url.password !== '')
      throw new CliError('No credentials in the URL, they end up in logs.', {
        hint: "Use --header 'Authorization: …'.",
      })
    const headers = readHeaders(values['header'])
    if (values['client'] !== true && (values['agent'] === true || (await isAgent(url, headers)))) {
      const value = await examineAgent(url, headers)
      return { value, text: [...value.findings.map(line), agentSummary(value)].join('\n'), ok: value.ok }
    }
    if (values['client'] === true || url.pathname.endsWith('.json')) {
      const value = await examineClientDocument(url)
      const end = value.ok
        ? 'Authorization servers can take this app.'
        : 'Authorization servers refuse this app.'
      return { value, text: [...value.findings.map(line), end].join('\n'), ok: value.ok }
    }
    const value = await examine(url, headers, { register: values['register'] === true })
    return { value, text: [...value.findings.map(line), summary(value)].join('\n'), ok: value.ok }
  },
}

function line({ verdict, step, detail, mend }: Finding): string {
  return `${MARKS[verdict]} ${step}: ${detail}${mend === undefined ? '' : `\n       → ${mend}`}`
}

function summary({ ok, signIn, transport, eras }: Examination): string {
  if (signIn === 'sound')
    return 'The server wants a sign-in, and apps can do it. To look further, send a token with --header.'
  if (signIn === 'broken') return 'The server wants a sign-in that apps cannot do as it is.'
  return ok
    ? `Parley can use this server (${transport}, ${eras.join(' and ')}).`
    : 'Parley cannot use this server as it is.'
}

/** A card's own address, or one that has no MCP about it and a card below it. */
async function isAgent(url: URL, headers: Readonly<Record<string, string>>): Promise<boolean> {
  const looksLikeCard = /\/(?:agent-card|agent)\.json$/.test(url.pathname)
  const mayBe = url.pathname.endsWith('.json') || !/\/mcp\/?$/.test(url.pathname)
  return looksLikeCard || (mayBe && (await findAgentCard(url, headers)) !== undefined)
}

function agentSummary({ ok, agent, interfaces }: AgentExamination): string {
  if (!ok) return 'Parley cannot ask this agent as it is.'
  return `Parley can ask ${agent!.name} (${interfaces.join(', ')}).`
}

/** What is no URL is most often the command line of a stdio server. */
function explainTarget(text: string | undefined): string {
  if (text === undefined || URL.canParse(text)) return 'parley doctor http://localhost:3000/mcp'
  return (
    'A server that is started as a process has no URL: put its command into parley.yaml (`parley init` shows how), ' +
    'start the hub, and run `parley servers test NAME`.'
  )
}

function readHeaders(given: unknown): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const text of Array.isArray(given) ? given : []) {
    const match = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\x20-\x7e]*)$/.exec(String(text))
    if (!match)
      throw new CliError("--header takes 'NAME: VALUE' in plain ASCII.", {
        hint: "--header 'Authorization: Bearer …'",
      })
    headers[match[1]!.toLowerCase()] = match[2]!
  }
  return headers
}
