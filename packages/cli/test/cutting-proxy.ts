import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string
  /** How many requests came. */
  readonly requests: () => number
  /** Breaks every connection that there is, and takes none for a while, as a network does. */
  cut(forMs: number): Promise<void>
}

/** Stands between a client and a hub that never hears of it. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  let requests = 0
  const server = createServer((req, res) => {
    requests++
    const headers = { ...req.headers, host: new URL(target).host }
    const onward = request(new URL(req.url!, target), { method: req.method!, headers }, (answer) => {
      res.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(res)
    })
    onward.on('error', () => res.destroy())
    res.on('close', () => onward.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    async cut(forMs) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await wait(forMs)
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
