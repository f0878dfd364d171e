import type { TaskStatus } from '@parley/sdk/agent'
import { isObject } from '../read-response.ts'

/** Where the person allows what a task waits for: a page of the hub itself, whatever an agent says. */
export function readConsentUrl({ message }: TaskStatus, origin: string): string | undefined {
  for (const { data } of message?.parts ?? []) {
    const url = isObject(data) ? data['consentUrl'] : undefined
    if (typeof url === 'string' && URL.parse(url)?.origin === origin) return url
  }
  return undefined
}
