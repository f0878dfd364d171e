/** As much of V8's .cpuprofile as is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  /** µs of the machine's monotonic clock. */
  readonly startTime: number
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
  [/^wasm:/, 'WebAssembly: the strict scan; in the plain proxy undici’s parser'],
  [/node_modules\/undici\//, 'undici: JavaScript'],
  [/^node:_http/, 'node:http'],
  [/^node:(internal\/streams|stream|events|internal\/events)/, 'node: streams and events'],
  [/^node:(net|internal\/stream_base)/, 'node:net'],
  [/^node:/, 'node: other'],
]

/** From and to, in µs of the machine's monotonic clock. */
export type Span = readonly [number, number]

/** Self time in µs by part of the program, idle time left out. */
export function selfTimeByPart(profile: CpuProfile, span: Span): Map<string, number> {
  return selfTime(profile, span, partOf)
}

/** Self time in µs by function and file, idle time left out. */
export function selfTimeByFunction(profile: CpuProfile, span: Span): Map<string, number> {
  return selfTime(profile, span, (functionName, url) => {
    if (functionName === '(idle)') return undefined
    return `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}`.trim()
  })
}

function selfTime(
  profile: CpuProfile,
  span: Span,
  keyOf: (functionName: string, url: string) => string | undefined,
): Map<string, number> {
  const keys = new Map<number, string | undefined>()
  for (const { id, callFrame } of profile.nodes) keys.set(id, keyOf(callFrame.functionName, callFrame.url))
  const times = new Map<string, number>()
  let at = profile.startTime
  profile.samples.forEach((id, i) => {
    at += profile.timeDeltas[i]!
    const key = keys.get(id)
    if (key !== undefined && at >= span[0] && at <= span[1])
      times.set(key, (times.get(key) ?? 0) + profile.timeDeltas[i]!)
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
