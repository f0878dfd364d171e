import type { ErrorCode } from '@parley/contract'

/** What each error code means to who gets it, and what to do: the words of docs/errors.md. */
export const ERROR_MEANINGS: Readonly<Record<ErrorCode, readonly [meaning: string, mend: string]>> = {
  invalid_json: [
    'The body is no JSON, or can be read in two ways (a key twice, too deep)',
    'Send plain JSON, each key once',
  ],
  invalid_request: [
    'The body is no message of the protocol, or the request is not framed as it must be',
    'The message says what is missing',
  ],
  invalid_params: [
    'A parameter is missing, unknown or of the wrong kind; also an unknown tool',
    'The message names it',
  ],
  header_mismatch: [
    'A header that mirrors the body differs from it or is missing',
    'Send `Mcp-Method`, `Mcp-Name` and `Mcp-Param-*` as they stand in the body',
  ],
  missing_capability: [
    'The server needs to ask something that the client did not declare it can answer',
    'Declare the capability that `data` names',
  ],
  unsupported_version: ['The protocol version is not spoken here', 'Take one of `data.supported`'],
  unauthenticated: [
    'There is no key, or it is not valid',
    'Send `Authorization: Bearer …`; the key is in `credentials.json` of the data directory',
  ],
  forbidden: ['The caller may not do this', 'An administrator may'],
  origin_refused: [
    'A web page of this origin may not call the hub',
    'Name the origin in `listen.allowedOrigins`, if you trust it',
  ],
  not_found: ['There is no such address, server or record', '`parley servers list` shows the names'],
  method_not_found: [
    'Neither the hub nor the server knows the method',
    'Ask what is offered with `server/discover`',
  ],
  session_not_found: ['The session has ended, or is another caller’s', 'Send `initialize` again'],
  method_not_allowed: ['The address takes another HTTP method', '`Allow` names it'],
  not_acceptable: [
    'The client takes no form that can be answered',
    'Send `Accept: application/json, text/event-stream`',
  ],
  conflict: ['It exists already, is in use, or was changed meanwhile', 'Look at it again, then repeat'],
  too_large: [
    'The body, or what a server answered, is larger than its limit',
    'See `limits` in configuration.md',
  ],
  unsupported_media_type: ['The body is of another type', 'Send `Content-Type: application/json`'],
  host_refused: ['The Host header is no name of the hub', 'Set `listen.publicUrl` or `listen.allowedHosts`'],
  quarantined: [
    'The definition is new or has changed since it was approved',
    '`parley servers review NAME` shows the change',
  ],
  connection_needed: [
    'The server needs a connection that the caller does not have, or that works no more',
    'Open the page that `data.url` names; where there is none, an administrator connects the server',
  ],
  task_not_found: ["There is no such task, or it is another caller's", '`ListTasks` shows yours'],
  task_not_cancelable: ['The task has ended', 'Nothing is left to cancel'],
  push_not_supported: ['The agent sends no push notifications', 'Poll or subscribe'],
  unsupported_operation: [
    'The agent cannot do this, or not with this task: what has ended takes no more messages',
    'The message says which; begin a new task in the same context',
  ],
  content_type_not_supported: [
    'The agent takes no parts of this media type',
    'Its card names what it takes in `defaultInputModes` and `inputModes`',
  ],
  extended_card_not_configured: ['The agent has no extended card', 'Use its public one'],
  extension_required: [
    'The agent demands an extension that the request did not name',
    'Name it in `A2A-Extensions`',
  ],
  rate_limited: [
    'Too many requests, sessions or streams of this caller',
    'Wait as long as `Retry-After` or `data.retryAfterSeconds` says',
  ],
  internal: ['A fault of Parley', 'The log on stderr has it; please report it'],
  upstream_invalid: [
    'The server answered something that its protocol does not allow',
    '`parley doctor URL` or `parley servers test NAME`',
  ],
  upstream_unavailable: [
    'The server cannot be reached, or its process has ended',
    '`parley servers test NAME` tries each step',
  ],
  egress_refused: [
    'The address is not one that an administrator allowed',
    'Add the server under exactly that host and port',
  ],
  unavailable: ['The hub is stopping, or has too much waiting', 'Try again shortly'],
  upstream_timeout: [
    'The server began no answer, or went silent, for `limits.upstreamTimeoutMs`',
    'Look at the server, or raise the limit',
  ],
  storage_full: [
    'The disk takes no writes; nothing was changed, and calls go on',
    'Free some space; writing begins again by itself',
  ],
}
