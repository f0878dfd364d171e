import { attackBehaviours } from './attacks.ts'
import type { Behaviour, Exchange } from './exchange.ts'
import { numberArgument, textArgument, textResult, waitIn } from './exchange.ts'
import type { Json } from './evil-state.ts'
import { countSeen } from './evil-state.ts'
import { wireBehaviours } from './wire-faults.ts'

/** Every scripted tool by name. The well-behaved ones are here; the rest come from the two files of faults. */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  echo: (exchange) => exchange.result(textResult(exchange, JSON.stringify(exchange.args))),
  echo_raw: (exchange) => exchange.result(textResult(exchange, exchange.raw)),
  echo_headers: (exchange) =>
    exchange.result(
      textResult(
        exchange,
        exchange.wire.kind === 'http' ? JSON.stringify(exchange.wire.request.rawHeaders) : '[]',
      ),
    ),
  count: (exchange) =>
    exchange.result(textResult(exchange, String(countSeen(exchange.state, 'tools/call', 'count')))),
  slow: replySlowly,
  hang: async (exchange) => void (await waitIn(exchange, 600_000)),
  late: replyAfterCancel,
  stream: streamProgress,
  header_tool: (exchange) => exchange.result(textResult(exchange, JSON.stringify(exchange.args))),
  ...wireBehaviours,
  ...attackBehaviours,
}

async function replySlowly(exchange: Exchange): Promise<void> {
  if (await waitIn(exchange, numberArgument(exchange, 'milliseconds', 1000))) {
    exchange.result(textResult(exchange, 'slow but done'))
  }
}

/** Answers although it was cancelled: what arrives then must reach nobody. */
async function replyAfterCancel(exchange: Exchange): Promise<void> {
  await waitIn(exchange, numberArgument(exchange, 'milliseconds', 5000))
  await new Promise((resolve) => setTimeout(resolve, 50))
  exchange.result(textResult(exchange, 'late answer'))
}

/** `events` progress notifications, `bytes` long, `intervalMs` apart, then the result. Endless when events is 0. */
async function streamProgress(exchange: Exchange): Promise<void> {
  const events = numberArgument(exchange, 'events', 10)
  const intervalMs = numberArgument(exchange, 'intervalMs', 10)
  const filler = 'x'.repeat(numberArgument(exchange, 'bytes', 10))
  const token = progressToken(exchange)
  for (let sent = 0; events === 0 || sent < events; sent += 1) {
    exchange.notify('notifications/progress', { progressToken: token, progress: sent + 1, message: filler })
    if (intervalMs > 0 || sent % 16 === 15) {
      if (!(await waitIn(exchange, intervalMs))) return
    }
    // What the other side does not take must not fill this process.
    while (unsentBytes(exchange) > 1_000_000) if (!(await waitIn(exchange, 5))) return
    if (exchange.signal.aborted) return
  }
  exchange.result(textResult(exchange, textArgument(exchange, 'text', 'streamed')))
}

function unsentBytes({ wire }: Exchange): number {
  return wire.kind === 'http' ? wire.response.writableLength : process.stdout.writableLength
}

function progressToken(exchange: Exchange): unknown {
  const meta = exchange.params['_meta'] as Json | undefined
  return meta?.['progressToken'] ?? 'none'
}
