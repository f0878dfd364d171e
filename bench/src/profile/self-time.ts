/** As much of V8's .cpuprofile as is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const KERNEL_WRITES = new Set([
  'writev',
  'writeBuffer',
  'writeLatin1String',
  'writeUtf8String',
  'writeAsciiString',
])
const KINDS: readonly [RegExp, string][] = [
  [/^wasm:/, 'undici: HTTP parser (wasm)'],
  [/node_modules\/undici\//, 'undici: JavaScript'],
  [/^node:_http/, 'node:http'],
  [/^node:(internal\/streams|stream|events|internal\/events)/, 'node: streams and events'],
  [/^node:(net|internal\/stream_base)/, 'node:net'],
  [/^node:/, 'node: other'],
]

/** Self time in µs by part of the program, idle time left out. */
export function selfTimeByPart(profile: CpuProfile): Map<string, number> {
  const parts = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, partOf(callFrame.functionName, callFrame.url)]),
  )
  const times = new Map<string, number>()
  profile.samples.forEach((id, i) => {
    const part = parts.get(id)
    if (part !== undefined) times.set(part, (times.get(part) ?? 0) + profile.timeDeltas[i]!)
  })
  return times
}

function partOf(functionName: string, url: string): string | undefined {
  if (functionName === '(idle)') return undefined
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)' || functionName === '(root)')
    return 'native: kernel reads, epoll, HTTP parser'
  if (url === '') return KERNEL_WRITES.has(functionName) ? 'kernel writes' : 'native: other functions'
  const room =
    url.match(/packages\/server\/src\/([\w-]+)/)?.[1] ?? url.match(/packages\/server\/dist\/([\w-]+)/)?.[1]
  if (room !== undefined) return `Parley: ${room}`
  const kind = KINDS.find(([pattern]) => pattern.test(url))
  if (kind !== undefined) return kind[1]
  return `other: ${url.match(/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)/)?.[1] ?? url.split('/').at(-1)}`
}
