import type { Reply } from '../ask.ts'
import type { Finding } from './finding.ts'

/** Why a server gave no MCP answer, and what its owner or caller can do. */
export function explainRefusal(url: URL, reply: Reply): Finding {
  if (reply.kind === 'none') return { step: 'reach', verdict: 'bad', ...explainSilence(url, reply) }
  const { status, headers } = reply
  const bad = (detail: string, mend: string): Finding => ({ step: 'transport', verdict: 'bad', detail, mend })
  if (status >= 300 && status < 400) {
    const target = headers.get('location') ?? 'nowhere'
    return bad(
      `HTTP ${status}, it redirects to ${target}`,
      'Use that address, if you trust it; Parley follows none.',
    )
  }
  if (status === 401 || status === 403) {
    const challenge = headers.get('www-authenticate') ?? 'no WWW-Authenticate'
    return bad(
      `HTTP ${status}, it wants a credential (${challenge})`,
      "Try again with --header 'Authorization: Bearer …'. Parley cannot hold credentials for servers yet.",
    )
  }
  if (status === 404 || status === 405) {
    const path = url.pathname === '/mcp' ? 'the path its documentation names' : '/mcp'
    return bad(`HTTP ${status}, no MCP endpoint at ${url.pathname}`, `Try ${path}.`)
  }
  if (status === 421 || (status === 400 && /host/i.test(reply.text)))
    return bad(
      `HTTP ${status}, it does not take ${url.host} as its name`,
      'Add the name to its allowed hosts.',
    )
  if (status === 406 || status === 415)
    return bad(
      `HTTP ${status}, it refuses Accept or Content-Type`,
      'It must take application/json and answer with application/json or text/event-stream.',
    )
  if (status >= 500)
    return bad(`HTTP ${status}, the server or a proxy before it failed`, 'Its own log says more.')
  if (reply.rpc?.error) {
    const { code, message } = reply.rpc.error
    return bad(
      `it refuses initialize: ${message.slice(0, 200)} (${code})`,
      "The server's documentation says what it needs.",
    )
  }
  return bad(
    `HTTP ${status} with ${reply.contentType || 'no content type'}, which is no MCP answer`,
    'Is this the URL of an MCP server?',
  )
}

function explainSilence(url: URL, reply: Extract<Reply, { kind: 'none' }>): { detail: string; mend: string } {
  const { code, message } = reply
  if (code === 'ECONNREFUSED')
    return { detail: `nothing listens at ${url.host}`, mend: 'Start the server, or mend the port.' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      detail: `the name ${url.hostname} is not known`,
      mend: 'Mend the name, or the DNS of this machine.',
    }
  if (code === 'TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT')
    return { detail: message, mend: 'Is a firewall between, or does the server hang?' }
  const tls = explainTls(code, url)
  if (tls) return tls
  if (url.protocol === 'http:' && BROKEN_OFF.has(code))
    return {
      detail: `it hangs up on plain HTTP (${code})`,
      mend: `Is it HTTPS that is spoken there? Try https://${url.host}${url.pathname}.`,
    }
  return { detail: `${firstLine(message)} (${code})`, mend: 'Is it HTTP that is spoken there, or HTTPS?' }
}

const BROKEN_OFF: ReadonlySet<string> = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'EPIPE',
  'HPE_INVALID_CONSTANT',
])

/** By the code that OpenSSL or Node gives it; the words of either are for their developers. */
function explainTls(
  code: string,
  { hostname, host, pathname }: URL,
): { detail: string; mend: string } | undefined {
  if (/SELF_SIGNED/.test(code))
    return {
      detail: `TLS: the certificate of ${hostname} is signed by nobody this machine knows (${code})`,
      mend: 'Use a certificate of a known authority, or start the hub with NODE_EXTRA_CA_CERTS=your-ca.pem.',
    }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return { detail: `TLS: ${code}`, mend: 'Renew the certificate, or mend the clock of this machine.' }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      detail: `TLS: the certificate is not for ${hostname}`,
      mend: 'Use a name that the certificate holds, or add this one to it.',
    }
  if (code.startsWith('UNABLE_TO'))
    return {
      detail: `TLS: the chain of certificates is not complete (${code})`,
      mend: 'Let the server send the certificates between its own and the root.',
    }
  if (/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|^EPROTO$/.test(code))
    return {
      detail: 'it does not speak TLS there',
      mend: `Is it plain HTTP? Try http://${host}${pathname}.`,
    }
  if (/CERT|TLS|SSL/.test(code))
    return { detail: `TLS: ${code}`, mend: "The server's TLS settings and this machine's do not meet." }
  return undefined
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0]!.slice(0, 200)
}
