import { CliError } from '../cli-error.ts'
import type { Command } from '../command.ts'
import { examine } from '../doctor/examine.ts'

const MARKS = { good: 'ok  ', doubtful: 'HMM ', bad: 'FAIL' } as const

export const doctor: Command = {
  usage: ["doctor URL [--header 'NAME: VALUE']…"],
  about: [
    'The exit code is 0 when Parley can use the server, also where it departs from the specification (marked HMM).',
    'Headers are shown to nobody but the server.',
  ],
  summary:
    'Speaks to an MCP server as a client would, and says what is wrong and how to mend it. Needs no hub.',
  options: {
    header: { type: 'string', multiple: true, value: "'NAME: VALUE'", about: 'Sent with every request.' },
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
    const value = await examine(url, readHeaders(values['header']))
    const lines = value.findings.map(({ verdict, step, detail, mend }) => {
      const advice = mend === undefined ? '' : `\n       → ${mend}`
      return `${MARKS[verdict]} ${step}: ${detail}${advice}`
    })
    const end = value.ok
      ? `Parley can use this server (${value.transport}, ${value.eras.join(' and ')}).`
      : 'Parley cannot use this server as it is.'
    return { value, text: [...lines, end].join('\n'), ok: value.ok }
  },
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
