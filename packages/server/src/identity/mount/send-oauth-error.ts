import type { ServerResponse } from 'node:http'
import { sendJson } from '../../http/index.ts'

/** Answers with an OAuth error (RFC 6749 §5.2). */
export function sendOAuthError(
  response: ServerResponse,
  status: number,
  error: { readonly error: string; readonly error_description: string },
  headers: readonly string[] = [],
): void {
  sendJson(response, status, JSON.stringify(error), headers)
}
