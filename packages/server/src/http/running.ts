import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Principal } from '@parley/contract'

/** The last request that came over a connection, and those before it that may still run. */
interface Latest {
  principal: Principal
  res: ServerResponse
  /** Only a client that does not wait for its answers has any. */
  earlier: Request[]
}

type Request = Pick<Latest, 'principal' | 'res'>

const NONE: Request[] = []

/**
 * Who has requests under way, streams included, so that they end when their caller is cut off.
 *
 * NOTE: on the lane. A request writes two fields of its connection's entry. It is no member of a set: every set that is
 * entered and left per request grows a new table now and then, and the old one, dead but in old space, carries all
 * that it held there until the next full collection. That cost 10 µs a call and 100 MB.
 */
export class Running {
  readonly #byConnection = new Map<Socket, Latest>()

  enter(principal: Principal, { socket }: IncomingMessage, res: ServerResponse): void {
    const latest = this.#byConnection.get(socket)
    if (!latest) return this.#add(socket, { principal, res, earlier: NONE })
    if (!latest.res.writableFinished || latest.earlier.length > 0) keepEarlier(latest)
    latest.principal = principal
    latest.res = res
  }

  /** Breaks off what runs for the callers that are meant: what they had begun at servers is cancelled with it. */
  cut(isMeant: (principal: Principal) => boolean): void {
    for (const { principal, res, earlier } of this.#byConnection.values()) {
      for (const request of [...earlier, { principal, res }]) {
        if (!request.res.writableFinished && isMeant(request.principal)) request.res.destroy()
      }
    }
  }

  #add(socket: Socket, latest: Latest): void {
    this.#byConnection.set(socket, latest)
    socket.once('close', () => this.#byConnection.delete(socket))
  }
}

function keepEarlier(latest: Latest): void {
  const { principal, res } = latest
  latest.earlier = [...latest.earlier, { principal, res }].filter((request) => !request.res.writableFinished)
}
