import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where an app on this computer is called back: a listener of its own on a loopback port. */
export interface CallbackListener extends Disposable {
  readonly redirectUri: string
  /** What it was called with, in order. */
  readonly answers: URL[]
}

export async function listenForCallback(): Promise<CallbackListener> {
  const answers: URL[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url!, redirectUri)
    if (url.pathname === '/callback') answers.push(url)
    // The icon is named so that the browser does not ask for one, perhaps when nobody listens any more.
    response.setHeader('content-type', 'text/html')
    response.end('<link rel="icon" href="data:,">Back in the app.')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
  return {
    redirectUri,
    answers,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}
