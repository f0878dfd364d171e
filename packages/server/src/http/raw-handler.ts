import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Answers one request. `path` is the target without its query; it begins with `/` and holds no dot segments. The
 * request's Host, Origin and framing have been checked, nothing else: who calls is for the handler to find out.
 */
export type RawHandler = (request: IncomingMessage, response: ServerResponse, path: string) => void
