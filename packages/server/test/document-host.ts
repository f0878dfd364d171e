import { onTestFinished } from 'vitest'
import { openHttpsHost, type HttpsHost } from './https-host.ts'

export type DocumentHost = HttpsHost

/** An https host that is there as long as the test. */
export async function startDocumentHost(): Promise<DocumentHost> {
  const host = await openHttpsHost()
  onTestFinished(() => host[Symbol.asyncDispose]())
  return host
}
