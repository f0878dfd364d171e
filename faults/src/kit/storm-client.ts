import { connect, type Socket } from 'node:net'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface Storm {
  readonly port: number
  /** Each from an address of its own, as a whole HTTP/1.1 request that asks to close. */
  readonly requests: readonly string[]
}

export interface StormAnswer {
  readonly status: number
  readonly hasRetryAfter: boolean
  /** From the moment that the first of all requests was sent. */
  readonly ms: number
}

if (process.argv[2] === '--storm') await run()

/** Sends all requests at the same moment, from a process of its own: nothing else takes its time. */
export async function sendStorm(storm: Storm): Promise<StormAnswer[]> {
  const child = spawn(process.execPath, [import.meta.filename, '--storm'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify(storm))
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`the storm ended with ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as StormAnswer[]
}

async function run(): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  const { port, requests } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Storm
  const sockets = await Promise.all(requests.map((_, at) => open(port, addressOf(at))))
  const started = performance.now()
  const answers = await Promise.all(sockets.map((socket, at) => exchange(socket, requests[at]!, started)))
  process.stdout.write(JSON.stringify(answers))
}

function addressOf(at: number): string {
  return `127.9.${Math.floor(at / 250)}.${(at % 250) + 1}`
}

async function open(port: number, localAddress: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  await once(socket, 'connect')
  return socket
}

function exchange(socket: Socket, request: string, startedMs: number): Promise<StormAnswer> {
  return new Promise((resolve, reject) => {
    let head = ''
    let ms = 0
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => {
      ms ||= performance.now() - startedMs
      head += chunk.toString('latin1')
    })
    socket.on('close', () =>
      resolve({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
        hasRetryAfter: /\r\nretry-after: [1-9]/i.test(head),
        ms,
      }),
    )
    socket.write(request)
  })
}
